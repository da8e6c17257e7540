"""The arithmetic of waiting."""

from datetime import datetime

SOONEST, LATEST = 1, 30
PATIENCE = 10


def seconds_to_wait(created_at: datetime, now: datetime) -> int:
    """Give the seconds until it is worth asking again: a tenth of the time waited, 1 to 30."""
    waited = (now - created_at).total_seconds()
    return min(LATEST, max(SOONEST, int(waited / PATIENCE)))
