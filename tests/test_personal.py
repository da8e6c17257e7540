"""What the market holds of a person: given to them when they ask, erased when they leave."""

from datetime import UTC, datetime

from app.models import Role
from app.models.base import Base
from app.partners.personal.held import SECRETS, held
from tests.catalogue import create
from tests.feed import latest
from tests.meetings import ask, execute
from tests.world import PASSWORD, Caller, World


async def test_the_export_has_everything_that_leads_to_its_person(
    world: World, seller: Caller, buyer: Caller
) -> None:
    title, request = await create(seller), await ask(seller, buyer)
    colleague = await world.person(seller.organisation_id)
    answer = await seller.get("/me/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="filmmart-me.json"'
    export = answer.json()
    (account,) = export["people"]
    assert (account["email"], str(account["id"])) == (seller.email, seller.person_id)
    assert [row["id"] for row in export["meeting_requests"]] == [int(request["id"])]
    told = {str(row["subject_id"]) for row in export["events"]}
    assert {title["id"], request["id"]} <= told
    assert colleague.email not in answer.text
    assert all(secret not in row for rows in export.values() for row in rows for secret in SECRETS)
    assert "argon2" not in answer.text


def test_every_table_that_leads_to_people_is_in_the_export() -> None:
    named = {one.table.name for one in held()}
    leading = {
        table.name
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name == "person_id"
        or any(k.column.table.name == "people" for k in column.foreign_keys)
    }
    assert leading - named == set()


async def test_who_leaves_is_a_number(world: World, seller: Caller, buyer: Caller) -> None:
    leaver = await world.person(seller.organisation_id, role=Role.ADMIN)
    title = await create(leaver)
    request = await ask(leaver, buyer)
    assert (await leaver.post("/agenda/calendar-feeds", {"name": "Mine"})).status_code == 201
    follower = await latest(seller)
    assert (await leaver.delete("/me")).status_code == 204
    assert (await leaver.get("/me")).status_code == 401
    form = {"username": leaver.email, "password": PASSWORD}
    assert (await world.anonymous.post("/oauth/token", data=form)).status_code == 400
    (row,) = await execute(
        world,
        "SELECT name, email, password_hash, removed_at FROM people WHERE id = :id",
        id=int(leaver.person_id),
    )
    assert row[:3] == ("Somebody who left", f"{leaver.person_id}@left.invalid", "")
    assert row[3] <= datetime.now(UTC)
    assert (
        await execute(world, "SELECT FROM sessions WHERE person_id = :id", id=int(leaver.person_id))
        == []
    )
    # What they did stays, and is nobody's by name.
    asked = (await buyer.get(f"/meeting-requests/{request['id']}")).json()
    assert leaver.email not in str(asked)
    trail = (await seller.get("/audit", params={"person_id": leaver.person_id})).json()["items"]
    assert title["id"] in {entry["subject_id"] for entry in trail}
    assert [fact["type"] for fact in await follower.follow()] == ["person.erased"]
    # Their address is free again.
    body = {
        "name": "Newcomers",
        "country": "KZ",
        "person": {"email": leaver.email, "name": "New", "password": PASSWORD},
    }
    assert (await world.anonymous.post("/organisations", body)).status_code == 201


async def test_the_last_admin_does_not_leave(world: World, seller: Caller) -> None:
    await world.person(seller.organisation_id)
    refused = await seller.delete("/me")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    refused = await seller.delete("/me", headers={"If-Match": '"999"'})
    assert refused.status_code == 412
