"""What a company notes of a meeting: for its own people, and nobody else."""

import asyncio

from tests.manners import pointers, refused
from tests.meetings import events_of, meet, respond
from tests.world import Caller, World

OURS = {"text": "Wants the season; send the sales sheet.", "outcome": "follow_up"}
EMPTY = {
    "text": "",
    "outcome": None,
    "follow_up_on": None,
    "written_by": None,
    "written_at": None,
}


async def test_each_company_has_notes_of_its_own(
    world: World, buyer: Caller, seller: Caller, organiser: Caller
) -> None:
    request = await meet(buyer, seller, 0, 1)
    address = f"/meetings/{request['meeting']['id']}/notes"
    assert (await seller.get(address)).json() == EMPTY
    written = await seller.put(address, OURS | {"follow_up_on": "2027-06-24"})
    assert written.status_code == 200, written.text
    found = written.json()
    assert (found["text"], found["outcome"]) == (OURS["text"], "follow_up")
    assert found["follow_up_on"] == "2027-06-24"
    assert found["written_by"]["id"] == seller.person_id
    colleague = await world.person(seller.organisation_id)
    assert (await colleague.get(address)).json() == found

    assert (await buyer.get(address)).json() == EMPTY
    theirs = await buyer.put(address, {"text": "Too dear.", "outcome": "not_interested"})
    assert theirs.json()["text"] == "Too dear."
    assert (await seller.get(address)).json() == found
    for other, status, code in (
        (organiser, 403, "not_a_side"),
        (await world.seller(), 404, "not_found"),
    ):
        refused(await other.get(address), status, code)
        refused(await other.put(address, OURS), status, code)
    facts = await events_of(world, request["meeting"]["id"])
    noted = [fact.organisation_ids for fact in facts if fact.type == "meeting.noted"]
    assert noted == [[int(seller.organisation_id)], [int(buyer.organisation_id)]]


async def test_colleagues_do_not_write_over_each_other(
    world: World, buyer: Caller, seller: Caller
) -> None:
    request = await meet(buyer, seller, 0, 1)
    address = f"/meetings/{request['meeting']['id']}/notes"
    colleague = await world.person(seller.organisation_id)
    blank = (await seller.get(address)).headers["ETag"]
    answers = await asyncio.gather(
        *(one.put(address, OURS, headers={"If-Match": blank}) for one in (seller, colleague))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    tag = (await seller.get(address)).headers["ETag"]
    assert (await seller.get(address, headers={"If-None-Match": tag})).status_code == 304
    emptied = await colleague.put(address, {}, headers={"If-Match": tag})
    assert (emptied.json()["text"], emptied.json()["outcome"]) == ("", None)
    assert emptied.json()["written_by"]["id"] == colleague.person_id
    refused(await seller.put(address, OURS, headers={"If-Match": tag}), 412, "precondition_failed")


async def test_a_meeting_called_off_is_noted_too(buyer: Caller, seller: Caller) -> None:
    request = await meet(buyer, seller, 0, 1)
    await respond(buyer, request, "cancel")
    address = f"/meetings/{request['meeting']['id']}/notes"
    assert (await seller.put(address, {"text": "Called off again."})).status_code == 200


async def test_a_note_is_text_an_outcome_and_a_day(buyer: Caller, seller: Caller) -> None:
    request = await meet(buyer, seller, 0, 1)
    address = f"/meetings/{request['meeting']['id']}/notes"
    for wanted, pointer in (
        ({"text": "x" * 10_001}, "/text"),
        ({"outcome": "maybe"}, "/outcome"),
        ({"follow_up_on": "0001-01-01"}, "/follow_up_on"),
        ({"rating": 5}, "/rating"),
    ):
        assert pointers(refused(await seller.put(address, wanted), 422, "invalid")) == [pointer]
    assert (await seller.get(address)).json() == EMPTY
