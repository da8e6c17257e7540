"""Who sees a title: the market the published ones of approved sellers, a seller their own.

Of a part the market sees nothing as long as it does not see what it is part of.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from app.models.accounts import Organisation, Standing
from app.models.catalogue import Title, TitleState


def constant(value: int) -> ColumnElement[int]:
    """Write a number into a statement, for the planner to see; not for what a caller sends."""
    written: ColumnElement[int] = literal_column(str(value), type_=BigInteger)
    return written


# Literals, not binds: a partial index is used only where its predicate stands in the statement.
_PUBLISHED: ColumnElement[str] = literal_column(f"'{TitleState.PUBLISHED}'")
_NOT_LET_IN: list[ColumnElement[str]] = [
    literal_column(f"'{standing}'") for standing in Standing if standing is not Standing.APPROVED
]


def is_published() -> ColumnElement[bool]:
    """Tell of a title whether its seller has put it on the market."""
    return Title.state == _PUBLISHED


def is_listed() -> ColumnElement[bool]:
    """Tell of a title whether the market's list has it: said as its indexes say it."""
    return and_(is_published(), Title.part_of_id.is_(None))


def wholes_are_published(part_of_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Tell whether what a title is part of is published, and what that is part of, and so on."""
    return func.wholes_are_published(part_of_id, type_=Boolean)


def is_let_in(t: Any = Title) -> ColumnElement[bool]:  # noqa: ANN401  # titles, or columns of theirs
    """Tell of a title whether its seller is in the market: those who aren't are few, and hashed."""
    hidden = select(Organisation.id).where(Organisation.standing.in_(_NOT_LET_IN))
    let_in: ColumnElement[bool] = t.seller_id.not_in(hidden)
    return let_in


def in_market() -> ColumnElement[bool]:
    """Tell of a title whether the market sees it."""
    is_shown = or_(Title.part_of_id.is_(None), wholes_are_published(Title.part_of_id))
    return and_(is_published(), is_let_in(), is_shown)


def is_own() -> ColumnElement[bool]:
    """Tell of a title whether it belongs to the caller's organisation."""
    return Title.seller_id == bindparam("organisation_id", type_=BigInteger)


def is_visible() -> ColumnElement[bool]:
    """Tell of a title whether the caller sees it."""
    return or_(is_own(), in_market())


# Which titles a list is of ----------------------------------------------------------------------

PART_OF_ID = bindparam("part_of_id", type_=BigInteger)


class Parts(Enum):
    """Which parts of titles are in a list."""

    NONE = auto()
    # Nothing but the parts of one title, the bind `part_of_id`
    OF_ONE = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class Among:
    """Which titles a list is of: the market's or one's own, with which parts."""

    is_own: bool = False
    parts: Parts = Parts.NONE

    @property
    def is_market(self) -> bool:
        """Tell whether it is the market's list, which has indexes of its own."""
        return not self.is_own and self.parts is Parts.NONE

    def holds(self) -> ColumnElement[bool]:
        """Tell of a title whether it is one of them, if its seller is let in."""
        whose = is_own() if self.is_own else is_published()
        if self.parts is Parts.ALL:
            return whose
        if self.parts is Parts.NONE:
            return and_(whose, Title.part_of_id.is_(None))
        is_shown = [] if self.is_own else [wholes_are_published(PART_OF_ID)]
        return and_(whose, Title.part_of_id == PART_OF_ID, *is_shown)

    def seller_is_let_in(self, t: Any = Title) -> list[ColumnElement[bool]]:  # noqa: ANN401
        """Ask of a title, or of columns of one, what else there is to hold."""
        return [] if self.is_own else [is_let_in(t)]
