"""What can change between a plan and its being applied, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.agendas.rules import Period
from app.markets.rules import Slot
from app.meetings.editions import period_of_slot
from app.meetings.planning.instance import Meeting
from app.meetings.scheduling.checking import Fault, Planned, faults_of
from app.meetings.scheduling.framing import frame
from app.meetings.scheduling.market_rows import (
    AttendeeRow,
    HoldRow,
    MarketRows,
    MeetingRow,
    PlaceRow,
    RequestRow,
)
from app.meetings.scheduling.rules import OUTDATED, WORDS, Absent, Outdated
from app.models.markets import AccreditationRole
from app.models.meetings import MeetingRequestState
from app.models.schedules import ScheduleChange

DAY = date(2027, 6, 14)
OPENING = datetime(2027, 6, 14, 9, tzinfo=UTC)
NOW = OPENING - timedelta(days=1)
HALF = timedelta(minutes=30)
SLOTS = tuple(
    Slot(DAY, number, OPENING + number * HALF, OPENING + (number + 1) * HALF) for number in range(4)
)
BUYER, OTHER_BUYER, SELLER, COLLEAGUE = 1, 2, 11, 12
BUYERS, OTHER_BUYERS, SELLERS = 101, 102, 111
TABLE, FAR_TABLE, ROOM = 1001, 1002, 1003
REQUEST, OTHER, OLD = 501, 502, 503


def attendee(person: int, company: int, role: str, **more: Any) -> AttendeeRow:
    row = AttendeeRow(person, company, AccreditationRole(role), False, frozenset(), None)  # noqa: FBT003
    return replace(row, **more)


def request(id_: int = REQUEST, **more: Any) -> RequestRow:
    accepted = MeetingRequestState.ACCEPTED
    row = RequestRow(id_, accepted, BUYER, BUYERS, SELLERS, SELLER, 2, (), None)
    return replace(row, **more)


def held(
    slot: int = 1, *, buyer: int = OTHER_BUYER, company: int = OTHER_BUYERS, **more: Any
) -> RequestRow:
    """Give a request that has a meeting."""
    people = ((buyer, company), (SELLER, SELLERS))
    meeting = MeetingRow(9, period_of_slot(SLOTS[slot]), TABLE, False, 3, True, people)  # noqa: FBT003
    return request(
        OLD,
        from_person_id=buyer,
        from_organisation_id=company,
        state=MeetingRequestState.SCHEDULED,
        meeting=replace(meeting, **more),
    )


def rows(**more: Any) -> MarketRows:
    found = MarketRows(
        zone=ZoneInfo("UTC"),
        slots=SLOTS,
        lead=timedelta(),
        meetings_a_day=None,
        walk_minutes=10,
        walks={},
        attendees=(
            attendee(BUYER, BUYERS, "buyer"),
            attendee(OTHER_BUYER, OTHER_BUYERS, "buyer"),
            attendee(SELLER, SELLERS, "seller"),
        ),
        places=(
            PlaceRow(TABLE, 1, None, False),  # noqa: FBT003
            PlaceRow(FAR_TABLE, 2, None, False),  # noqa: FBT003
            PlaceRow(ROOM, None, None, False),  # noqa: FBT003
        ),
        requests=(request(),),
        holds=(),
    )
    return replace(found, **more)


def planned(**more: Any) -> Planned:
    wanted = Planned(
        REQUEST, ScheduleChange.NEW, period_of_slot(SLOTS[1]), TABLE, (BUYER, SELLER), None
    )
    return replace(wanted, **more)


def told(market: MarketRows, *wanted: Planned, now: datetime = NOW) -> list[Fault]:
    ids = {one.request_id for one in wanted}
    return faults_of(frame(market, now, lambda row: row.id in ids), wanted or [planned()])


def test_what_did_not_change_can_be() -> None:
    assert told(rows()) == []


def without(market: MarketRows, person: int) -> tuple[AttendeeRow, ...]:
    return tuple(row for row in market.attendees if row.person_id != person)


def hold(holder: int, slot: int = 1) -> tuple[HoldRow, ...]:
    return (HoldRow(holder, None, period_of_slot(SLOTS[slot])),)


def other_places(market: MarketRows, **more: Any) -> tuple[PlaceRow, ...]:
    return (replace(market.places[0], **more), *market.places[1:])


def with_seller(market: MarketRows, **more: Any) -> tuple[AttendeeRow, ...]:
    return (*without(market, SELLER), attendee(SELLER, SELLERS, "seller", **more))


@dataclass(frozen=True)
class Case:
    why: Outdated
    market: Callable[[MarketRows], dict[str, Any]] = field(default=lambda _: {})
    wanted: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW


CASES = [
    Case(Outdated.REQUEST_CHANGED, lambda _: {"requests": ()}),
    Case(
        Outdated.REQUEST_CHANGED,
        lambda _: {"requests": (replace(held(buyer=BUYER, company=BUYERS), id=REQUEST),)},
    ),
    Case(
        Outdated.REQUEST_CHANGED,
        lambda m: {
            "attendees": (*m.attendees, attendee(COLLEAGUE, SELLERS, "seller")),
            "requests": (request(taker_id=COLLEAGUE), request(OTHER, from_person_id=OTHER_BUYER)),
        },
    ),
    Case(Outdated.PERSON_GONE, lambda m: {"attendees": without(m, BUYER)}),
    Case(Outdated.PERSON_GONE, lambda m: {"attendees": without(m, SELLER)}),
    Case(
        Outdated.PERSON_GONE,
        lambda m: {
            "attendees": (*without(m, SELLER), attendee(COLLEAGUE, SELLERS, "seller")),
            "requests": (request(taker_id=None),),
        },
    ),
    Case(Outdated.PERSON_BUSY, lambda _: {"holds": hold(SELLER)}),
    Case(Outdated.PERSON_BUSY, lambda m: {"attendees": with_seller(m, free=())}),
    Case(
        Outdated.PERSON_BUSY,
        lambda m: {"attendees": with_seller(m, days=frozenset({DAY + timedelta(days=1)}))},
    ),
    Case(Outdated.PERSON_BUSY, lambda _: {"requests": (request(), held(place_id=FAR_TABLE))}),
    Case(Outdated.DAY_FULL, lambda _: {"requests": (request(), held(3)), "meetings_a_day": 1}),
    Case(Outdated.SLOT_GONE, lambda m: {"slots": m.slots[2:]}),
    Case(Outdated.TOO_LATE, now=OPENING + HALF + timedelta(minutes=1)),
    Case(Outdated.TOO_LATE, lambda _: {"lead": timedelta(days=2)}),
    Case(Outdated.PLACE_CLOSED, lambda m: {"places": other_places(m, closed=True)}),
    Case(Outdated.PLACE_CLOSED, lambda m: {"places": m.places[1:]}),
    Case(Outdated.PLACE_TAKEN, lambda _: {"holds": hold(TABLE)}),
    Case(Outdated.PLACE_UNSUITABLE, lambda m: {"places": other_places(m, seller_id=999)}),
    Case(Outdated.PLACE_UNSUITABLE, lambda m: {"attendees": with_seller(m, online=True)}),
    Case(Outdated.PLACE_UNSUITABLE, wanted={"place_id": ROOM}),
    Case(Outdated.TOO_FAR, lambda _: {"requests": (request(), held(2, place_id=FAR_TABLE))}),
    Case(Outdated.TOO_FAR, lambda _: {"requests": (request(), held(0, place_id=FAR_TABLE))}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_what_changed_is_named(case: Case) -> None:
    market = rows()
    market = replace(market, **case.market(market))
    assert told(market, planned(**case.wanted), now=case.now) == [Fault(REQUEST, case.why)]
    assert OUTDATED[case.why].endswith(".")


def test_a_place_that_somebody_else_has_is_taken() -> None:
    """The two of another meeting, moved there by hand, are no concern of those who would meet."""
    third = attendee(COLLEAGUE, SELLERS, "seller")
    theirs = ((OTHER_BUYER, OTHER_BUYERS), (COLLEAGUE, SELLERS))
    market = rows(attendees=(*rows().attendees, third), requests=(request(), held(people=theirs)))
    assert told(market) == [Fault(REQUEST, Outdated.PLACE_TAKEN)]


def test_of_two_planned_meetings_that_clash_both_are_named() -> None:
    both = (
        request(),
        request(OTHER, from_person_id=OTHER_BUYER, from_organisation_id=OTHER_BUYERS),
    )
    second = planned(request_id=OTHER, people=(OTHER_BUYER, SELLER), place_id=FAR_TABLE)
    faults = told(rows(requests=both), planned(), second)
    assert faults == [Fault(REQUEST, Outdated.PERSON_BUSY), Fault(OTHER, Outdated.PERSON_BUSY)]


MOVED = Planned(
    OLD, ScheduleChange.MOVED, period_of_slot(SLOTS[2]), TABLE, (OTHER_BUYER, SELLER), 3
)
LOST = Planned(OLD, ScheduleChange.LOST, None, None, None, 3)


@pytest.mark.parametrize("wanted", [MOVED, LOST], ids=["moved", "lost"])
@pytest.mark.parametrize(
    "change",
    [{"sequence": 4}, {"locked": True}, {"live": False}],
    ids=lambda change: next(iter(change)),
)
def test_a_meeting_that_is_no_longer_as_it_was_stays(
    wanted: Planned, change: dict[str, Any]
) -> None:
    assert told(rows(requests=(held(),)), wanted) == []
    changed = told(rows(requests=(held(**change),)), wanted)
    assert changed == [Fault(OLD, Outdated.MEETING_CHANGED)]


def test_two_meetings_may_change_places() -> None:
    one, other = held(0), held(2, id=10, place_id=FAR_TABLE)
    both = (one, replace(other, id=OTHER))
    wanted = (
        replace(MOVED, place_id=FAR_TABLE),
        replace(MOVED, request_id=OTHER, during=period_of_slot(SLOTS[0])),
    )
    assert told(rows(requests=both), *wanted) == []


# Framing --------------------------------------------------------------------------------------


def test_a_meeting_outside_the_slots_is_in_the_way_and_so_is_the_walk_to_it() -> None:
    odd = Period(OPENING + timedelta(minutes=72), OPENING + timedelta(minutes=80))
    market = rows(requests=(request(), held(during=odd)), meetings_a_day=3)
    framed = frame(market, NOW, lambda _: True)
    seller = next(one for one in framed.instance.people if one.id == SELLER)
    # It takes the third slot, and the longest walk is 10 minutes: none of the others
    assert seller.free == {0, 1, 3}
    assert seller.meetings_a_day == 2
    near = replace(odd, starts_at=OPENING + timedelta(minutes=65))
    framed = frame(replace(market, requests=(request(), held(during=near))), NOW, lambda _: True)
    seller = next(one for one in framed.instance.people if one.id == SELLER)
    assert seller.free == {0, 3}


def test_two_locked_meetings_of_one_person_at_once_are_not_the_planners() -> None:
    """Whoever wrote them so, the planner is not told of both."""
    twice = (held(1), replace(held(1, id=10, place_id=FAR_TABLE), id=OTHER))
    framed = frame(rows(requests=(*twice, request())), NOW, lambda _: False)
    assert [one.id for one in framed.instance.requests if one.locked] == [OLD]


def test_meetings_of_yesterday_are_over() -> None:
    framed = frame(rows(requests=(held(),)), OPENING + timedelta(days=1), lambda _: True)
    assert framed.instance.requests == ()
    assert framed.instance.slots == ()


def test_what_was_held_this_morning_is_locked_and_what_is_about_to_begin_too() -> None:
    done = held(0)
    framed = frame(rows(requests=(done,)), OPENING + timedelta(hours=1), lambda _: True)
    (kept,) = framed.instance.requests
    assert kept.locked == Meeting(0, TABLE, (OTHER_BUYER, SELLER))
    soon = frame(rows(requests=(held(1),), lead=timedelta(hours=1)), OPENING, lambda _: True)
    assert soon.instance.requests[0].locked is not None


def test_who_attends_as_neither_buyer_nor_seller_meets_nobody() -> None:
    press = tuple(replace(row, role=AccreditationRole.PRESS) for row in rows().attendees)
    framed = frame(rows(attendees=press), NOW, lambda _: True)
    assert framed.absent == {REQUEST: Absent.ASKER_GONE}
    assert WORDS[Absent.ASKER_GONE]
