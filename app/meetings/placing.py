"""Where two meet at a market: a place of the seller's own first, then one that is shared."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.rules import Slot

# The places that are for a meeting. What is held there is looked up by the constraint's own index.
_MEANT = """
    SELECT id, hall_id, seller_id IS NOT NULL AS is_own FROM places
    WHERE market_id = :market_id AND closed_at IS NULL AND (kind = 'online') = :online
        AND (seller_id IS NULL OR seller_id = ANY (:organisation_ids))
"""
# Slot by slot, what is held among the places from the first to the last is read at once and taken
# off: where hundreds of tables are taken, to ask for each is twenty times slower.
_FREE_VENUES = text(f"""
    WITH meant AS MATERIALIZED ({_MEANT}),
        span AS MATERIALIZED (SELECT int8range(min(id), max(id), '[]') AS ids FROM meant)
    SELECT slot.number, free.hall_id, free.is_own
    FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
            WITH ORDINALITY AS slot (starts_at, ends_at, number)
        CROSS JOIN span
        CROSS JOIN LATERAL (
            SELECT DISTINCT meant.hall_id, meant.is_own
            FROM meant LEFT JOIN (
                SELECT entry.place_id FROM agenda_entries AS entry
                WHERE int8range(entry.holder_id, entry.holder_id, '[]') && span.ids
                    AND entry.during && tstzrange(slot.starts_at, slot.ends_at)
            ) AS held ON held.place_id = meant.id
            WHERE held.place_id IS NULL
        ) AS free
    ORDER BY slot.number, free.is_own DESC, free.hall_id
""")  # noqa: S608  # put together of what stands above
_TAKE = f"""
    WITH meant AS ({_MEANT})
    SELECT place.id, concat_ws(', ', hall.name, place.name)
    FROM places AS place LEFT JOIN halls AS hall ON hall.id = place.hall_id
    WHERE place.id IN (
            SELECT id FROM meant
            WHERE hall_id IS NOT DISTINCT FROM CAST(:hall_id AS bigint) AND is_own = :is_own
        )
        AND NOT EXISTS (
            SELECT FROM agenda_entries AS entry
            WHERE int8range(entry.holder_id, entry.holder_id, '[]')
                    && int8range(place.id, place.id, '[]')
                AND entry.during && tstzrange(:starts_at, :ends_at)
        )
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
