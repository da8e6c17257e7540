"""The arithmetic of webhooks: which facts are wanted, and when a failure is tried again."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# Between the first attempt and the tenth there are three days: 5 s to forgive a restart, then
# longer and longer, so that a receiver that was down over a weekend gets everything.
DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 57_600, 86_400)
)
JITTER = 0.1
LONGEST_REST = timedelta(days=1)
# Standard Webhooks: receivers may refuse more than 20 kB.
MAX_BODY_BYTES = 20_000
PATTERN = r"^([a-z][a-z0-9_]*)\.(\*|[a-z][a-z0-9_]*)$"
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII).fullmatch


def wants(patterns: Iterable[str], type_: str) -> bool:
    """Tell whether a type of fact is among those asked for: itself, or as `title.*`; none is all.

    >>> wants(["title.*"], "title.published"), wants(["title.published"], "title.withdrawn")
    (True, False)
    """
    wanted = set(patterns)
    return not wanted or type_ in wanted or f"{type_.partition('.')[0]}.*" in wanted


def next_try(tries: int, rest: timedelta | None, spread: Callable[[], float]) -> timedelta | None:
    """Say how long to wait after so many tries have failed; None when that was the last.

    `spread` gives 0 to 1, so that what failed together does not come back together; `rest` is what
    the receiver asked for, and is never cut short, but for a day.
    """
    if tries > len(DELAYS):
        return None
    delay = DELAYS[tries - 1] * (1 + JITTER * (2 * spread() - 1))
    return max(delay, min(rest or timedelta(0), LONGEST_REST))


def rest_of(retry_after: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`, seconds or a date; None where it says nothing that can be read."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if _SECONDS(text):
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(until - now, timedelta(0))
    except (ValueError, TypeError, OverflowError):
        return None


def body_of(fact: dict[str, Any], size: Callable[[Any], int]) -> dict[str, Any]:
    """Give the body of a webhook about a fact, small enough for every receiver.

    What is too large goes without its `data`, and says so: the feed has it whole.
    """
    body = {"type": fact["type"], "timestamp": fact["occurred_at"], "data": fact}
    if size(body) > MAX_BODY_BYTES:
        body["data"] = fact | {"data": {}, "data_left_out": True}
    return body
