"""When two sides could meet at a market: slots for which people and a place are free."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.rules import Slot
from app.meetings.attending import Holds, holds_of
from app.meetings.editions import Edition
from app.meetings.fitting import (
    Participant,
    can_reach,
    is_free,
    meetings_on_day,
    minutes_walked,
)
from app.meetings.placing import Meant, Venue, free_venues

# Slots whose places are looked at in one statement
AT_ONCE = 48


@dataclass(frozen=True, slots=True)
class Sides:
    """Who would meet: the one who asked, and one of those who could take it."""

    asker: Participant
    takers: tuple[Participant, ...]

    def people(self) -> list[int]:
        """Give everybody's ids."""
        return sorted({self.asker.person_id, *(taker.person_id for taker in self.takers)})


@dataclass(frozen=True, slots=True)
class Opening:
    """A slot that suits both: who would take it, and the venues that have room, the best first."""

    slot: Slot
    taker: Participant
    meant: Meant
    venues: tuple[Venue, ...]


@dataclass(frozen=True, slots=True)
class _Days:
    """What the people of two sides hold, and what that leaves."""

    edition: Edition
    sides: Sides
    holds: Holds

    def could_meet(self, person: Participant, slot: Slot) -> bool:
        held = self.holds[person.person_id]
        most = self.edition.market.meetings_a_day
        return (
            person.attends(slot)
            and is_free(held, slot)
            and (most is None or self.busyness(person, slot) < most)
        )

    def busyness(self, person: Participant, slot: Slot) -> int:
        return meetings_on_day(self.holds[person.person_id], self.edition.days[slot.day])

    def free_takers(self, slot: Slot) -> list[Participant]:
        """Give who could take a meeting in a slot, those who meet the fewest that day first."""
        if not self.could_meet(self.sides.asker, slot):
            return []
        free = [taker for taker in self.sides.takers if self.could_meet(taker, slot)]
        return sorted(free, key=lambda taker: (self.busyness(taker, slot), taker.person_id))

    def reachable(
        self, slot: Slot, taker: Participant, venues: Sequence[Venue]
    ) -> tuple[Venue, ...]:
        """Give the venues that both get to in time: their own first, then the nearest."""
        people = (self.sides.asker.person_id, taker.person_id)
        held = [hold for person_id in people for hold in self.holds[person_id]]
        walk = self.edition.walk
        near = [venue for venue in venues if can_reach(held, slot, venue.hall_id, walk)]
        return tuple(
            sorted(
                near,
                key=lambda venue: (
                    not venue.is_own,
                    minutes_walked(held, slot, venue.hall_id, walk),
                ),
            )
        )


async def openings(
    session: AsyncSession, edition: Edition, sides: Sides, slots: Sequence[Slot], at_most: int
) -> list[Opening]:
    """Give the first openings among some slots, in their order."""
    days = _Days(edition, sides, await holds_of(session, edition, sides.people()))
    free = [(slot, takers) for slot in slots if (takers := days.free_takers(slot))]
    found: list[Opening] = []
    for start in range(0, len(free), AT_ONCE):
        some = free[start : start + AT_ONCE]
        venues = await _venues_of(session, edition, sides, some)
        for slot, takers in some:
            opening = next(_openings_of(days, slot, takers, venues), None)
            if opening is not None:
                found.append(opening)
            if len(found) == at_most:
                return found
    return found


Free = dict[tuple[Meant, Slot], list[Venue]]


async def _venues_of(
    session: AsyncSession,
    edition: Edition,
    sides: Sides,
    free: Sequence[tuple[Slot, Sequence[Participant]]],
) -> Free:
    slots = [slot for slot, _ in free]
    kinds = {_meant(edition, sides, taker) for _, takers in free for taker in takers}
    venues: Free = {}
    for meant in sorted(kinds, key=lambda one: one.online):
        found = await free_venues(session, meant, slots)
        venues |= {(meant, slot): some for slot, some in zip(slots, found, strict=True)}
    return venues


def _openings_of(
    days: _Days, slot: Slot, takers: Sequence[Participant], venues: Free
) -> Iterator[Opening]:
    for taker in takers:
        meant = _meant(days.edition, days.sides, taker)
        reachable = days.reachable(slot, taker, venues[meant, slot])
        if reachable:
            yield Opening(slot, taker, meant, reachable)


def _meant(edition: Edition, sides: Sides, taker: Participant) -> Meant:
    """Tell where two meet: online as soon as one of them is."""
    return Meant(
        edition.market.id,
        sides.asker.online or taker.online,
        (sides.asker.organisation_id, taker.organisation_id),
    )
