"""Entries written within a transaction that does more: opening a viewing, ending it, refusing.

Heartbeats, of which there are thousands, are written together by `app.screeners.heartbeats`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import JsonObject
from app.models.viewings import LedgerEntry, LedgerKind, Viewing, ViewingEnd
from app.screeners.ledger.chain import Line, Origin, entry_hash, origin_hash

HEAD = ("entry_count", "entry_hash")


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened in a viewing. `data` holds texts, whole numbers, true, false and null."""

    kind: LedgerKind
    from_milliseconds: int | None = None
    to_milliseconds: int | None = None
    data: JsonObject = field(default_factory=dict)


def opened(viewing: Viewing) -> Fact:
    """Say that a viewing was opened, and from where."""
    return Fact(LedgerKind.OPENED, data=_whence(viewing))


def continued(viewing: Viewing) -> Fact:
    """Say that a viewing was opened again, with a new token, and from where."""
    return Fact(LedgerKind.CONTINUED, data=_whence(viewing))


def ended(reason: ViewingEnd, ended_at: datetime) -> Fact:
    """Say that a viewing is over, since when and why."""
    at = ended_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Fact(LedgerKind.ENDED, data={"reason": reason.value, "at": at})


def _whence(viewing: Viewing) -> JsonObject:
    return {
        "address": viewing.address,
        "country": viewing.country,
        "user_agent": viewing.user_agent,
    }


def origin_of(viewing: Viewing) -> Origin:
    """Give what a viewing's chain begins with."""
    return Origin(
        viewing.id,
        viewing.screener_id,
        viewing.grant_id,
        viewing.person_id,
        viewing.organisation_id,
        viewing.opened_at,
    )


async def append(session: AsyncSession, key: bytes, viewing: Viewing, *facts: Fact) -> None:
    """Write facts to the end of a viewing's chain; the viewing is locked until the commit.

    A new token (`continued`) numbers its heartbeats anew.
    """
    await session.flush()
    await session.refresh(viewing, HEAD, with_for_update=True)
    before = viewing.entry_hash if viewing.entry_count else origin_hash(key, origin_of(viewing))
    now = datetime.now(UTC)
    for fact in facts:
        viewing.entry_count += 1
        line = Line(
            viewing.entry_count,
            fact.kind.value,
            now,
            fact.from_milliseconds,
            fact.to_milliseconds,
            fact.data,
        )
        before = entry_hash(key, before, line)
        session.add(
            LedgerEntry(
                viewing_id=viewing.id,
                number=line.number,
                kind=fact.kind,
                recorded_at=now,
                from_milliseconds=fact.from_milliseconds,
                to_milliseconds=fact.to_milliseconds,
                data=fact.data,
                hash=before,
            )
        )
        if fact.kind is LedgerKind.CONTINUED:
            viewing.beat_sequence = 0
        if fact.kind is LedgerKind.ENDED:
            viewing.closed = True
    viewing.entry_hash = before
    viewing.unsealed = True
    await session.flush()
