"""Accreditation: who attends, registered by their company or by the organisers."""

import asyncio

from app.models import Role, Standing
from tests.manners import pointers, refused
from tests.markets import DAYS, Json, accredited, draft, hours, opened
from tests.meetings import events_of
from tests.world import Caller, World


def wanted(person: Caller, **more: object) -> Json:
    return {"person_id": person.person_id, "role": "seller", **more}


async def test_a_company_registers_its_people_while_the_market_is_open(
    world: World, organiser: Caller, seller: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    colleague = await world.person(seller.organisation_id)
    path = f"/markets/{market_id}/accreditations"
    answer = await seller.post(path, wanted(colleague, days=[DAYS[2], DAYS[0], DAYS[2]]))
    found = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/accreditations/{found['id']}"
    assert found["person"]["id"] == colleague.person_id
    assert found["organisation"]["id"] == seller.organisation_id
    assert (found["role"], found["attendance"]) == ("seller", "in_person")
    assert found["days"] == [DAYS[0], DAYS[2]]
    assert found["revoked_at"] is None

    address = f"/accreditations/{found['id']}"
    tag = answer.headers["ETag"]
    read = await colleague.get(address)
    assert (read.json(), read.headers["ETag"]) == (found, tag)
    assert (await colleague.get(address, headers={"If-None-Match": tag})).status_code == 304
    patch = {"attendance": "online", "days": []}
    changed = await seller.patch(address, patch, headers={"If-Match": tag})
    assert (changed.json()["attendance"], changed.json()["days"]) == ("online", [])
    same = await seller.patch(address, patch)
    assert same.headers["ETag"] == changed.headers["ETag"]
    stale = await seller.patch(address, {"days": []}, headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")

    await organiser.post(f"/markets/{market_id}/close")
    refused(await seller.post(path, wanted(seller)), 409, "market_not_open")
    refused(await seller.patch(address, {"days": [DAYS[0]]}), 409, "market_not_open")
    refused(await seller.post(f"{address}/revoke"), 409, "market_not_open")
    assert (await organiser.patch(address, {"days": [DAYS[0]]})).status_code == 200
    facts = await events_of(world, found["id"])
    assert [fact.type for fact in facts] == [
        "accreditation.created",
        *["accreditation.updated"] * 2,
    ]
    assert set(facts[-1].organisation_ids) == {
        int(seller.organisation_id),
        int(organiser.organisation_id),
    }


async def test_only_admins_speak_for_their_company(
    world: World, organiser: Caller, seller: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    member = await world.person(seller.organisation_id, role=Role.MEMBER)
    path = f"/markets/{market_id}/accreditations"
    refused(await member.post(path, wanted(member)), 403, "not_an_admin")
    own = await accredited(seller, market_id, member)
    refused(await member.patch(f"/accreditations/{own['id']}", {}), 403, "not_an_admin")
    refused(await member.post(f"/accreditations/{own['id']}/revoke"), 403, "not_an_admin")


async def test_somebody_is_registered_once(organiser: Caller, seller: Caller, world: World) -> None:
    market_id = (await opened(organiser))["id"]
    path = f"/markets/{market_id}/accreditations"
    answers = await asyncio.gather(*(seller.post(path, wanted(seller)) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    (made,) = (answer.json() for answer in answers if answer.status_code == 201)
    again = refused(await organiser.post(path, wanted(seller)), 409, "already_accredited")
    assert again["accreditation_id"] == made["id"]
    await accredited(seller, (await opened(organiser))["id"], seller)
    await accredited(seller, market_id, await world.person(seller.organisation_id))


async def test_a_role_is_what_the_company_is_or_what_the_organisers_give(
    organiser: Caller, seller: Caller, buyer: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    path = f"/markets/{market_id}/accreditations"
    for by in (seller, organiser):
        answer = await by.post(path, wanted(seller, role="buyer"))
        assert pointers(refused(answer, 422, "no_profile")) == ["/role"]
    answer = await seller.post(path, wanted(seller, role="press"))
    assert pointers(refused(answer, 422, "role_not_yours")) == ["/role"]
    guest = await accredited(organiser, market_id, seller, "guest")
    address = f"/accreditations/{guest['id']}"
    # Their company may change the rest of it.
    assert (await seller.patch(address, {"attendance": "online"})).json()["role"] == "guest"
    refused(await seller.patch(address, {"role": "staff"}), 422, "role_not_yours")
    assert (await seller.patch(address, {"role": "seller"})).json()["role"] == "seller"
    await accredited(organiser, market_id, organiser, "staff")
    assert (await accredited(buyer, market_id, buyer, "buyer"))["role"] == "buyer"


async def test_nobody_is_registered_who_is_not_there(
    world: World, organiser: Caller, seller: Caller, buyer: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    path = f"/markets/{market_id}/accreditations"
    pending = await world.company(standing=Standing.PENDING, sells=True)
    gone = await world.person(seller.organisation_id)
    await seller.delete(f"/organisations/{seller.organisation_id}/people/{gone.person_id}")
    nobody = Caller(world.http, person_id="404")
    for by, person in (
        (seller, buyer),
        (seller, gone),
        (seller, nobody),
        (organiser, pending),
        (organiser, gone),
        (organiser, nobody),
    ):
        answer = await by.post(path, wanted(person))
        assert pointers(refused(answer, 422, "invalid")) == ["/person_id"]


async def test_days_are_of_the_market(organiser: Caller, seller: Caller) -> None:
    market_id = (await opened(organiser))["id"]
    path = f"/markets/{market_id}/accreditations"
    for days, pointer in (
        ([DAYS[0], "2027-06-18"], "/days"),
        (["2027-06-13"], "/days"),
        (["9999-12-31"], "/days/0"),
        ([DAYS[0]] * 32, "/days"),
        (None, "/days"),
    ):
        answer = await seller.post(path, wanted(seller, days=days))
        assert pointers(refused(answer, 422, "invalid")) == [pointer], days
    own = await accredited(seller, market_id, seller)
    answer = await seller.patch(f"/accreditations/{own['id']}", {"days": ["2027-06-18"]})
    assert pointers(refused(answer, 422, "invalid")) == ["/days"]


async def test_what_a_company_revokes_it_restores_and_what_organisers_revoke_they_alone(
    world: World, organiser: Caller, seller: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    own = await accredited(seller, market_id, seller)
    address = f"/accreditations/{own['id']}"

    for _ in range(2):
        revoked = (await seller.post(f"{address}/revoke")).json()
        assert revoked["revoked_at"] is not None
    refused(await seller.patch(address, {"days": []}), 409, "accreditation_revoked")
    path = f"/markets/{market_id}/accreditations"
    refused(await seller.post(path, wanted(seller)), 409, "already_accredited")
    for _ in range(2):
        assert (await seller.post(f"{address}/restore")).json()["revoked_at"] is None

    await organiser.post(f"{address}/revoke")
    refused(await seller.post(f"{address}/restore"), 403, "revoked_by_organisers")
    assert (await organiser.post(f"{address}/restore")).json()["revoked_at"] is None
    assert [fact.type for fact in await events_of(world, own["id"])] == [
        "accreditation.created",
        *["accreditation.revoked", "accreditation.restored"] * 2,
    ]


async def test_a_company_sees_its_own_people_and_organisers_everybody(
    world: World, organiser: Caller, seller: Caller, buyer: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    path = f"/markets/{market_id}/accreditations"
    colleague = await world.person(seller.organisation_id)
    mine = [(await accredited(seller, market_id, person))["id"] for person in (seller, colleague)]
    other = (await accredited(buyer, market_id, buyer, "buyer"))["id"]
    await accredited(seller, (await opened(organiser))["id"], seller)
    await seller.post(f"/accreditations/{mine[0]}/revoke")

    async def listed(caller: Caller, query: str = "") -> list[str]:
        return [row["id"] for row in (await caller.get(f"{path}?{query}")).json()["items"]]

    assert await listed(seller) == [mine[1], mine[0]]
    assert await listed(buyer) == [other]
    assert await listed(organiser) == [other, mine[1], mine[0]]
    assert await listed(organiser, "limit=1") == [other]
    assert await listed(organiser, "role=seller&revoked=false") == [mine[1]]
    assert await listed(organiser, "revoked=true") == [mine[0]]
    assert await listed(organiser, f"organisation_id={buyer.organisation_id}") == [other]
    assert await listed(buyer, f"organisation_id={seller.organisation_id}") == []
    refused(await buyer.get(f"/accreditations/{mine[0]}"), 404, "not_found")
    refused(await buyer.patch(f"/accreditations/{mine[0]}", {}), 404, "not_found")


async def test_organisers_register_before_the_market_opens_and_companies_see_nothing_of_it(
    organiser: Caller, seller: Caller
) -> None:
    market_id = (await draft(organiser))["id"]
    early = await accredited(organiser, market_id, seller)
    refused(await seller.get(f"/accreditations/{early['id']}"), 404, "not_found")
    refused(await seller.post(f"/accreditations/{early['id']}/revoke"), 404, "not_found")
    await organiser.post(f"/markets/{market_id}/open")
    assert (await seller.get(f"/accreditations/{early['id']}")).status_code == 200


async def test_days_registered_while_the_dates_change_never_hang(
    world: World, organiser: Caller, seller: Caller
) -> None:
    market_id = (await opened(organiser))["id"]
    await organiser.put(f"/markets/{market_id}/hours", hours(DAYS[0]))
    people = [await world.person(seller.organisation_id) for _ in range(8)]
    path = f"/markets/{market_id}/accreditations"
    registered = [seller.post(path, wanted(person, days=[DAYS[3]])) for person in people]
    moved = [
        organiser.patch(f"/markets/{market_id}", {"ends_on": DAYS[number % 4]})
        for number in range(8)
    ]
    answers = await asyncio.gather(
        *(each for pair in zip(registered, moved, strict=True) for each in pair)
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409, 422}
    pool = world.app.state.database.reads.pool
    hanging = await pool.fetchval(
        "SELECT count(*) FROM accreditations a JOIN markets m ON m.id = a.market_id "
        "CROSS JOIN unnest(a.days) AS day WHERE day NOT BETWEEN m.starts_on AND m.ends_on"
    )
    assert hanging == 0
