"""The schedule: every rule by an independent checker, the best plan by trying all there are."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.meetings.planning import greedy
from app.meetings.planning.board import Board
from app.meetings.planning.budget import Budget, Progress
from app.meetings.planning.ground import Ground
from app.meetings.planning.instance import Instance, Meeting, Person, Place, Request
from app.meetings.planning.neighbourhood import Neighbourhood
from app.meetings.planning.outcome import Ended, Obstacle, Plan, Reason, Status
from app.meetings.planning.planner import plan
from app.meetings.planning.repairing import repair
from benchmarks.planning_markets import Size, market
from tests.plan_checker import Checker
from tests.plan_proof import faults
from tests.plans import all_plans, markets, slots

# Large enough that not everything fits: people, tables and ways between halls run out
CROWDED = Size(buyers=12, exhibitors=6, days=1, slots_a_day=8, requests=70, staff=2)
EVENING = market(CROWDED, 1)
QUICK = Budget(effort=0.02)


def planned(instance: Instance, seed: int = 0) -> Plan:
    """Plan, and hold the plan to every rule."""
    found = plan(instance, seed=seed, budget=QUICK)
    assert faults(instance, found) == []
    return found


@given(markets())
@settings(max_examples=60, deadline=None)
def test_small_markets_are_planned_as_well_as_can_be(instance: Instance) -> None:
    found = planned(instance)
    checker = Checker(instance)
    scores = [checker.score(meetings) for meetings in all_plans(instance)]
    best = max(score.priority for score in scores)
    assert found.score.priority == best
    assert found.bound == best
    assert found.status is Status.OPTIMAL
    assert found.gap == 0
    assert found.score.cost == min(score.cost for score in scores if score.priority == best)


@given(markets(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_what_is_locked_stays_and_the_rest_is_planned_around_it(
    instance: Instance, keep: int
) -> None:
    before = planned(instance)
    locked = dict(list(before.meetings.items())[:keep])
    again = replace(
        instance,
        people=tuple(
            replace(person, meetings_a_day=1, free=frozenset(sorted(person.free)[1:]))
            for person in instance.people
        ),
        requests=tuple(replace(r, locked=locked.get(r.id)) for r in instance.requests),
    )
    found = planned(again)
    assert locked.items() <= found.meetings.items()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_crowded_markets_keep_every_rule_and_are_near_the_bound(seed: int) -> None:
    found = planned(market(CROWDED, seed))
    assert found.score.priority > found.greedy.priority
    assert found.gap < 0.01
    assert found.left_out


@pytest.mark.slow
@pytest.mark.parametrize("effort", [0.1, 2.0])
def test_what_the_solver_finds_is_never_worse_than_what_is_there(effort: float) -> None:
    """It is given a plan as a hint, and may have no more time than for a first one of its own."""
    board = Board(Ground(market(CROWDED, 6)))
    greedy.fill(board, greedy.by_priority(board.ground))
    before = board.priority
    everything = Neighbourhood(board, range(len(board.where)), costs=True, spare=0)
    everything.solve(seed=1, effort=effort)
    assert board.priority >= before


def test_same_seed_same_plan() -> None:
    instance = EVENING
    one, again, other = (planned(instance, seed) for seed in (1, 1, 2))
    assert one == again
    assert one.meetings != other.meetings


IN_A_PROCESS = """
from tests.test_planning import EVENING, QUICK
from app.meetings.planning.planner import plan

print(plan(EVENING, seed=1, budget=QUICK))
"""


@pytest.mark.slow
def test_same_seed_same_plan_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told == [f"{plan(EVENING, seed=1, budget=QUICK)}\n"] * 2


def test_cancelled_search_gives_a_whole_plan() -> None:
    instance = EVENING
    stop = Event()
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        stop.set()

    found = plan(instance, budget=Budget(effort=0.25, stop=stop, tell=tell))
    assert faults(instance, found) == []
    assert (found.status, found.ended) == (Status.CANCELLED, Ended.CANCEL)
    assert len(told) == 1
    assert 0 <= told[0].done <= 1


def test_search_cancelled_at_once_is_as_good_as_greedy() -> None:
    stop = Event()
    stop.set()
    found = plan(EVENING, budget=Budget(stop=stop))
    assert found.status is Status.CANCELLED
    assert found.score.priority >= found.greedy.priority


def test_search_ends_with_its_time() -> None:
    found = plan(EVENING, budget=Budget(seconds=0))
    assert found.ended is Ended.CLOCK
    assert found.status in {Status.FEASIBLE, Status.OPTIMAL}


def test_market_without_requests_is_planned() -> None:
    found = planned(Instance(slots(1, 2), (), (), ()))
    assert (found.meetings, found.bound, found.gap, found.status) == ({}, 0, 0, Status.OPTIMAL)


ALL = frozenset(range(2))
BUYER, COLLEAGUE, SELLER = (
    Person(1, company=1, free=ALL),
    Person(2, company=1, free=ALL),
    Person(11, company=10, free=ALL),
)
TABLE = Place(101, hall=1, open=ALL)
WISH = Request(1001, ((1,), (11,)), priority=1)
RIVAL = Request(1002, ((2,), (11,)), priority=3)


def left_out(id_: int, **changes: object) -> tuple[Reason, dict[int, Obstacle]]:
    """Say why a request of a market of three people, one table and two slots is left out."""
    instance = Instance(slots(1, 2), (BUYER, COLLEAGUE, SELLER), (TABLE,), (WISH, RIVAL))
    found = planned(replace(instance, **changes))  # type: ignore[arg-type]
    return found.left_out[id_].reason, dict(found.left_out[id_].obstacles)


def test_left_out_who_have_no_common_time() -> None:
    people = (replace(BUYER, free=frozenset({0})), replace(SELLER, free=frozenset({1})))
    assert left_out(1001, people=people, requests=(WISH,)) == (Reason.NO_COMMON_TIME, {})


def test_left_out_who_have_no_place_at_their_times() -> None:
    table = replace(TABLE, open=frozenset())
    assert left_out(1001, places=(table,)) == (Reason.NO_PLACE, {})


def test_left_out_of_a_room_online_when_there_are_tables_only() -> None:
    people = (BUYER, COLLEAGUE, replace(SELLER, online=True))
    assert left_out(1001, people=people) == (Reason.NO_PLACE, {})


def test_left_out_for_a_request_of_higher_priority() -> None:
    seller = replace(SELLER, free=frozenset({1}))
    reason = left_out(1001, people=(BUYER, COLLEAGUE, seller))
    assert reason == (Reason.HIGHER_PRIORITY, {1: Obstacle.HIGHER_PRIORITY})


def test_left_out_where_everybody_is_busy_with_the_like() -> None:
    seller = replace(SELLER, free=frozenset({1}))
    requests = (WISH, replace(RIVAL, priority=1))
    instance = Instance(slots(1, 2), (BUYER, COLLEAGUE, seller), (TABLE,), requests)
    (found,) = planned(instance).left_out.values()
    assert (found.reason, found.obstacles) == (Reason.BUSY, {1: Obstacle.BUSY})


def test_left_out_when_the_day_is_full() -> None:
    reason = left_out(1001, people=(BUYER, COLLEAGUE, replace(SELLER, meetings_a_day=1)))
    assert reason[0] is Reason.DAY_FULL
    assert Counter(reason[1].values()) == {Obstacle.DAY_FULL: 1, Obstacle.HIGHER_PRIORITY: 1}


def test_left_out_when_all_places_are_taken() -> None:
    second = replace(SELLER, id=12)
    people = (BUYER, COLLEAGUE, SELLER, second)
    requests = (WISH, replace(RIVAL, sides=((2,), (12,))))
    table = replace(TABLE, open=frozenset({0}))
    reason = left_out(1001, people=people, requests=requests, places=(table,))
    assert reason == (Reason.PLACES_TAKEN, {0: Obstacle.PLACES_TAKEN})


def test_left_out_when_nobody_walks_so_fast() -> None:
    second = replace(SELLER, id=12, company=20)
    stands = (replace(TABLE, company=10), replace(TABLE, id=102, hall=2, company=20))
    requests = (WISH, replace(RIVAL, sides=((1,), (12,))))
    reason = left_out(
        1001, people=(BUYER, SELLER, second), requests=requests, places=stands, walks={(1, 2): 5}
    )
    assert reason[0] is Reason.TOO_FAR
    assert Counter(reason[1].values()) == {Obstacle.TOO_FAR: 1, Obstacle.HIGHER_PRIORITY: 1}


def test_any_of_a_company_is_whoever_has_time() -> None:
    anybody = (replace(RIVAL, sides=((1, 2), (11,))), replace(WISH, sides=((1,), (12,))))
    people = (BUYER, COLLEAGUE, SELLER, replace(SELLER, id=12))
    places = (TABLE, replace(TABLE, id=102))
    everybody = tuple(replace(person, free=frozenset({0})) for person in people)
    found = planned(Instance(slots(1, 2), everybody, places, anybody))
    assert {id_: meeting.people for id_, meeting in found.meetings.items()} == {
        1001: (1, 12),
        1002: (2, 11),
    }


def test_people_without_a_way_wait_no_longer_than_they_must() -> None:
    times = slots(1, 6)
    always = frozenset(range(6))
    sellers = tuple(Person(11 + n, company=10 + n, free=always) for n in range(3))
    requests = tuple(Request(1001 + n, ((1,), (11 + n,))) for n in range(3))
    people = (replace(BUYER, free=always), *sellers)
    found = planned(Instance(times, people, (replace(TABLE, open=always),), requests))
    assert found.score.idle == 0


def test_first_choice_is_kept_where_it_can_be() -> None:
    found = planned(
        Instance(slots(1, 2), (BUYER, SELLER), (TABLE,), (replace(WISH, preferred=(1, 0)),))
    )
    assert found.meetings[1001].slot == 1
    assert found.score.choice == 0


MEETING = Meeting(0, 101, (1, 11))


@pytest.mark.parametrize(
    "changes",
    [
        {"people": (BUYER, BUYER, SELLER)},
        {"places": (TABLE, TABLE)},
        {"requests": (WISH, WISH)},
        {"slots": slots(1, 2)[::-1]},
        {"requests": (replace(WISH, priority=4),)},
        {"requests": (replace(WISH, sides=((1,), (99,))),)},
        {"requests": (replace(WISH, sides=((1,), ())),)},
        {"requests": (replace(WISH, preferred=(2,)),)},
        {"requests": (replace(WISH, locked=replace(MEETING, slot=2)),)},
        {"requests": (replace(WISH, locked=replace(MEETING, place=9)),)},
        {"requests": (replace(WISH, locked=replace(MEETING, people=(2, 11))),)},
        {
            "requests": (
                replace(WISH, locked=MEETING),
                replace(RIVAL, locked=replace(MEETING, people=(2, 11), place=102)),
            ),
            "places": (TABLE, replace(TABLE, id=102)),
        },
    ],
)
def test_contradictions_are_refused(changes: dict[str, object]) -> None:
    instance = Instance(slots(1, 2), (BUYER, COLLEAGUE, SELLER), (TABLE,), (WISH, RIVAL))
    with pytest.raises(ValueError, match=r"\w"):
        replace(instance, **changes)  # type: ignore[arg-type]


def worth(
    instance: Instance, known: dict[int, Meeting], meetings: dict[int, Meeting]
) -> tuple[int, int, int]:
    """Say what a repair is worth: known meetings held, late ones held, known ones not moved."""
    checker = Checker(instance)
    kept = sum(r.priority for r in instance.requests if r.id in known and r.id in meetings)
    late = sum(r.priority for r in instance.requests if r.id not in known and r.id in meetings)
    moved = sum(
        meetings[id_] != was
        for id_, was in known.items()
        if id_ in meetings
        and was.place in checker.places
        and checker.flaw(checker.requests[id_], was) is None
    )
    return kept, late, -moved


@given(markets(), st.data())
@settings(max_examples=60, deadline=None)
def test_small_repairs_move_as_little_as_can_be(instance: Instance, data: st.DataObject) -> None:
    late = data.draw(st.sampled_from(instance.requests))
    gone = data.draw(st.sampled_from(instance.requests))
    known = dict(
        planned(
            replace(instance, requests=tuple(r for r in instance.requests if r != late))
        ).meetings
    )
    closed = data.draw(st.sampled_from(instance.places))
    shut = data.draw(st.frozensets(st.sampled_from(range(len(instance.slots)))))
    now = replace(
        instance,
        requests=tuple(r for r in instance.requests if r == late or r != gone),
        places=tuple(
            replace(place, open=place.open - shut) if place == closed else place
            for place in instance.places
        ),
    )
    known.pop(gone.id, None)
    found = repair(now, known)
    assert [f for f in faults(now, found.plan) if f != "greedy was better"] == []
    best = max(worth(now, known, meetings) for meetings in all_plans(now))
    assert worth(now, known, dict(found.plan.meetings)) == best


def test_repair_moves_few_and_says_which() -> None:
    instance = EVENING
    late = {r.id for r in instance.requests[::10]}
    before = planned(
        replace(instance, requests=tuple(r for r in instance.requests if r.id not in late))
    )
    cancelled = set(list(before.meetings)[::60])
    now = replace(instance, requests=tuple(r for r in instance.requests if r.id not in cancelled))
    known = {id_: m for id_, m in before.meetings.items() if id_ not in cancelled}
    found = repair(now, known, waiting=before.left_out.keys())
    wrong = faults(now, found.plan)
    assert [fault for fault in wrong if fault != "greedy was better"] == []
    assert found.moved == {i for i, was in known.items() if found.plan.meetings[i] != was}
    assert found.added == found.plan.meetings.keys() - known.keys()
    assert found.lost == frozenset()
    assert len(found.moved) <= 0.05 * len(known)
    assert found.added & late


def test_repair_finds_another_table_for_those_of_a_closed_one() -> None:
    instance = EVENING
    before = planned(instance)
    table = Counter(m.place for m in before.meetings.values()).most_common(1)[0][0]
    stranded = {id_ for id_, m in before.meetings.items() if m.place == table}
    places = tuple(place for place in instance.places if place.id != table)
    found = repair(
        replace(instance, places=places), before.meetings, waiting=before.left_out.keys()
    )
    assert stranded <= found.moved | found.lost
    priority = {r.id: r.priority for r in instance.requests}
    # Known meetings of less priority may give way, never of more
    assert sum(priority[id_] for id_ in found.lost) <= sum(priority[id_] for id_ in stranded)
    assert len(found.moved - stranded) <= 0.05 * len(before.meetings)


def test_repair_loses_the_meetings_of_who_is_gone_and_no_other() -> None:
    instance = EVENING
    before = planned(instance)
    gone = instance.people[-1].id
    theirs = {id_ for id_, m in before.meetings.items() if gone in m.people}
    people = tuple(replace(p, free=frozenset()) if p.id == gone else p for p in instance.people)
    found = repair(
        replace(instance, people=people), before.meetings, waiting=before.left_out.keys()
    )
    assert found.lost <= theirs
    assert found.moved <= theirs


def test_repair_can_be_cancelled() -> None:
    instance = EVENING
    before = planned(instance)
    stop = Event()
    stop.set()
    places = instance.places[:-3]
    found = repair(replace(instance, places=places), before.meetings, budget=Budget(stop=stop))
    assert found.plan.status is Status.CANCELLED
