"""What a list of titles is narrowed and sorted by.

Each filter is said twice: as a condition on a column, which a walk along an index tests row by
row, and as words of the search index, which find the few rows where the walk would be long. See
docs/decisions/0004-search.md.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SmallInteger,
    SQLColumnExpression,
    Text,
    any_,
    bindparam,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.catalogue.asking import (
    AvailableFrom,
    AvailableIn,
    AvailableLanguages,
    AvailableMedia,
    AvailableUntil,
    Exclusive,
    check,
    wanted,
    way_of,
)
from app.catalogue.available import EXCLUSIVELY, SHARED, is_free
from app.catalogue.values import Country, Language, once
from app.catalogue.visibility import Among, Parts
from app.ids import Id
from app.incoming import refuse_nul
from app.models.catalogue import Title, TitleState
from app.models.vocabulary import PARTS, Genre, Kind, Stage
from app.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.search import MAX_QUERY

EARLIEST, LATEST = 1870, 2200
LONGEST = 60_000


class Sort(StrEnum):
    """The order of a list; what is equal in it stands by age."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    YEAR = "year"
    YEAR_DESCENDING = "-year"
    TITLE = "title"
    # Parts as they follow each other
    NUMBER = "number"


def _no_nul(text: str) -> str:
    refuse_nul(text)
    return text


def _none_if_blank(text: object) -> object:
    """Take an empty search field as no search."""
    return None if isinstance(text, str) and not text.strip() else text


Words = Annotated[str, StringConstraints(max_length=MAX_QUERY), AfterValidator(_no_nul)]
Query = Annotated[Words | None, BeforeValidator(_none_if_blank)]
Year = Annotated[int, Field(ge=EARLIEST, le=LATEST)]
Minutes = Annotated[int, Field(ge=1, le=LONGEST)]
MAX_VALUES = 50


class TitleFilters(BaseModel):
    """A title must meet every filter that is given; of a filter given several times, one value."""

    q: Query = Field(
        default=None,
        description="Words of titles, credits, keywords, loglines or synopses in any script, or as "
        "they sound in Latin letters; the last may be unfinished. The first ten count.",
        examples=["stalker"],
    )
    kind: Annotated[list[Kind], AfterValidator(once), Field(max_length=MAX_VALUES)] = []
    genre: Annotated[list[Genre], AfterValidator(once), Field(max_length=MAX_VALUES)] = []
    country: Annotated[
        list[Country],
        AfterValidator(once),
        Field(max_length=MAX_VALUES, description="Of production.", examples=[["KZ", "SU"]]),
    ] = []
    language: Annotated[
        list[Language],
        AfterValidator(once),
        Field(
            max_length=MAX_VALUES,
            description="Of the original, the audio or the subtitles; zh finds zh-Hans too.",
            examples=[["ru"]],
        ),
    ] = []
    stage: Annotated[list[Stage], AfterValidator(once), Field(max_length=MAX_VALUES)] = []
    year_min: Year | None = None
    year_max: Year | None = None
    runtime_min: Minutes | None = Field(default=None, description="Minutes.")
    runtime_max: Minutes | None = Field(default=None, description="Minutes.")
    seller_id: Id | None = None
    part_of_id: Id | None = Field(
        default=None,
        description="The parts of this title: seasons, episodes, volumes, supplements. Without it "
        "the list has none.",
    )
    available_in: AvailableIn = []
    available_media: AvailableMedia = []
    available_languages: AvailableLanguages = []
    available_from: AvailableFrom = None
    available_until: AvailableUntil = None
    exclusive: Exclusive = False
    mine: bool = Field(
        default=False,
        description="Your organisation's own titles, in any state, instead of the market's; with "
        "their parts where kind names a kind of part.",
    )
    state: Annotated[
        list[TitleState],
        AfterValidator(once),
        Field(
            max_length=MAX_VALUES,
            description="Only with mine=true: the market's are all published.",
        ),
    ] = []

    @cached_property
    def given(self) -> dict[str, Any]:
        """Give the values of the filters that are given, by their names."""
        named = {name: getattr(self, name, None) for name in CONDITIONS}
        return {name: value for name, value in named.items() if value not in (None, [])}

    @property
    def asked(self) -> dict[str, Any]:
        """Give the binds of what is to be free: not kept, for it may be asked from today on."""
        return wanted(self) if self.available_in else {}

    @property
    def way(self) -> str | None:
        """Give the way in which something is to be free, if anything is."""
        return way_of(self) if self.available_in else None

    @cached_property
    def present(self) -> frozenset[str]:
        """Name the filters that are given: what a statement depends on."""
        return frozenset(self.given) | ({self.way} if self.way else set())

    @cached_property
    def among(self) -> Among:
        """Tell which titles are asked about."""
        if self.part_of_id is not None:
            return Among(self.mine, Parts.OF_ONE)
        with_parts = self.mine and not set(PARTS).isdisjoint(self.kind)
        return Among(self.mine, Parts.ALL if with_parts else Parts.NONE)

    @model_validator(mode="after")
    def _availability_can_be_asked(self) -> Self:
        check(self)
        return self

    @model_validator(mode="after")
    def _only_own_have_states(self) -> Self:
        if self.state and not self.mine:
            raise ValueError("state goes with mine=true: the market's titles are all published")
        return self


class TitleQuery(TitleFilters):
    """What a list of titles is asked for."""

    sort: Sort | None = Field(
        default=None,
        description="Left out: relevance with q, number with part_of_id, else newest. Unknown "
        "years and numbers come last.",
    )
    limit: Annotated[int, Field(ge=1)] = Field(
        default=DEFAULT_LIMIT, description="Rows a page; more than 100 is taken as 100."
    )
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )

    @cached_property
    def order(self) -> Sort:
        """Give the order: nothing is relevant where nothing is looked for."""
        if self.q is not None:
            return self.sort or Sort.RELEVANCE
        if self.sort in {None, Sort.RELEVANCE}:
            return Sort.NEWEST if self.part_of_id is None else Sort.NUMBER
        return self.sort

    @cached_property
    def page_size(self) -> int:
        """Give the rows a page has at most."""
        return min(self.limit, MAX_LIMIT)

    @model_validator(mode="after")
    def _only_parts_have_numbers(self) -> Self:
        if self.sort is Sort.NUMBER and self.part_of_id is None:
            raise ValueError("sort=number goes with part_of_id: only parts follow each other")
        return self


def _texts(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Text))


def _overlaps(of: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return of.op("&&", is_comparison=True)(_texts(name))


# The conditions on the columns of `titles`, or of a subquery that has them.
CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "kind": lambda t: t.kind == any_(_texts("kind")),
    "genre": lambda t: _overlaps(t.genres, "genre"),
    "country": lambda t: _overlaps(t.countries, "country"),
    "language": lambda t: _overlaps(t.languages, "language"),
    "stage": lambda t: t.stage == any_(_texts("stage")),
    "year_min": lambda t: t.year >= bindparam("year_min", type_=SmallInteger),
    "year_max": lambda t: t.year <= bindparam("year_max", type_=SmallInteger),
    "runtime_min": lambda t: t.runtime_minutes >= bindparam("runtime_min", type_=BigInteger),
    "runtime_max": lambda t: t.runtime_minutes <= bindparam("runtime_max", type_=BigInteger),
    "seller_id": lambda t: t.seller_id == bindparam("seller_id", type_=BigInteger),
    "state": lambda t: t.state == any_(_texts("state")),
    EXCLUSIVELY: lambda t: is_free(EXCLUSIVELY, t),
    SHARED: lambda t: is_free(SHARED, t),
}
# What the conditions read
TESTED = (
    *(Title.kind, Title.genres, Title.countries, Title.languages, Title.stage, Title.year),
    *(Title.runtime_minutes, Title.seller_id, Title.state),
)
_TESTED_BY: dict[str, SQLColumnExpression[Any]] = {
    "kind": Title.kind,
    "genre": Title.genres,
    "country": Title.countries,
    "language": Title.languages,
    "stage": Title.stage,
    "year_min": Title.year,
    "year_max": Title.year,
    "runtime_min": Title.runtime_minutes,
    "runtime_max": Title.runtime_minutes,
    "state": Title.state,
}


def tested(names: Iterable[str]) -> list[SQLColumnExpression[Any]]:
    """Give the columns that the conditions of some filters read, and whose title it is."""
    return list(
        dict.fromkeys(
            [Title.seller_id, *(_TESTED_BY[name] for name in sorted(names) if name in _TESTED_BY)]
        )
    )


def conditions(names: Iterable[str], t: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401
    """Give the conditions of the filters that are given."""
    return [CONDITIONS[name](t) for name in sorted(names)]
