"""What the tests of meetings share: titles, times to meet, and a look behind the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import text

from app.models import Kind, Stage, Title, TitleState, TitleText
from tests.world import Caller, World

Json = dict[str, Any]
OF_LIVE = {"scheduled", "held", "no_show"}
OF_CANCELLED = {"cancelled", "accepted"}
# No clock is set for the tests: what they plan is some days ahead, on the full hour.
TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


def at(hours: float) -> str:
    """Give an instant, so many hours from tomorrow's full hour."""
    return f"{TOMORROW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def period(starts: float, ends: float) -> Json:
    """Give a period as the API writes it."""
    return {"starts_at": at(starts), "ends_at": at(ends)}


async def make_title(
    world: World,
    seller: Caller,
    name: str = "Stalker",
    *,
    state: TitleState = TitleState.PUBLISHED,
    texts: dict[str, str] | None = None,
) -> str:
    """Make a title of a seller's, known by other names in other languages."""
    async with world.app.state.database.session() as session, session.begin():
        title = Title(
            seller_id=int(seller.organisation_id),
            kind=Kind.FEATURE,
            stage=Stage.COMPLETED,
            state=state,
            published_at=None if state is TitleState.DRAFT else datetime.now(UTC),
            original_title=name,
        )
        session.add(title)
        await session.flush()
        for language, translated in (texts or {}).items():
            session.add(TitleText(title_id=title.id, language=language, title=translated))
    return str(title.id)


async def ask(asker: Caller, asked: Caller, **wanted: Any) -> Json:
    """Ask for a meeting, and give the request."""
    answer = await asker.post(
        "/meeting-requests", {"to_organisation_id": asked.organisation_id, **wanted}
    )
    assert answer.status_code == 201, answer.text
    request: Json = answer.json()
    return request


async def respond(
    caller: Caller, request: Json, verb: str, body: Json | None = None
) -> httpx2.Response:
    """Accept, decline or cancel."""
    return await caller.post(f"/meeting-requests/{request['id']}/{verb}", body)


async def meet(asker: Caller, asked: Caller, starts: float, ends: float, **wanted: Any) -> Json:
    """Ask and accept, and give the accepted request."""
    request = await ask(asker, asked, **wanted)
    answer = await respond(asked, request, "accept", period(starts, ends))
    assert answer.status_code == 200, answer.text
    accepted: Json = answer.json()
    return accepted


async def execute(world: World, statement: str, **values: Any) -> list[Any]:
    """Run SQL, and give what it returns."""
    async with world.app.state.database.session() as session, session.begin():
        result = await session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []


async def let_expire(world: World, request: Json) -> None:
    """Let the time of a request be over, without anybody having marked it so."""
    await execute(
        world,
        "UPDATE meeting_requests SET expires_at = now() - interval '1 second' WHERE id = :id",
        id=int(request["id"]),
    )


async def events_of(world: World, *subjects: str) -> list[Any]:
    """Give the journal's facts about subjects: type, who did it, who may know."""
    return await execute(
        world,
        "SELECT type, person_id, organisation_ids FROM events "
        "WHERE subject_id = ANY (:ids) ORDER BY id",
        ids=[int(subject) for subject in subjects],
    )


async def faults(world: World) -> list[str]:
    """Compare everything with everything: who is in two places, which meeting is half booked.

    Brute force, and no word of the code or the constraint it checks.
    """
    entries = await execute(
        world,
        "SELECT holder_id, meeting_id, lower(during), upper(during), id FROM agenda_entries",
    )
    found = [
        f"{one.holder_id} holds entries {one.id} and {other.id} at once"
        for place, one in enumerate(entries)
        for other in entries[:place]
        if one.holder_id == other.holder_id and one[2] < other[3] and other[2] < one[3]
    ]
    held: dict[int, list[tuple[Any, ...]]] = {}
    for holder_id, meeting_id, starts_at, ends_at, _ in entries:
        if meeting_id is not None:
            held.setdefault(meeting_id, []).append((holder_id, starts_at, ends_at))
    meetings = await execute(
        world,
        "SELECT m.id, m.cancelled_at, lower(m.during), upper(m.during), r.state, m.place_id, "
        "r.market_id, ARRAY(SELECT person_id FROM meeting_attendees WHERE meeting_id = m.id) "
        "FROM meetings m JOIN meeting_requests r ON r.id = m.request_id",
    )
    for id_, cancelled_at, starts_at, ends_at, state, place_id, market_id, people in meetings:
        holders = [*people, place_id] if place_id else people
        wanted = [] if cancelled_at else [(holder, starts_at, ends_at) for holder in holders]
        if len(people) != 2 or sorted(held.pop(id_, [])) != sorted(wanted):
            found.append(f"meeting {id_} does not hold the time of its two people and its place")
        if not cancelled_at and (place_id is None) != (market_id is None):
            found.append(f"meeting {id_} has a place of no market, or none of its market's")
        if state not in (OF_CANCELLED if cancelled_at else OF_LIVE):
            found.append(f"meeting {id_} belongs to a request that is {state}")
    return found + [f"entries of no meeting: {id_}" for id_ in held]
