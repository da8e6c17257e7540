"""What goes into the catalogue."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.catalogue import examples
from app.catalogue.rules import EXTENT, FUNDING, PLACE, contradiction, default_stage
from app.catalogue.values import Country, Eidr, EmptyForNull, Isan, Language, Year, once
from app.ids import Id
from app.incoming import Incoming
from app.models.catalogue import MAX_NUMBER
from app.models.vocabulary import CreditRole, Genre, Kind, Sought, Stage
from app.money import Money

Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Synopsis = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Reference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(description="Your own name for it, unique among your titles.", examples=["MF-1979-03"]),
]
Small = Annotated[int, Field(strict=True, ge=1, le=1000)]
PartOf = Annotated[
    Id,
    Field(
        description="The title of yours that a season, episode, volume or supplement is part of: "
        "a season is part of a series, an episode or a volume of a season or series, a supplement "
        "of anything."
    ),
]
SeasonNumber = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=MAX_NUMBER,
        description="Of a season; of an episode or a volume that is part of the series itself.",
    ),
]
PartNumber = Annotated[int, Field(strict=True, ge=0, le=MAX_NUMBER)]


def _no_language_twice(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401
    """Refuse two spellings of one tag: one text would silently replace the other."""
    read = handler(value)
    if read is not None and len(read) != len(value):
        raise ValueError("names one language twice, in two spellings of its tag")
    return read


class TextIn(Incoming):
    """What is said of a title in one language."""

    title: Line = Field(examples=["Stalker"])
    logline: Line | None = Field(
        default=None,
        examples=["A guide leads two men through the Zone to a room that grants wishes."],
    )
    synopsis: Synopsis | None = None


class Part(BaseModel):
    """The root of what stands inside a body, whose own root has looked for U+0000 everywhere."""

    model_config = Incoming.model_config


class Credit(Part):
    """Who did what on a title."""

    role: CreditRole
    name: ShortLine = Field(examples=["Андрей Тарковский"])
    character: ShortLine | None = Field(
        default=None, description="Whom somebody of the cast plays."
    )


class AwardResult(StrEnum):
    """How a title fared at a festival or award."""

    WON = "won"
    NOMINATED = "nominated"
    SELECTED = "selected"


class Award(Part):
    """An award won, or a festival that showed the title."""

    name: ShortLine = Field(examples=["Golden Goblet"])
    category: ShortLine | None = Field(default=None, examples=["Best feature film"])
    year: Year | None = None
    result: AwardResult


class Financing(Part):
    """What a project costs, and what of it is in place."""

    budget: Money | None = None
    in_place: Money | None = None
    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def _in_place_is_part_of_it(self) -> Self:
        budget, in_place = self.budget, self.in_place
        if not budget or not in_place or budget.currency != in_place.currency:
            return self
        if in_place.amount > budget.amount:
            raise ValueError("has more in place than it costs")
        return self


Languages = Annotated[list[Language], AfterValidator(once), Field(max_length=100)]
Countries = Annotated[list[Country], AfterValidator(once), Field(max_length=30)]
Genres = Annotated[list[Genre], AfterValidator(once), Field(max_length=len(Genre))]
Keywords = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=100)]],
    AfterValidator(once),
    Field(max_length=100),
]
Credits = Annotated[
    list[Credit], Field(max_length=500, description="In billing order, directors first.")
]
Awards = Annotated[list[Award], Field(max_length=300)]
Seeks = Annotated[list[Sought], AfterValidator(once)]
Texts = Annotated[
    dict[Language, TextIn],
    WrapValidator(_no_language_twice),
    Field(max_length=60, description="BCP 47 language to what is said in it."),
]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _as_patch(schema: dict[str, Any]) -> None:
    """Keep out of the documentation what a patch never does: nothing is set that is not given."""
    for member in schema["properties"].values():
        member.pop("default", None)
    schema["examples"] = [examples.PATCH]


class TitleIn(Incoming):
    """A new title; it is a draft until it is published."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOLD]})

    reference: Reference | None = None
    kind: Kind
    stage: Annotated[Stage, Field(validate_default=True)] = Field(
        default=None,  # type: ignore[assignment]  # the validator below gives one
        description="Left out: in_development for a project, completed for anything else.",
        json_schema_extra=_without_default,
    )
    part_of_id: PartOf | None = None
    season_number: SeasonNumber | None = None
    volume_number: PartNumber | None = None
    episode_number: PartNumber | None = None
    original_title: Line = Field(examples=["Сталкер"])
    original_language: Language | None = None
    year: Year | None = Field(default=None, description="Of completion, or planned for.")
    runtime_minutes: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    seasons: Small | None = None
    episodes: Annotated[int, Field(strict=True, ge=1, le=30_000)] | None = None
    episode_minutes: Small | None = None
    countries: Countries = Field(default=[], description="Of production.")
    audio_languages: Languages = Field(default=[])
    subtitle_languages: Languages = Field(default=[])
    genres: Genres = Field(default=[])
    keywords: Keywords = Field(default=[])
    credits: Credits = Field(default=[])
    awards: Awards = Field(default=[])
    eidr: Eidr | None = None
    isan: Isan | None = None
    seeks: Seeks = Field(
        default=[], description="What a project, or an unfinished title, looks for."
    )
    financing: Financing | None = None
    texts: Texts = Field(default={})

    @field_validator("stage", mode="before")
    @classmethod
    def _default_stage(cls, stage: object, info: ValidationInfo) -> object:
        return default_stage(info.data.get("kind")) if stage is None else stage

    @field_validator("stage", *PLACE, *EXTENT, *FUNDING)
    @classmethod
    def _fits_kind_and_stage(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        if complaint := contradiction(info.field_name or "", value, info.data):
            raise ValueError(complaint)
        return value


class TitlePatch(Incoming):
    """What changes (RFC 7396): what is left out stays, null empties. Texts are set one by one."""

    model_config = ConfigDict(json_schema_extra=_as_patch)

    reference: Reference | None = None
    kind: Kind = Kind.FEATURE
    stage: Stage = Stage.COMPLETED
    part_of_id: PartOf | None = None
    season_number: SeasonNumber | None = None
    volume_number: PartNumber | None = None
    episode_number: PartNumber | None = None
    original_title: Line = ""
    original_language: Language | None = None
    year: Year | None = None
    runtime_minutes: Annotated[int, Field(strict=True, ge=1, le=60_000)] | None = None
    seasons: Small | None = None
    episodes: Annotated[int, Field(strict=True, ge=1, le=30_000)] | None = None
    episode_minutes: Small | None = None
    countries: Annotated[Countries, EmptyForNull] = Field(default=[])
    audio_languages: Annotated[Languages, EmptyForNull] = Field(default=[])
    subtitle_languages: Annotated[Languages, EmptyForNull] = Field(default=[])
    genres: Annotated[Genres, EmptyForNull] = Field(default=[])
    keywords: Annotated[Keywords, EmptyForNull] = Field(default=[])
    credits: Annotated[Credits, EmptyForNull] = Field(default=[])
    awards: Annotated[Awards, EmptyForNull] = Field(default=[])
    eidr: Eidr | None = None
    isan: Isan | None = None
    seeks: Annotated[Seeks, EmptyForNull] = Field(default=[])
    financing: Financing | None = None
