"""How the day goes, in figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.meetings.day.grid import Day
from app.models.markets import Market

KINDS = ("scheduled", "held", "no_show", "unconfirmed", "cancelled")
# What is over without a word of anybody is neither held nor missed: it is not confirmed.
_MEETINGS = text("""
    SELECT date_trunc('hour', lower(meeting.during), :zone) AS starts_at,
        CASE
            WHEN request.state = 'scheduled' AND upper(meeting.during) <= now() THEN 'unconfirmed'
            ELSE request.state
        END AS kind,
        count(*) AS number
    FROM meetings AS meeting JOIN meeting_requests AS request ON request.id = meeting.request_id
    WHERE meeting.market_id = :market_id
        AND lower(meeting.during) >= :opens AND lower(meeting.during) < :closes
        AND request.state IN ('scheduled', 'held', 'no_show', 'cancelled')
    GROUP BY 1, 2 ORDER BY 1
""")
# Whose time is over has expired, swept or not.
_REQUESTS = text("""
    SELECT
        CASE WHEN state = 'pending' AND expires_at <= now() THEN 'expired' ELSE state END AS state,
        count(*) AS number
    FROM meeting_requests WHERE market_id = :market_id GROUP BY 1
""")
_ATTENDING = text("""
    SELECT
        (SELECT count(*) FROM accreditations
            WHERE market_id = :market_id AND revoked_at IS NULL
                AND (days = '{}' OR :day = ANY (days))) AS accredited,
        (SELECT count(*) FROM arrivals JOIN accreditations ON id = accreditation_id
            WHERE market_id = :market_id AND day = :day) AS checked_in,
        (SELECT count(*) FROM places
            WHERE market_id = :market_id AND closed_at IS NULL) AS places,
        (SELECT count(*) FROM places JOIN agenda_entries AS entry ON entry.place_id = places.id
            WHERE market_id = :market_id AND entry.during @> now()) AS places_in_use
""")


async def counts_of(session: AsyncSession, market: Market, day: Day) -> dict[str, Any]:
    """Count a day's meetings, all in all and by the hour; the market's requests, people, places."""
    bound = {"market_id": market.id, "opens": day.begins_at, "closes": day.ends_at}
    meetings = (await session.execute(_MEETINGS, {**bound, "zone": market.time_zone})).all()
    requests = (await session.execute(_REQUESTS, {"market_id": market.id})).all()
    attending = {"market_id": market.id, "day": day.day}
    found = (await session.execute(_ATTENDING, attending)).one()
    return {
        "meetings": _by_kind(meetings),
        "hours": [
            {"starts_at": hour, **_by_kind([row for row in meetings if row.starts_at == hour])}
            for hour in dict.fromkeys(row.starts_at for row in meetings)
        ],
        "requests": {row.state: row.number for row in requests},
        **found._mapping,  # noqa: SLF001  # SQLAlchemy's own word for a row by names
    }


def _by_kind(rows: Sequence[Any]) -> Mapping[str, int]:
    return {kind: sum(row.number for row in rows if row.kind == kind) for kind in KINDS}
