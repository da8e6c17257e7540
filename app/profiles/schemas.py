"""What goes in and out of either sort of profile."""

from collections.abc import Hashable
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.accounts.schemas import Country, Email, Language, Name, Out, Website
from app.ids import Id
from app.incoming import Incoming, QueryText
from app.models.vocabulary import Genre, Kind
from app.profiles.codes import Medium, Territory
from app.search import MAX_QUERY

MAX_LANGUAGES = 60
MAX_TERRITORIES = 300
MAX_MEDIA = 60
MAX_CONTACTS = 30

Word = TypeVar("Word", bound=Hashable)


def _once(values: list[Word]) -> list[Word]:
    """Keep the first of what is said twice."""
    return list(dict.fromkeys(values))


def _no_language_twice(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401
    """Refuse two spellings of one language tag: one text would silently replace the other."""
    read = handler(value)
    if len(read) != len(value):
        raise ValueError("names one language twice, in two spellings of its tag")
    return read


class ProfileText(Incoming):
    """What a company is called and says of itself in one language."""

    name: Name = Field(examples=["Қазақфильм"])
    about: Annotated[str, StringConstraints(max_length=5000)] | None = Field(
        default=None, examples=["Қазақстанның ең көне киностудиясы."]
    )


class Contact(Incoming):
    """Somebody to write to."""

    name: Name = Field(examples=["Aigerim Omarova"])
    position: Name | None = Field(default=None, examples=["Head of sales"])
    email: Email | None = None
    phone: (
        Annotated[str, StringConstraints(max_length=40, pattern=r"^\+?[0-9][0-9 ()./-]{2,38}$")]
        | None
    ) = Field(default=None, examples=["+7 727 000 0000"])


Texts = Annotated[
    dict[Language, ProfileText],
    Field(
        min_length=1,
        max_length=MAX_LANGUAGES,
        description="BCP 47 language to name and description: one language at least.",
        examples=[
            {
                "en": {"name": "Kazakhfilm Sales", "about": "Films of the steppe since 1941."},
                "kk": {"name": "Қазақфильм", "about": None},
            }
        ],
        json_schema_extra={"additionalProperties": False},
    ),
    WrapValidator(_no_language_twice),
]
Kinds = Annotated[list[Kind], Field(max_length=len(Kind)), AfterValidator(_once)]
Genres = Annotated[list[Genre], Field(max_length=len(Genre)), AfterValidator(_once)]
Territories = Annotated[list[Territory], Field(max_length=MAX_TERRITORIES), AfterValidator(_once)]
Media = Annotated[list[Medium], Field(max_length=MAX_MEDIA), AfterValidator(_once)]
Languages = Annotated[list[Language], Field(max_length=MAX_LANGUAGES), AfterValidator(_once)]
Contacts = Annotated[
    list[Contact],
    Field(
        max_length=MAX_CONTACTS,
        description="Shown to whoever may see the profile, on the profile itself and in no list.",
    ),
]


class ProfileIn(Incoming):
    """A whole profile: it takes the place of the one before, so what is left out is gone."""

    texts: Texts
    website: Website | None = Field(
        default=None, description="Left out: the organisation's own is shown."
    )
    kinds: Kinds = Field(default=[], examples=[["feature", "series"]])
    genres: Genres = Field(default=[], examples=[["drama", "history"]])
    territories: Territories = Field(default=[], examples=[["WORLD"]])
    media: Media = Field(default=[], examples=[["SVOD", "FREE_TV"]])
    languages: Languages = Field(default=[], examples=[["kk", "ru"]])
    contacts: Contacts = Field(default=[])


class ProfileItem(Out):
    """A profile as a list shows it."""

    organisation_id: Id
    name: str = Field(description="In the language that `Accept-Language` chose.")
    about: str | None
    language: str | None = Field(
        description="The language of `name` and `about`; null when they are not known in any."
    )
    country: str
    website: str | None
    kinds: list[Kind]
    genres: list[Genre]
    territories: list[str]
    media: list[str]
    languages: list[str]
    updated_at: datetime


class ProfileOut(ProfileItem):
    """A profile as a whole."""

    texts: dict[str, ProfileText]
    contacts: list[Contact]
    created_at: datetime


class ProfileFilters(BaseModel):
    """What a list of profiles is narrowed by: a profile must meet every filter that is given.

    A profile that leaves `kinds` (or any other list) empty says nothing of it, and meets no filter
    of that name.
    """

    q: QueryText | None = Field(
        default=None,
        max_length=MAX_QUERY,
        description="Words of names, descriptions or contacts, in any script; the last may be "
        "unfinished. The best matches come first.",
        examples=["казахфильм"],
    )
    country: Country | None = Field(default=None, description="Where the company is.")
    kind: Kind | None = None
    genre: Genre | None = None
    territory: Territory | None = Field(
        default=None,
        description="A country or a group. Finds profiles that name it, and those that name a "
        "group it lies in: KZ also finds CENTRAL_ASIA and WORLD. It doesn't find profiles that "
        "name only a part of it.",
        examples=["KZ"],
    )
    medium: Medium | None = Field(
        default=None,
        description="A medium or a group, found as territories are: FAST also finds AVOD and ALL.",
        examples=["SVOD"],
    )
    language: Language | None = Field(
        default=None, description="Exactly this tag: zh doesn't find zh-Hant.", examples=["ru"]
    )
