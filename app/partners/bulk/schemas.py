"""What goes in and out of imports and exports."""

from collections.abc import Hashable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from app.accounts.schemas import Country as CompanyCountry
from app.accounts.schemas import Email, Name, Website
from app.catalogue.values import Country, Language, once
from app.ids import Id
from app.incoming import Incoming
from app.models.accounts import Role
from app.models.catalogue import TitleState
from app.models.vocabulary import Genre, Kind, Stage
from app.partners.bulk.formats import FileFormat
from app.partners.imports.mapping import read_mapping
from app.partners.imports.rows import ImportRefused

Word = TypeVar("Word", bound=Hashable)

MAX_ITEMS = 1000
MAX_VALUES = 50
# Of S3, for what is put in one request
MAX_PUT = 5 * 2**30
FILE_ID = "csv-3f2a9c0d4be14e6f9a7b5c1d2e3f4a5b"
_URL = "https://store.example/filmmart/imports/116823110451200009/csv-3f2a9c0d?X-Amz-Expires=900"
_IMPORT: dict[str, JsonValue] = {
    "of": "titles",
    "items": [{"reference": "MF-1979-03", "kind": "feature", "original_title": "Сталкер"}],
}
_EXPORT: dict[str, JsonValue] = {"of": "titles", "format": "ndjson", "titles": {"mine": True}}
_UPLOAD: dict[str, JsonValue] = {
    "format": "csv",
    "size_bytes": 3_399_671,
    "md5": "9e107d9d372bb6826bd81d3542a419d6",
}
_COMPANY: dict[str, JsonValue] = {"name": "Kazakhfilm Sales", "country": "KZ"}
_PERSON: dict[str, JsonValue] = {"email": "aigerim@kazakhfilm.example", "role": "member"}
_FILE: dict[str, JsonValue] = {
    "url": "https://store.example/filmmart/exports/116823110451200009/116823110451200010.ndjson",
    "expires_at": "2026-11-22T09:15:00Z",
    "file_name": "titles-116823110451200010.ndjson",
    "content_type": "application/x-ndjson",
    "size_bytes": 1_250_000,
}


class ImportOf(StrEnum):
    """What is brought in."""

    TITLES = "titles"
    COMPANIES = "companies"
    PEOPLE = "people"


class ExportOf(StrEnum):
    """What is taken out: each is what the list of that name shows the caller."""

    TITLES = "titles"
    ORGANISATIONS = "organisations"
    PEOPLE = "people"
    SELLERS = "sellers"
    BUYERS = "buyers"
    OFFERINGS = "offerings"
    HOLDINGS = "holdings"
    LICENCES = "licences"
    MEETING_REQUESTS = "meeting-requests"


def _check_mapping(said: dict[str, Any] | None) -> dict[str, Any] | None:
    """Refuse a mapping that no file could be read by."""
    if said is not None:
        try:
            read_mapping(said)
        except ImportRefused as error:
            raise ValueError(str(error)) from error
    return said


class ImportIn(Incoming):
    """What is to be imported: a file that was sent before, or items of this very body."""

    model_config = ConfigDict(json_schema_extra={"examples": [_IMPORT]})

    of: ImportOf
    file_id: str | None = Field(default=None, max_length=100, examples=[FILE_ID])
    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_ITEMS)] | None = (
        Field(
            default=None,
            description="Up to 1,000 rows; each names its own members, as a line of NDJSON does.",
        )
    )
    mapping: Annotated[dict[str, Any], AfterValidator(_check_mapping)] | None = Field(
        default=None,
        description="Of titles: which column is which field, as a mapping of `filmmart import "
        "titles` says it, in JSON. Left out: columns bear the names of the fields.",
        examples=[{"fields": {"reference": "show_id", "kind": {"value": "feature"}}}],
    )
    publish: bool = Field(
        default=False, description="Of titles: publish drafts that have what the market must know."
    )
    dry_run: bool = Field(default=False, description="Tell everything, keep nothing.")

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if (self.file_id is None) == (self.items is None):
            raise ValueError("says either file_id or items: one of them, and not both")
        if self.of is not ImportOf.TITLES and (self.mapping or self.publish):
            raise ValueError("mapping and publish go with titles alone")
        return self


Referring = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(description="Your own name for it, which you know it by ever after."),
]


class Referred(Incoming):
    """What is known by its bringer's own reference."""

    reference: Referring


class CompanyFacts(Incoming):
    """What the organisers' register says of a company."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COMPANY]})

    name: Name = Field(examples=["Kazakhfilm Sales"])
    country: CompanyCountry
    website: Website | None = None


class CompanyIn(CompanyFacts, Referred):
    """A row of a register of companies."""


class PersonFacts(Incoming):
    """Who is invited, as what, by which company."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]})

    email: Email
    role: Role = Role.MEMBER
    company_reference: Referring | None = Field(
        default=None,
        description="Of organisers: the company that they brought; left out, your own.",
    )


class PersonIn(PersonFacts, Referred):
    """A row of a list of people."""


class InvitedOut(BaseModel):
    """An invitation; `token`, the way in, is shown when it is new, and never again."""

    id: Id
    organisation_id: Id
    email: str
    role: Role
    expires_at: datetime
    accepted_at: datetime | None
    token: str | None = Field(description="Null where the invitation stands as it was.")


class ImportUploadIn(Incoming):
    """A file that is going to be sent past the API."""

    model_config = ConfigDict(json_schema_extra={"examples": [_UPLOAD]})

    format: FileFormat
    size_bytes: Annotated[int, Field(strict=True, ge=1, le=MAX_PUT)]
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Of the whole file, in hex.")]


class ImportFileOut(BaseModel):
    """A file that waits to be imported, for a day."""

    model_config = ConfigDict(from_attributes=True)

    file_id: str = Field(examples=[FILE_ID])
    format: FileFormat
    size_bytes: int


class ImportUploadOut(BaseModel):
    """Where to PUT a file, and with what headers."""

    model_config = ConfigDict(from_attributes=True)

    file_id: str = Field(examples=[FILE_ID])
    url: str = Field(examples=[_URL])
    headers: dict[str, str] = Field(description="To be sent exactly so: they are signed.")
    expires_at: datetime


Few = Annotated[list[Word], AfterValidator(once), Field(max_length=MAX_VALUES)]


class TitlesWanted(Incoming):
    """Which titles are taken out: they meet every filter that is given."""

    mine: bool = Field(
        default=False, description="Your own in any state, with their parts; else the market's."
    )
    kind: Few[Kind] = Field(default=[])
    genre: Few[Genre] = Field(default=[])
    country: Few[Country] = Field(default=[])
    language: Few[Language] = Field(default=[])
    stage: Few[Stage] = Field(default=[])
    year_min: Annotated[int, Field(strict=True, ge=1870, le=2200)] | None = None
    year_max: Annotated[int, Field(strict=True, ge=1870, le=2200)] | None = None
    seller_id: Id | None = None
    state: Few[TitleState] = Field(default=[])

    @property
    def given(self) -> dict[str, Any]:
        """Give the values of the filters that are given, by their names."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name != "mine"}
        return {name: value for name, value in named.items() if value not in (None, [])}

    @model_validator(mode="after")
    def _only_own_have_states(self) -> Self:
        if self.state and not self.mine:
            raise ValueError("state goes with mine: the market's titles are all published")
        return self


class ExportIn(Incoming):
    """What is to be exported, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXPORT]})

    of: ExportOf
    format: FileFormat = FileFormat.NDJSON
    titles: TitlesWanted | None = Field(default=None, description="Of titles: which.")

    @model_validator(mode="after")
    def _titles_are_narrowed_alone(self) -> Self:
        if self.titles is not None and self.of is not ExportOf.TITLES:
            raise ValueError("titles narrows an export of titles")
        return self


class FileOut(BaseModel):
    """A file to fetch from the store, by a URL that is good for a few minutes."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_FILE]})

    url: str
    expires_at: datetime
    file_name: str
    content_type: str
    size_bytes: int
