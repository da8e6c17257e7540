"""Companies come to the market, and people sign in."""

from datetime import timedelta

import pytest

from app.main import create_app
from app.models import Role, Standing
from app.settings import Settings
from tests.servers import S3Settings, make_settings
from tests.world import PASSWORD, Caller, World, world_of

SIGN_UP = {
    "name": "Kazakhfilm Sales",
    "country": "KZ",
    "website": "https://kazakhfilm.example",
    "person": {
        "email": "Aigerim@Kazakhfilm.example",
        "name": "Aigerim Omarova",
        "password": PASSWORD,
        "time_zone": "Asia/Almaty",
        "language": "KK",
    },
}


async def sign_in(world: World, email: str, password: str = PASSWORD) -> Caller:
    answer = await world.anonymous.post(
        "/oauth/token", data={"username": email, "password": password}
    )
    assert answer.status_code == 200, answer.text
    return Caller(world.http, answer.json()["access_token"], email=email)


async def test_a_company_signs_up_and_waits_until_an_organiser_approves_it(
    world: World, organiser: Caller
) -> None:
    answer = await world.anonymous.post("/organisations", SIGN_UP)
    assert answer.status_code == 201
    organisation, person = answer.json()["organisation"], answer.json()["person"]
    assert organisation["standing"] == "pending"
    assert organisation["website"] == "https://kazakhfilm.example/"
    assert person["email"] == "aigerim@kazakhfilm.example"
    assert person["language"] == "kk"
    assert answer.headers["Location"] == f"/v1/organisations/{organisation['id']}"

    aigerim = await sign_in(world, "AIGERIM@kazakhfilm.example")
    own = f"/organisations/{organisation['id']}"
    assert (await aigerim.get(own)).json() == organisation
    listed = (await aigerim.get("/organisations")).json()
    assert [row["id"] for row in listed["items"]] == [organisation["id"]]

    approved = await organiser.post(f"{own}/approve")
    assert approved.json()["standing"] == "approved"
    assert (await aigerim.get("/me")).json()["organisation"]["standing"] == "approved"
    assert len((await aigerim.get("/organisations")).json()["items"]) == 2


async def test_nobody_signs_up_with_an_address_that_is_taken(world: World) -> None:
    assert (await world.anonymous.post("/organisations", SIGN_UP)).status_code == 201
    again = await world.anonymous.post("/organisations", SIGN_UP)
    assert again.status_code == 409
    assert again.json()["code"] == "email_taken"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"country": "XX"}, "/country"),
        ({"country": "kz"}, "/country"),
        ({"name": "   "}, "/name"),
        ({"name": "a\x00b"}, ""),
        ({"website": "javascript:alert(1)"}, "/website"),
        ({"person": {**SIGN_UP["person"], "time_zone": "Mars/Olympus"}}, "/person/time_zone"),  # type: ignore[dict-item]
        ({"person": {**SIGN_UP["person"], "email": "nobody"}}, "/person/email"),  # type: ignore[dict-item]
        ({"person": {**SIGN_UP["person"], "password": "short"}}, "/person/password"),  # type: ignore[dict-item]
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_a_sign_up_that_says_something_impossible_is_told_where(
    world: World, change: dict[str, object], pointer: str
) -> None:
    answer = await world.anonymous.post("/organisations", {**SIGN_UP, **change})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_wrong_password_and_an_unknown_account_look_alike(
    world: World, seller: Caller
) -> None:
    wrong = await world.anonymous.post(
        "/oauth/token", data={"username": seller.email, "password": "not the password"}
    )
    unknown = await world.anonymous.post(
        "/oauth/token", data={"username": "nobody@nowhere.example", "password": PASSWORD}
    )
    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json()["error"] == "invalid_grant"
    alike = ("code", "detail", "error", "error_description")
    assert [wrong.json()[name] for name in alike] == [unknown.json()[name] for name in alike]


@pytest.mark.parametrize("form", [{}, {"grant_type": "refresh_token"}, {"grant_type": "magic"}])
async def test_a_token_request_must_say_with_what(world: World, form: dict[str, str]) -> None:
    answer = await world.anonymous.post("/oauth/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}


async def test_wrong_passwords_are_throttled_for_the_account(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, login_failures_per_account=3)
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        form = {"username": seller.email, "password": "wrong"}
        for _ in range(3):
            assert (await world.anonymous.post("/oauth/token", data=form)).status_code == 400
        throttled = await world.anonymous.post("/oauth/token", data={**form, "password": PASSWORD})
        assert throttled.status_code == 429
        assert throttled.json()["code"] == "too_many_sign_ins"
        assert int(throttled.headers["Retry-After"]) > 0


async def test_a_right_password_is_not_counted(database_url: str, s3_settings: S3Settings) -> None:
    settings = make_settings(database_url, s3_settings, login_failures_per_account=1)
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        for _ in range(3):
            await sign_in(world, seller.email)


async def test_a_refresh_token_is_good_once_and_a_copy_ends_the_session(
    world: World, seller: Caller
) -> None:
    form = {"username": seller.email, "password": PASSWORD}
    first = (await world.anonymous.post("/oauth/token", data=form)).json()
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await world.anonymous.post("/oauth/token", data=renewal)
    assert second.status_code == 200
    newer = Caller(world.http, second.json()["access_token"])
    assert (await newer.get("/me")).status_code == 200

    stolen = await world.anonymous.post("/oauth/token", data=renewal)
    assert stolen.status_code == 400
    renewal["refresh_token"] = second.json()["refresh_token"]
    assert (await world.anonymous.post("/oauth/token", data=renewal)).status_code == 400


async def test_signing_out_ends_the_session_within_the_cache_s_lifetime(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, actor_cache_lifetime=timedelta(0))
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        assert (await seller.get("/me")).status_code == 200
        answer = await world.anonymous.post("/oauth/revoke", data={"token": seller.token})
        assert answer.status_code == 200
        gone = await seller.get("/me")
        assert gone.status_code == 401
        assert gone.json()["code"] == "invalid_token"
        assert gone.headers["WWW-Authenticate"].startswith("Bearer")
        unknown = await world.anonymous.post("/oauth/revoke", data={"token": "unknown"})
        assert unknown.status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_is_none_of_ours_is_refused(world: World, token: str) -> None:
    stranger = Caller(world.http)
    header = {"Authorization": f"Bearer {token}".encode()}
    answer = await stranger.get("/me", headers=header)
    assert answer.status_code == 401


async def test_suspension_bites_within_the_cache_s_lifetime(
    database_url: str, s3_settings: S3Settings
) -> None:
    settings = make_settings(database_url, s3_settings, actor_cache_lifetime=timedelta(0))
    async with world_of(create_app(settings)) as world:
        organiser, seller = await world.organiser(), await world.seller()
        own = f"/organisations/{seller.organisation_id}"
        assert (await seller.get(own)).status_code == 200
        assert (await organiser.post(f"{own}/suspend")).json()["standing"] == "suspended"
        refused = await seller.get(own)
        assert refused.status_code == 403
        assert refused.json()["code"] == "organisation_suspended"
        assert (await seller.get("/me")).json()["organisation"]["standing"] == "suspended"


async def test_organisers_cannot_shut_themselves_out(organiser: Caller) -> None:
    own = f"/organisations/{organiser.organisation_id}/suspend"
    assert (await organiser.post(own)).json()["code"] == "own_organisation"


async def test_an_invitation_lets_one_person_in_once(world: World, seller: Caller) -> None:
    people = f"/organisations/{seller.organisation_id}/people"
    invited = await seller.post(people, {"email": "new@company.example", "role": "member"})
    assert invited.status_code == 201
    entrance = {"token": invited.json()["token"], "name": "New", "password": PASSWORD}
    joined = await world.anonymous.post("/invitations/accept", entrance)
    assert joined.status_code == 201
    assert joined.json()["organisation_id"] == seller.organisation_id
    assert (await world.anonymous.post("/invitations/accept", entrance)).status_code == 404

    newcomer = await sign_in(world, "new@company.example")
    assert (await newcomer.post(people, {"email": "x@company.example"})).status_code == 403
    assert [row["name"] for row in (await newcomer.get(people)).json()["items"]][-1] == "New"
    taken = await seller.post(people, {"email": "new@company.example"})
    assert taken.json()["code"] == "email_taken"


async def test_somebody_must_stay_to_speak_for_an_organisation(
    world: World, seller: Caller
) -> None:
    people = f"/organisations/{seller.organisation_id}/people"
    last = f"{people}/{seller.person_id}"
    assert (await seller.patch(last, {"role": "member"})).json()["code"] == "last_admin"
    assert (await seller.delete(last)).json()["code"] == "last_admin"

    colleague = await world.person(seller.organisation_id)
    promoted = await seller.patch(f"{people}/{colleague.person_id}", {"role": "admin"})
    assert promoted.json()["role"] == "admin"
    assert (await seller.delete(last)).status_code == 204
    assert len((await colleague.get(people)).json()["items"]) == 1


async def test_people_page_by_page(world: World, seller: Caller) -> None:
    for _ in range(4):
        await world.person(seller.organisation_id)
    path: str | None = f"/v1/organisations/{seller.organisation_id}/people?limit=2"
    seen: list[str] = []
    while path:
        answer = await seller.get(path)
        seen += [row["id"] for row in answer.json()["items"]]
        link = answer.headers.get("Link")
        path = link.partition(">")[0].removeprefix("<") if link else None
        assert bool(path) == (answer.json()["next_cursor"] is not None)
    assert len(seen) == len(set(seen)) == 5


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    world: World, seller: Caller
) -> None:
    elsewhere = await sign_in(world, seller.email)
    wrong = await seller.patch("/me", {"password": "another-long-password"})
    assert wrong.json()["errors"][0]["pointer"] == "/current_password"
    changed = await seller.patch(
        "/me", {"password": "another-long-password", "current_password": PASSWORD}
    )
    assert changed.status_code == 200
    await sign_in(world, seller.email, "another-long-password")
    world.app.state.actors._remembered.clear()  # noqa: SLF001  # the cache's seconds go by
    assert (await elsewhere.get("/me")).status_code == 401
    assert (await seller.get("/me")).status_code == 200


async def test_an_edit_of_what_was_changed_meanwhile_is_refused(seller: Caller) -> None:
    read = await seller.get("/me")
    etag = read.headers["ETag"]
    assert (await seller.patch("/me", {"name": "A"}, headers={"If-Match": etag})).status_code == 200
    stale = await seller.patch("/me", {"name": "B"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert (await seller.get("/me")).json()["name"] == "A"
    bad = await seller.patch("/me", {"name": "B"}, headers={"If-Match": "3"})
    assert bad.status_code == 422
    assert (await seller.patch("/me", {"name": "C"}, headers={"If-Match": "*"})).status_code == 200


async def test_an_organisation_is_changed_by_its_own_admins_alone(
    world: World, seller: Caller, buyer: Caller
) -> None:
    path = f"/organisations/{seller.organisation_id}"
    member = await world.person(seller.organisation_id, role=Role.MEMBER)
    assert (await member.patch(path, {"name": "X"})).json()["code"] == "not_an_admin"
    assert (await buyer.patch(path, {"name": "X"})).json()["code"] == "not_your_own"
    assert (await seller.patch(path, {"name": None})).status_code == 422
    changed = await seller.patch(path, {"name": "X", "website": None})
    assert changed.json()["name"] == "X"


async def test_a_pending_company_is_invisible_to_the_market(
    world: World, seller: Caller, organiser: Caller
) -> None:
    pending = await world.company(standing=Standing.PENDING)
    path = f"/organisations/{pending.organisation_id}"
    assert (await seller.get(path)).status_code == 404
    assert (await organiser.get(path)).status_code == 200
    listed = await organiser.get("/organisations", params={"standing": "pending"})
    assert [row["id"] for row in listed.json()["items"]] == [pending.organisation_id]
    assert (await seller.get(f"{path}/people")).status_code == 404


async def test_settings_refuse_what_cannot_work(settings: Settings) -> None:
    with pytest.raises(ValueError, match="secret_key"):
        Settings.model_validate({**settings.model_dump(), "secret_key": "short"})
    with pytest.raises(ValueError, match="postgresql"):
        Settings.model_validate({**settings.model_dump(), "database_url": "mysql://x"})
