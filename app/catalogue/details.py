"""One title as a whole, as one statement."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.items import as_sent, in_language_wanted, instant, item_columns
from app.catalogue.visibility import is_own, is_visible
from app.db import Read, Reads
from app.errors import NotFound
from app.etags import etag_of
from app.models.accounts import Organisation
from app.models.catalogue import Title, TitleText

_TEXT = func.json_build_object(
    literal_column("'title'"),
    TitleText.title,
    literal_column("'logline'"),
    TitleText.logline,
    literal_column("'synopsis'"),
    TitleText.synopsis,
)
_TEXTS = (
    select(func.coalesce(func.json_object_agg(TitleText.language, _TEXT), literal_column("'{}'")))
    .where(TitleText.title_id == Title.id)
    .correlate(Title)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A title as JSON, and what its answer says of it in headers."""

    item: bytes
    version: int
    # The title shows its seller's name, so that a change of that is another answer
    seller_version: int
    language: str | None

    def headers(self) -> dict[str, str]:
        """Give `ETag`, `Content-Language` and `Vary`."""
        etag = etag_of(self.version, f"{self.seller_version}-{self.language or ''}")
        headers = {"ETag": etag, "Vary": "Accept-Language"}
        return headers | ({"Content-Language": self.language} if self.language else {})


async def show_title(
    reads: Reads, organisation_id: int, id_: int, languages: tuple[str, ...]
) -> Shown:
    """Give a title.

    Raises:
        NotFound: it isn't there, or isn't the organisation's to see.
    """
    found = await reads.row(READ, **binds(organisation_id, id_, languages))
    if found is None:
        raise NotFound("title")
    return Shown(*found)


async def show_written(
    session: AsyncSession, organisation_id: int, id_: int, languages: tuple[str, ...]
) -> Shown:
    """Give a title as a transaction left it that may see it, and is not yet committed."""
    found = await session.execute(_WRITTEN, binds(organisation_id, id_, languages))
    return Shown(*found.one())


def binds(organisation_id: int, id_: int, languages: tuple[str, ...]) -> dict[str, Any]:
    return {"organisation_id": organisation_id, "id": id_, "languages": list(languages)}


def _whole(told: FromClause) -> FromClause:
    """Give titles with what is told of them, and each as a whole: as `item`."""
    item = (
        select(
            *item_columns(told),
            case((is_own(), Title.reference)).label("reference"),
            told.c.synopsis,
            _TEXTS.label("texts"),
            Title.audio_languages,
            Title.subtitle_languages,
            Title.keywords,
            Title.credits,
            Title.awards,
            Title.eidr,
            Title.isan,
            Title.seeks,
            Title.financing,
            instant(Title.created_at).label("created_at"),
            instant(Title.updated_at).label("updated_at"),
        )
        .correlate(Title, Organisation, told)
        .lateral("item")
    )
    return (
        Title.__table__.join(Organisation, Organisation.id == Title.seller_id)
        .join(told, true())
        .join(item, true())
    )


def whole_titles() -> FromClause:
    """Give titles to select `row_to_json(item)` from: each as `GET /v1/titles/{id}` shows it."""
    return _whole(in_language_wanted())


def _statement(*conditions: ColumnElement[bool]) -> Select[Any]:
    told = in_language_wanted()
    return (
        select(
            as_sent(cast(func.row_to_json(literal_column("item")), Text)),
            Title.version,
            Organisation.version,
            told.c.language,
        )
        .select_from(_whole(told))
        .where(Title.id == bindparam("id", type_=BigInteger), *conditions)
    )


READ = Read(_statement(is_visible()))
# An organiser who withdrew a title is told so, and sees it no more
_WRITTEN = _statement()
