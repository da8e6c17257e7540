"""The arithmetic of times: what may be proposed, what is inside it, what is free."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.agendas.rules import Period

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=8)
LONGEST_BLOCK = timedelta(days=31)
# Whoever means a later year has mistyped it.
FARTHEST = timedelta(days=731)
# Suggestions begin at round times.
GRAIN = timedelta(minutes=5)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOST_FREE_TIMES = 5


def flaw_of_length(period: Period) -> str | None:
    """Say why nobody can meet so long, or so shortly; None where they can."""
    if period.length < SHORTEST:
        return "must end at least 5 minutes after it starts"
    if period.length > LONGEST:
        return "must end at most 8 hours after it starts"
    return None


def flaw_of_block(period: Period) -> str | None:
    """Say why nobody can keep such a time; None where they can."""
    if period.length <= timedelta():
        return "must end after it starts"
    if period.length > LONGEST_BLOCK:
        return "must end at most 31 days after it starts"
    return None


def flaw_of_start(starts_at: datetime, now: datetime) -> str | None:
    """Say why nobody can meet then; None where they can."""
    if starts_at <= now:
        return "must be in the future"
    if starts_at > now + FARTHEST:
        return "must be within two years from now"
    return None


def expiry_of(now: datetime, lifetime: timedelta, proposed: Sequence[Period]) -> datetime:
    """Give the instant from which a request counts as unanswered.

    The end of its lifetime, or of the last time it proposes if that comes first: nothing can be
    accepted after it.
    """
    return min(
        now + lifetime,
        max((period.ends_at for period in proposed), default=now + lifetime),
    )


def free_periods(within: Iterable[Period], busy: Iterable[Period]) -> list[Period]:
    """Give what is left of periods when the busy ones are taken out, in the order of time.

    Periods that overlap count once; those that touch stay apart, as they were proposed.
    """
    taken = sorted(busy)
    left: list[Period] = []
    reached: datetime | None = None
    for period in sorted(within):
        begin = period.starts_at if reached is None else max(period.starts_at, reached)
        for one in taken:
            if one.starts_at >= period.ends_at:
                break
            if begin < one.starts_at:
                left.append(Period(begin, one.starts_at))
            begin = max(begin, one.ends_at)
        if begin < period.ends_at:
            left.append(Period(begin, period.ends_at))
        reached = max(begin, period.ends_at)
    return left


def free_times(
    within: Iterable[Period],
    busy: Iterable[Period],
    *,
    length: timedelta,
    after: datetime,
    at_most: int = MOST_FREE_TIMES,
) -> list[Period]:
    """Give the first times of one length that lie inside the periods and meet nothing busy.

    They start after an instant, at a multiple of five minutes or where a period or a gap begins,
    and do not overlap each other.
    """
    found: list[Period] = []
    for gap in free_periods(within, busy):
        for time in _cut(gap, length, after):
            if len(found) == at_most:
                return found
            found.append(time)
    return found


def _cut(gap: Period, length: timedelta, after: datetime) -> Iterator[Period]:
    start = gap.starts_at if gap.starts_at > after else round_up(after)
    while start + length <= gap.ends_at:
        yield Period(start, start + length)
        start += length


def round_up(instant: datetime) -> datetime:
    """Give the next multiple of five minutes after an instant."""
    return EPOCH + ((instant - EPOCH) // GRAIN + 1) * GRAIN
