"""Where two meet at a market: a place of the seller's own first, then one that is shared."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.rules import Slot

# The places that are for a meeting; what is held there is looked up as the exclusion constraint is.
_MEANT = """
    SELECT id, hall_id, seller_id IS NOT NULL AS is_own FROM places
    WHERE market_id = :market_id AND closed_at IS NULL AND (kind = 'online') = :online
        AND (seller_id IS NULL OR seller_id = ANY (:organisation_ids))
"""
_IS_FREE = """
    NOT EXISTS (
        SELECT FROM agenda_entries AS entry
        WHERE int8range(entry.holder_id, entry.holder_id, '[]') && int8range({place}, {place}, '[]')
            AND entry.during && tstzrange({starts_at}, {ends_at})
    )
"""
_FREE_VENUES = text(f"""
    WITH meant AS ({_MEANT})
    SELECT slot.number, venue.hall_id, venue.is_own
    FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
            WITH ORDINALITY AS slot (starts_at, ends_at, number)
        CROSS JOIN (SELECT DISTINCT hall_id, is_own FROM meant) AS venue
    WHERE EXISTS (
        SELECT FROM meant
        WHERE meant.hall_id IS NOT DISTINCT FROM venue.hall_id AND meant.is_own = venue.is_own
            AND {_IS_FREE.format(place="meant.id", starts_at="starts_at", ends_at="ends_at")}
    )
    ORDER BY slot.number, venue.is_own DESC, venue.hall_id
""")  # noqa: S608  # put together of what stands above
_TAKE = f"""
    WITH meant AS ({_MEANT})
    SELECT place.id, concat_ws(', ', hall.name, place.name)
    FROM places AS place LEFT JOIN halls AS hall ON hall.id = place.hall_id
    WHERE place.id IN (
            SELECT id FROM meant
            WHERE hall_id IS NOT DISTINCT FROM CAST(:hall_id AS bigint) AND is_own = :is_own
        )
        AND {_IS_FREE.format(place="place.id", starts_at=":starts_at", ends_at=":ends_at")}
    ORDER BY place.id LIMIT 1
    FOR NO KEY UPDATE OF place
"""  # noqa: S608
# Who is about to take another one is not waited for, unless there is no other.
_TAKE_FREE, _TAKE_NEXT = text(f"{_TAKE} SKIP LOCKED"), text(_TAKE)


@dataclass(frozen=True, slots=True)
class Venue:
    """Places that are alike for two who meet: in one hall (online: none), their own or shared."""

    hall_id: int | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Meant:
    """Which places are for a meeting: of a market, online or not, and for whose companies."""

    market_id: int
    online: bool
    organisation_ids: tuple[int, int]

    def bound(self) -> dict[str, object]:
        """Give it to a statement."""
        return {
            "market_id": self.market_id,
            "online": self.online,
            "organisation_ids": list(self.organisation_ids),
        }


async def free_venues(
    session: AsyncSession, meant: Meant, slots: Sequence[Slot]
) -> list[list[Venue]]:
    """Give, for each slot, the venues that have a free place: those of their own first."""
    starts, ends = [slot.starts_at for slot in slots], [slot.ends_at for slot in slots]
    rows = await session.execute(_FREE_VENUES, {**meant.bound(), "starts": starts, "ends": ends})
    free: list[list[Venue]] = [[] for _ in slots]
    for number, hall_id, is_own in rows:
        free[number - 1].append(Venue(hall_id, is_own))
    return free


async def take_place(
    session: AsyncSession, meant: Meant, slot: Slot, venue: Venue
) -> tuple[int, str] | None:
    """Lock a free place of a venue and give its id and where it is; None where there is none left.

    What is seen as free may have been taken a moment ago: the entries decide.
    """
    wanted = {
        **meant.bound(),
        "hall_id": venue.hall_id,
        "is_own": venue.is_own,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
    }
    for statement in (_TAKE_FREE, _TAKE_NEXT):
        if (row := (await session.execute(statement, wanted)).one_or_none()) is not None:
            return row[0], row[1]
    return None
