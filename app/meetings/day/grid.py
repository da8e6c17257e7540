"""The organisers' grid: all places of a market by all slots of a day, and what is held there."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Invalid
from app.markets.reads import hours_of
from app.markets.rules import Slot, instant_of, slots_of
from app.models.markets import Market

# One statement, whatever the size. A slot is touched by what overlaps it, whether or not that fits
# it: lengths and hours may have been others when a time was taken.
_INSTANT = "rtrim(rtrim(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '0'), '.')"
_PLACES = text(f"""
    WITH slot (number, starts_at, ends_at) AS (
        SELECT * FROM unnest(
            CAST(:numbers AS integer[]),
            CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])
        )
    ), entry AS MATERIALIZED (
        SELECT entry.id, entry.place_id, entry.kind, entry.label, entry.meeting_id,
            lower(entry.during) AS starts_at, upper(entry.during) AS ends_at
        FROM places JOIN agenda_entries AS entry ON entry.place_id = places.id
        WHERE places.market_id = :market_id AND entry.during && tstzrange(:opens, :closes)
    ), touched AS MATERIALIZED (
        SELECT entry.id, entry.place_id, slot.number
        FROM entry JOIN slot ON slot.starts_at < entry.ends_at AND entry.starts_at < slot.ends_at
    ), slots AS (
        SELECT id, json_agg(number ORDER BY number) AS numbers FROM touched GROUP BY id
    ), taken AS (
        SELECT place_id, array_agg(number) AS numbers FROM touched GROUP BY place_id
    ), met AS (
        SELECT one.meeting_id, json_agg(json_build_object(
            'person', json_build_object('id', person.id::text, 'name', person.name),
            'organisation', json_build_object(
                'id', company.id::text, 'name', company.name, 'country', company.country
            ),
            'came', CASE
                WHEN one.checked_in_at IS NOT NULL THEN true
                WHEN one.missed_at IS NOT NULL THEN false
            END
        ) ORDER BY person.id <> request.from_person_id, person.id) AS people
        FROM entry
            JOIN meetings AS meeting ON meeting.id = entry.meeting_id
            JOIN meeting_requests AS request ON request.id = meeting.request_id
            JOIN meeting_attendees AS one ON one.meeting_id = entry.meeting_id
            JOIN people AS person ON person.id = one.person_id
            JOIN organisations AS company ON company.id = person.organisation_id
        GROUP BY one.meeting_id
    ), held AS (
        SELECT entry.place_id, json_agg(json_build_object(
            'kind', entry.kind,
            'starts_at', {_INSTANT.format("entry.starts_at")} || 'Z',
            'ends_at', {_INSTANT.format("entry.ends_at")} || 'Z',
            'slots', coalesce(slots.numbers, '[]'),
            'label', entry.label,
            'meeting', CASE WHEN meeting.id IS NOT NULL THEN json_build_object(
                'id', meeting.id::text, 'request_id', request.id::text, 'state', request.state,
                'locked', meeting.locked, 'people', met.people
            ) END
        ) ORDER BY entry.starts_at) AS held
        FROM entry
            LEFT JOIN slots ON slots.id = entry.id
            LEFT JOIN meetings AS meeting ON meeting.id = entry.meeting_id
            LEFT JOIN meeting_requests AS request ON request.id = meeting.request_id
            LEFT JOIN met ON met.meeting_id = meeting.id
        GROUP BY entry.place_id
    )
    SELECT coalesce(json_agg(json_build_object(
        'id', place.id::text,
        'name', place.name,
        'kind', place.kind,
        'hall', CASE WHEN hall.id IS NOT NULL
            THEN json_build_object('id', hall.id::text, 'name', hall.name) END,
        'seller', CASE WHEN seller.id IS NOT NULL THEN json_build_object(
            'id', seller.id::text, 'name', seller.name, 'country', seller.country
        ) END,
        'closed', place.closed_at IS NOT NULL,
        'held', coalesce(held.held, '[]'),
        'free', CASE WHEN place.closed_at IS NOT NULL THEN '[]' ELSE coalesce((
            SELECT json_agg(number ORDER BY number) FROM slot
            WHERE number <> ALL (coalesce(taken.numbers, '{{}}'))
        ), '[]') END
    ) ORDER BY hall.name NULLS LAST, hall.id, place.id), '[]')::text
    FROM places AS place
        LEFT JOIN halls AS hall ON hall.id = place.hall_id
        LEFT JOIN organisations AS seller ON seller.id = place.seller_id
        LEFT JOIN held ON held.place_id = place.id
        LEFT JOIN taken ON taken.place_id = place.id
    WHERE place.market_id = :market_id
""")  # noqa: S608  # put together of what stands above


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a market on its own clock, and its slots."""

    day: date
    zone: ZoneInfo
    slots: tuple[Slot, ...]

    @property
    def begins_at(self) -> datetime:
        """Give its midnight."""
        return instant_of(self.day, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """Give the next midnight."""
        return instant_of(self.day + timedelta(days=1), time(), self.zone)


async def day_of(session: AsyncSession, market: Market, wanted: date | None, now: datetime) -> Day:
    """Give a day of a market; if none is named today, or the first one on other days.

    Raises:
        Invalid: it lies outside the market's dates.
    """
    zone = ZoneInfo(market.time_zone)
    today = now.astimezone(zone).date()
    day = wanted or (today if market.starts_on <= today <= market.ends_on else market.starts_on)
    if not market.starts_on <= day <= market.ends_on:
        raise Invalid.parameter(
            "day", f"must be a day of the market, {market.starts_on} to {market.ends_on}"
        )
    hours = [one for one in await hours_of(session, market.id) if one.day == day]
    return Day(day, zone, tuple(slots_of(hours, market.slot_minutes, zone)))


async def read_places(session: AsyncSession, market: Market, day: Day) -> str:
    """Give all places of a market and what is held there on a day, as JSON."""
    written: str | None = await session.scalar(
        _PLACES,
        {
            "market_id": market.id,
            "opens": day.begins_at,
            "closes": day.ends_at,
            "numbers": [slot.index for slot in day.slots],
            "starts": [slot.starts_at for slot in day.slots],
            "ends": [slot.ends_at for slot in day.slots],
        },
    )
    return written or "[]"
