"""What comes out of the catalogue."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.catalogue import examples
from app.catalogue.schemas import Award, Credit, Financing
from app.ids import Id
from app.models.catalogue import TitleState
from app.models.vocabulary import Genre, Kind, Sought, Stage


class SellerRef(BaseModel):
    """Who sells it."""

    id: Id
    name: str


class TitleItem(BaseModel):
    """A title as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ITEM]})

    id: Id
    kind: Kind
    stage: Stage
    state: TitleState
    part_of_id: Id | None = Field(description="The title that a part is part of.")
    season_number: int | None
    volume_number: int | None
    episode_number: int | None
    title: str = Field(
        description="In the language that `Accept-Language` chose, else the original."
    )
    title_language: str | None = Field(description="The language of `title` and `logline`.")
    original_title: str
    original_language: str | None
    logline: str | None
    year: int | None
    runtime_minutes: int | None
    seasons: int | None
    episodes: int | None
    episode_minutes: int | None
    countries: list[str]
    genres: list[Genre]
    seller: SellerRef
    published_at: datetime | None


class TextOut(BaseModel):
    """What is said of a title in one language."""

    title: str
    logline: str | None
    synopsis: str | None


class TitleOut(TitleItem):
    """A title as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WHOLE]})

    reference: str | None = Field(
        description="The seller's own name for it; shown to the seller alone."
    )
    synopsis: str | None
    texts: dict[str, TextOut]
    audio_languages: list[str]
    subtitle_languages: list[str]
    keywords: list[str]
    credits: list[Credit]
    awards: list[Award]
    eidr: str | None
    isan: str | None
    seeks: list[Sought]
    financing: Financing | None
    created_at: datetime
    updated_at: datetime


class Count(BaseModel):
    """How many titles have a value."""

    value: str
    count: int


class CappedCount(BaseModel):
    """How many titles there are; `capped` when there are more than were counted."""

    count: int
    capped: bool


class Facets(BaseModel):
    """What the titles found are like; counted over the newest `sampled` of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FACETS]})

    total: CappedCount
    sampled: int
    kind: list[Count]
    stage: list[Count]
    genre: list[Count]
    country: list[Count]
    language: list[Count]
    decade: list[Count]
