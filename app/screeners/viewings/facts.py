"""What is known of a viewing and its film, read in one statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.models.accounts import Organisation, Person
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import RenditionKind, Screener, ScreenerRendition, ScreenerSubtitles
from app.models.viewings import Viewing
from app.screeners.viewings.access import EXPIRES_AT, OVER, STANDS_ON, watching

_OFFERED = (
    func.json_build_object(
        *("name", ScreenerRendition.name),
        *("kind", ScreenerRendition.kind),
        *("language", ScreenerRendition.language),
        *("label", ScreenerRendition.label),
        *("width", ScreenerRendition.width),
        *("height", ScreenerRendition.height),
        *("bandwidth", ScreenerRendition.bandwidth),
        *("average_bandwidth", ScreenerRendition.average_bandwidth),
        *("frame_rate", ScreenerRendition.frame_rate),
        *("codecs", ScreenerRendition.codecs),
    ),
)
_RENDITIONS = (
    select(
        cast(
            func.json_agg(
                aggregate_order_by(*_OFFERED, ScreenerRendition.height, ScreenerRendition.name)
            ),
            Text,
        )
    )
    .where(ScreenerRendition.screener_id == Screener.id)
    .correlate(Screener.__table__)
    .scalar_subquery()
)
_SUBTITLES = (
    select(
        func.array_agg(aggregate_order_by(ScreenerSubtitles.language, ScreenerSubtitles.language))
    )
    .where(ScreenerSubtitles.screener_id == Screener.id)
    .correlate(Screener.__table__)
    .scalar_subquery()
)
_COLUMNS = (
    Viewing.id.label("viewing_id"),
    Viewing.screener_id,
    Screener.title_id,
    Title.original_title.label("title"),
    Screener.duration_milliseconds,
    Viewing.position_milliseconds,
    Viewing.opened_at,
    Viewing.last_seen_at,
    EXPIRES_AT.label("expires_at"),
    func.coalesce(Person.name, ScreenerGrant.recipient_name, "").label("viewer"),
    Organisation.name.label("company"),
    cast(Screener.pictures, Text).label("pictures"),
    _RENDITIONS.label("renditions"),
    _SUBTITLES.label("subtitles"),
)
# By `viewing_id` and `token_hash`
FACTS: Select[Any] = watching(*_COLUMNS)


def facts_of(viewing_id: int, person_id: int | None = None) -> Select[Any]:
    """Select the facts of a viewing; with a `person_id`, only of that person's own."""
    found = select(OVER, *_COLUMNS).select_from(STANDS_ON).where(Viewing.id == viewing_id)
    return found if person_id is None else found.where(Viewing.person_id == person_id)


@dataclass(frozen=True, slots=True)
class Offered:
    """A rendition that a player may choose."""

    name: str
    kind: RenditionKind
    language: str | None
    label: str | None
    width: int | None
    height: int | None
    bandwidth: int
    average_bandwidth: int | None
    frame_rate: float | None
    codecs: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A viewing, who watches, and what there is to watch."""

    viewing_id: int
    screener_id: int
    title_id: int
    title: str
    duration_milliseconds: int
    position_milliseconds: int
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    viewer: str
    company: str | None
    pictures: dict[str, Any]
    renditions: tuple[Offered, ...]
    subtitles: tuple[str, ...]
    over: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any] | asyncpg.Record) -> "Facts":
        """Read a row of `FACTS`."""
        given = dict(row)
        offered = json.loads(given.pop("renditions") or "[]")
        return cls(
            pictures=json.loads(given.pop("pictures") or "{}"),
            renditions=tuple(
                Offered(**{**each, "kind": RenditionKind(each["kind"])}) for each in offered
            ),
            subtitles=tuple(given.pop("subtitles") or ()),
            **given,
        )

    @property
    def pictured(self) -> list[Offered]:
        """Give the renditions of the picture, smallest first."""
        return [each for each in self.renditions if each.kind is RenditionKind.VIDEO]

    @property
    def sounded(self) -> list[Offered]:
        """Give the sound tracks."""
        return [each for each in self.renditions if each.kind is RenditionKind.AUDIO]

    @property
    def seconds_left(self) -> int:
        """Count the whole seconds until it ends."""
        return max(0, int((self.expires_at - datetime.now(UTC)).total_seconds()))
