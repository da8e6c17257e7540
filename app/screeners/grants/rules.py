"""What an open grant allows now, and here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.trees import TERRITORIES
from app.trees.multiranges import covers

# How far ahead leave to watch can be given
MAX_GRANT = timedelta(days=2 * 366)


class Refusal(StrEnum):
    """Why somebody who was granted a screener may not watch it now; the codes of the 403."""

    # In the order in which they are told: what is over, what is not here, what is still to come.
    NO_VIEWS_LEFT = "no_views_left"
    NOT_IN_TERRITORY = "not_in_territory"
    COUNTRY_UNKNOWN = "country_unknown"
    NOT_BEGUN = "grant_not_begun"


@dataclass(frozen=True, slots=True, eq=False)
class Leave:
    """An open grant, as far as it decides whether its recipient may watch now."""

    grant_id: int
    starts_at: datetime
    expires_at: datetime
    max_views: int | None
    views: int
    territories: Sequence[str] | None
    # The recipient's sitting under it that lives: to continue it takes no further view.
    viewing_id: int | None = None

    @property
    def views_left(self) -> float:
        """Count the views that are left."""
        return float("inf") if self.max_views is None else self.max_views - self.views


def may_end(ends_at: datetime, now: datetime) -> bool:
    """Tell whether leave to watch may end then: ahead, and within `MAX_GRANT`."""
    return timedelta(0) < ends_at - now <= MAX_GRANT


def where_refused(territories: Sequence[str] | None, country: str | None) -> Refusal | None:
    """Hold a country (ISO 3166-1; None: unknown) to territory codes; None of those: everywhere.

    A group means its members of today.
    """
    if territories is None:
        return None
    allowed = TERRITORIES.parse(territories)
    if allowed == TERRITORIES.everything:
        return None
    if country is None:
        return Refusal.COUNTRY_UNKNOWN
    return None if covers(allowed, TERRITORIES.find(country)) else Refusal.NOT_IN_TERRITORY


def why_not(leave: Leave, now: datetime, country: str | None) -> Refusal | None:
    """Tell why an open grant does not let its recipient watch now; None: it does."""
    if leave.starts_at > now:
        return Refusal.NOT_BEGUN
    if refused := where_refused(leave.territories, country):
        return refused
    if leave.viewing_id is None and leave.views_left <= 0:
        return Refusal.NO_VIEWS_LEFT
    return None


def best_of(leaves: Iterable[Leave]) -> Leave:
    """Choose: the one under which they are watching, else of most views, else that ends last."""
    return max(
        leaves,
        key=lambda leave: (leave.viewing_id is not None, leave.views_left, leave.expires_at),
    )


def told_first(refusals: Iterable[Refusal]) -> Refusal:
    """Choose which of several refusals is told."""
    return min(refusals, key=list(Refusal).index)
