"""Markets to plan in the tests: drawn by hypothesis, small enough to try everything."""

from collections.abc import Iterator

from hypothesis import strategies as st

from app.meetings.planning.instance import Instance, Meeting, Person, Place, Request, Slot
from tests.plan_checker import Checker

BUYERS = (1, 2, 3)
SELLERS = (11, 12)
PLACES = (101, 102, 103)


def slots(days: int, a_day: int, minutes: int = 30) -> tuple[Slot, ...]:
    """Make slots that follow one another without a pause."""
    return tuple(
        Slot(day, begin, begin + minutes)
        for day in range(days)
        for index in range(a_day)
        for begin in [day * 1440 + 540 + index * minutes]
    )


@st.composite
def markets(draw: st.DrawFn, most_requests: int = 4) -> Instance:
    """Draw a small market: three buyers, two sellers of one company, three places, two halls."""
    times = slots(draw(st.integers(1, 2)), draw(st.integers(1, 3)))
    some = st.frozensets(st.sampled_from(range(len(times))))
    mostly = st.one_of(st.just(frozenset(range(len(times)))), some)
    people = tuple(
        Person(
            id=id_,
            company=company,
            free=draw(mostly),
            online=draw(st.integers(0, 5)) == 0,
            days=draw(st.sampled_from((None, None, None, frozenset({0})))),
            meetings_a_day=draw(st.sampled_from((None, None, 1, 2))),
        )
        for id_, company in [*((id_, id_ // 3) for id_ in BUYERS), *((id_, 10) for id_ in SELLERS)]
    )
    places = tuple(
        Place(
            id=id_,
            hall=draw(st.sampled_from((1, 2, None))),
            open=draw(mostly),
            company=draw(st.sampled_from((None, None, 10))),
        )
        for id_ in PLACES[: draw(st.integers(1, 3))]
    )
    asked = draw(
        st.lists(
            st.tuples(
                st.sampled_from(BUYERS), st.sampled_from(((11,), (12,), (11, 12))), st.booleans()
            ),
            min_size=1,
            max_size=most_requests,
            unique_by=lambda each: each[:2],
        )
    )
    requests = tuple(
        Request(
            id=1000 + number,
            sides=(sellers, (buyer,)) if crossed else ((buyer,), sellers),
            priority=draw(st.integers(1, 3)),
            preferred=tuple(draw(st.lists(st.sampled_from(range(len(times))), max_size=2))),
        )
        for number, (buyer, sellers, crossed) in enumerate(asked)
    )
    walks = draw(st.sampled_from(({}, {(1, 2): 10}, {(2, 1): 31})))
    return Instance(slots=times, people=people, places=places, requests=requests, walks=walks)


def all_plans(instance: Instance) -> Iterator[dict[int, Meeting]]:
    """Give every plan that keeps the rules."""
    checker = Checker(instance)
    ways: list[list[Meeting | None]] = [
        [
            None,
            *(
                Meeting(slot, place, (one, other))
                for one, other, slot, place in checker.ways(request)
            ),
        ]
        for request in instance.requests
    ]

    def more(number: int, held: dict[int, Meeting]) -> Iterator[dict[int, Meeting]]:
        if number == len(ways):
            yield held
            return
        for meeting in ways[number]:
            extended = held
            if meeting is not None:
                extended = held | {instance.requests[number].id: meeting}
                if next(checker.broken(extended), None):
                    continue
            yield from more(number + 1, extended)

    yield from more(0, {})
