"""Webhook endpoints: made, changed, their secrets shown and rotated, by a company's admins."""

import pytest

from app.models import Role
from app.partners.webhooks.endpoints import MAX_ENDPOINTS
from app.security import Signer
from tests.meetings import events_of, execute
from tests.webhooks import ENDPOINTS, endpoint, shown
from tests.world import Caller, World

URL = "https://partner.example/hooks"


@pytest.fixture
async def partner(world: World) -> Caller:
    return await world.company()


async def test_an_endpoint_is_created_read_changed_and_deleted(
    world: World, partner: Caller
) -> None:
    wanted = {"url": URL, "description": "Ours", "event_types": ["title.*", "title.*", "a.b"]}
    answer = await partner.post(ENDPOINTS, wanted)
    assert answer.status_code == 201
    made = answer.json()
    path = f"{ENDPOINTS}/{made['id']}"
    assert answer.headers["Location"] == f"/v1{path}"
    assert made.pop("secret").startswith("whsec_")
    assert made | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "url": URL,
        "description": "Ours",
        "event_types": ["title.*", "a.b"],
        "disabled_at": None,
        "disabled_reason": None,
        "failing_since": None,
        "previous_secret_expires_at": None,
        "created_at": "",
        "updated_at": "",
    }
    read = await partner.get(path)
    assert read.json() == made
    tag = {"If-None-Match": read.headers["ETag"]}
    assert (await partner.get(path, headers=tag)).status_code == 304

    patch = {"url": "https://partner.example/others", "event_types": []}
    changed = await partner.patch(path, patch, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in patch} == patch
    stale = await partner.patch(path, patch, headers={"If-Match": read.headers["ETag"]})
    assert stale.status_code == 412
    same = await partner.patch(path, patch)
    assert same.headers["ETag"] == changed.headers["ETag"]

    other = await endpoint(partner, URL)
    listed = (await partner.get(ENDPOINTS)).json()["items"]
    assert [one["id"] for one in listed] == [other["id"], made["id"]]
    page = (await partner.get(f"{ENDPOINTS}?limit=1")).json()
    rest = (await partner.get(f"{ENDPOINTS}?limit=1&cursor={page['next_cursor']}")).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [other["id"], made["id"]]

    assert (await partner.delete(path)).status_code == 204
    assert (await partner.get(path)).status_code == 404
    assert (await partner.delete(path)).status_code == 404
    assert await execute(world, "SELECT secret FROM webhook_endpoints WHERE secret = ''") == [
        (b"",)
    ]
    assert [fact.type for fact in await events_of(world, made["id"])] == [
        "webhook_endpoint.created",
        "webhook_endpoint.updated",
        "webhook_endpoint.deleted",
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"url": None},
        {"url": "http://partner.example/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://[::ffff:169.254.169.254]/"},
        {"url": "https://localhost/"},
        {"url": "https://u:p@partner.example/"},
        {"url": "https://partner.example/" + "x" * 2000},
        {"url": URL, "event_types": ["title"]},
        {"url": URL, "event_types": ["*"]},
        {"url": URL, "event_types": ["Title.x"]},
        {"url": URL, "event_types": [f"a.b{number}" for number in range(51)]},
        {"url": URL, "description": "x" * 501},
        {"url": URL, "description": "\x00"},
        {"url": URL, "secret": "whsec_mine"},
    ],
)
async def test_what_can_not_be_sent_to_is_refused(
    partner: Caller, wanted: dict[str, object]
) -> None:
    refused = await partner.post(ENDPOINTS, wanted)
    assert refused.status_code == 422, refused.text
    made = await endpoint(partner, URL)
    if wanted and "secret" not in wanted:
        patched = await partner.patch(f"{ENDPOINTS}/{made['id']}", wanted)
        assert patched.status_code == 422, patched.text
    assert len((await partner.get(ENDPOINTS)).json()["items"]) == 1


async def test_an_organisation_has_so_many_endpoints(partner: Caller) -> None:
    made = [await endpoint(partner, URL) for _ in range(MAX_ENDPOINTS)]
    refused = await partner.post(ENDPOINTS, {"url": URL})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_endpoints")
    await partner.delete(f"{ENDPOINTS}/{made[0]['id']}")
    await endpoint(partner, URL)


async def test_only_admins_have_to_do_with_endpoints(world: World, partner: Caller) -> None:
    made = await endpoint(partner, URL)
    member = await world.person(partner.organisation_id)
    path = f"{ENDPOINTS}/{made['id']}"
    for answer in (
        await member.get(ENDPOINTS),
        await member.get(path),
        await member.post(f"{path}/show-secret"),
        await member.post(ENDPOINTS, {"url": URL}),
        await member.post(f"{path}/ping"),
        await member.get(f"{path}/deliveries"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    admin = await world.person(partner.organisation_id, role=Role.ADMIN)
    assert (await admin.get(path)).status_code == 200


# Secrets --------------------------------------------------------------------------------------


async def test_a_secret_is_sealed_at_rest_and_shown_on_asking(
    world: World, partner: Caller
) -> None:
    made = await endpoint(partner, URL)
    path = f"{ENDPOINTS}/{made['id']}"
    read = await partner.post(f"{path}/show-secret")
    assert read.json() == {
        "secret": made["secret"],
        "previous_secret": None,
        "previous_secret_expires_at": None,
    }
    assert "secret" not in await shown(partner, made)
    [[sealed]] = await execute(world, "SELECT secret FROM webhook_endpoints")
    kept = await execute(world, "SELECT * FROM events")
    assert made["secret"][6:].encode() not in sealed
    assert made["secret"] not in repr(kept)
    assert world.app.state.signer.unseal(sealed).decode() == made["secret"]
    facts = [fact.type for fact in await events_of(world, made["id"])]
    assert facts == ["webhook_endpoint.created", "webhook_endpoint.secret_shown"]


async def test_a_secret_is_rotated_with_overlap(world: World, partner: Caller) -> None:
    made = await endpoint(partner, URL)
    path = f"{ENDPOINTS}/{made['id']}"
    rotated = (await partner.post(f"{path}/rotate-secret", {"overlap_hours": 2})).json()
    assert rotated["previous_secret"] == made["secret"]
    assert rotated["secret"] not in {made["secret"], None}
    assert (await partner.post(f"{path}/show-secret")).json() == rotated
    found = await shown(partner, made)
    assert found["previous_secret_expires_at"] == rotated["previous_secret_expires_at"]

    again = (await partner.post(f"{path}/rotate-secret")).json()
    assert again["previous_secret"] == rotated["secret"]
    past = "UPDATE webhook_endpoints SET previous_secret_expires_at = now()"
    await execute(world, past)
    over = (await partner.post(f"{path}/show-secret")).json()
    assert over == {
        "secret": again["secret"],
        "previous_secret": None,
        "previous_secret_expires_at": None,
    }
    at_once = (await partner.post(f"{path}/rotate-secret", {"overlap_hours": 0})).json()
    assert at_once["previous_secret"] is None
    for hours in (-1, 169, "2", None):
        refused = await partner.post(f"{path}/rotate-secret", {"overlap_hours": hours})
        assert refused.status_code == 422


async def test_a_secret_of_another_key_is_rotated(world: World, partner: Caller) -> None:
    made = await endpoint(partner, URL)
    path = f"{ENDPOINTS}/{made['id']}"
    signer: Signer = world.app.state.signer
    foreign = Signer("another key, also long enough to seal", signer.lifetime).seal(b"whsec_eA==")
    await execute(world, "UPDATE webhook_endpoints SET secret = :secret", secret=foreign)
    lost = await partner.post(f"{path}/show-secret")
    assert (lost.status_code, lost.json()["code"]) == (409, "secret_lost")
    rotated = (await partner.post(f"{path}/rotate-secret")).json()
    assert rotated["previous_secret"] is None
    assert (await partner.post(f"{path}/show-secret")).json()["secret"] == rotated["secret"]


async def test_disabling_and_enabling_twice_is_doing_it_once(world: World, partner: Caller) -> None:
    made = await endpoint(partner, URL)
    path = f"{ENDPOINTS}/{made['id']}"
    assert (await partner.post(f"{path}/enable")).json()["disabled_at"] is None
    disabled = (await partner.post(f"{path}/disable")).json()
    assert disabled["disabled_reason"] == "requested"
    assert (await partner.post(f"{path}/disable")).json() == disabled
    for action, body in (("ping", None), ("replay", {"since": "2026-11-21T00:00:00Z"})):
        refused = await partner.post(f"{path}/{action}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    enabled = (await partner.post(f"{path}/enable")).json()
    assert (enabled["disabled_at"], enabled["disabled_reason"]) == (None, None)
    facts = [fact.type.partition(".")[2] for fact in await events_of(world, made["id"])]
    assert facts == ["created", "disabled", "enabled"]
