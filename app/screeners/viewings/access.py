"""Whether a viewing still holds: asked, in one statement, at everything that its player fetches.

What a token opens ends with its grant, its screener, its title's stay in the market, and with the
standing of who watches: at the next key, list of segments or heartbeat.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
)

from app.catalogue.visibility import in_market
from app.errors import Forbidden, NotFound
from app.models.accounts import Organisation, Person, Standing
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener, ScreenerState
from app.models.viewings import Viewing, ViewingEnd

WORDS = {
    ViewingEnd.EXPIRED: "The time to watch is over. Open the film again, where you still may.",
    ViewingEnd.REVOKED: "Leave to watch this film was taken back.",
    ViewingEnd.WITHDRAWN: "This film was withdrawn.",
}


class ViewingOver(Forbidden):
    """403: it was a viewing, and is over; `reason` says why."""

    code = "viewing_over"

    def __init__(self, reason: ViewingEnd) -> None:
        """Say why, in plain words and in one for programs."""
        super().__init__(WORDS[reason], reason=reason.value)


# What a viewing stands on. Without a grant it is of the seller's or administrator's own people;
# without a person, of the holder of a link.
STANDS_ON: FromClause = (
    Viewing.__table__.join(Screener.__table__, Screener.id == Viewing.screener_id)
    .join(Title.__table__, Title.id == Screener.title_id)
    .outerjoin(ScreenerGrant.__table__, ScreenerGrant.id == Viewing.grant_id)
    .outerjoin(Person.__table__, Person.id == Viewing.person_id)
    .outerjoin(Organisation.__table__, Organisation.id == Person.organisation_id)
)

# The grant may have been shortened since.
EXPIRES_AT: ColumnElement[Any] = func.least(Viewing.expires_at, ScreenerGrant.expires_at)

_IS_OWN = or_(
    Person.organisation_id == Screener.organisation_id,
    Person.organisation_id == Screener.administrator_id,
)
_IS_GONE = or_(
    Screener.state != ScreenerState.READY,
    and_(Viewing.grant_id.is_not(None), in_market().is_not(True)),
)
_IS_REVOKED = or_(
    ScreenerGrant.revoked_at.is_not(None),
    Person.removed_at.is_not(None),
    Organisation.standing != Standing.APPROVED,
    and_(Viewing.grant_id.is_(None), _IS_OWN.is_not(True)),
)

# By the clock, not by when the transaction began
_IS_PAST = EXPIRES_AT.op("<=")(func.clock_timestamp())

# Why a viewing is over; NULL while it holds. Of `STANDS_ON`, for one viewing or for many.
OVER: ColumnElement[Any] = case(
    (Viewing.end_reason.is_not(None), Viewing.end_reason),
    (_IS_GONE, ViewingEnd.WITHDRAWN.value),
    (_IS_REVOKED, ViewingEnd.REVOKED.value),
    (_IS_PAST, ViewingEnd.EXPIRED.value),
    else_=null(),
).label("over")


def watching(*columns: Any) -> Select[Any]:  # noqa: ANN401  # whatever of it is asked for
    """Select columns of the viewing with this `viewing_id` and `token_hash`, and `over`."""
    return (
        select(OVER, *columns)
        .select_from(STANDS_ON)
        .where(
            Viewing.id == bindparam("viewing_id", type_=BigInteger),
            Viewing.token_hash == bindparam("token_hash", type_=LargeBinary),
        )
    )


def require_open(over: str | None) -> None:
    """Hold a fetch to a viewing that is not over.

    Raises:
        ViewingOver: it is.
    """
    if over is not None:
        raise ViewingOver(ViewingEnd(over))


def no_such_viewing() -> NotFound:
    """Refuse an unknown viewing and a wrong token alike."""
    return NotFound("viewing")
