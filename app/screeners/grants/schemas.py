"""What comes in and goes out of leave to watch."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from app.accounts.schemas import Name, OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming, Instant, without_defaults
from app.models.screener_grants import ScreenerRequestState
from app.rights.schemas import UNSAID, Codes
from app.trees import TERRITORIES

MAX_VIEWS = 1_000_000
LINK_EXAMPLE = "https://market.example/watch/link#Jq7nNqg1aXo5fQf0YyY0mC3oVZtq8H1r2kz3wW4vU5s"
Message = Annotated[str, StringConstraints(max_length=2000)]


def _known(codes: list[str]) -> list[str]:
    TERRITORIES.parse(codes)
    return codes


Territories = Annotated[
    Codes,
    AfterValidator(_known),
    Field(
        description="Where it may be watched: codes of `GET /v1/territories`, read from left to "
        "right, those with a `-` taken away. A group means its members of the day on which "
        "somebody watches. Null: everywhere. A viewer whose country nobody can tell is refused.",
        examples=[["SCO", "-CN"]],
    ),
]
Views = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=MAX_VIEWS,
        description="How often it may be opened, by all its recipients together; to go on where "
        "one left off is no further view. Null: as often as they like.",
        examples=[3],
    ),
]
EndsAt = Annotated[
    Instant, Field(description="At most two years ahead.", examples=["2027-01-31T22:59:59Z"])
]
StartsAt = Annotated[
    Instant,
    Field(
        description="From when on: now, where nothing is said or it has passed.",
        examples=["2026-12-01T00:00:00Z"],
    ),
]
MayDownload = Annotated[
    bool, Field(strict=True, description="Whether they may have the file itself, too.")
]


class LinkIn(Incoming):
    """Somebody who need not sign in: whoever has the link watches under this name."""

    recipient_name: Name = Field(
        description="Stands in the watermark, and in reports.", examples=["Dilnoza Karimova, jury"]
    )


class TermsIn(Incoming):
    """For how long, how often and where."""

    starts_at: StartsAt | None = None
    expires_at: EndsAt
    max_views: Views | None = Field(default=None)
    territories: Territories | None = Field(default=None)
    may_download: MayDownload = False


class GrantIn(TermsIn):
    """Who may watch: an organisation's people, one person, or whoever has a link."""

    organisation_id: Id | None = Field(default=None, description="All its people.")
    person_id: Id | None = Field(
        default=None, description="One person of a company of the market.", examples=[None]
    )
    link: LinkIn | None = Field(default=None, examples=[None])

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if [self.organisation_id, self.person_id, self.link].count(None) != 2:  # noqa: PLR2004
            raise ValueError("name one recipient: organisation_id, person_id or link")
        return self


class GrantPatch(Incoming):
    """What changes (RFC 7396): what is left out stays, null lifts a limit."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    starts_at: StartsAt = UNSAID
    expires_at: EndsAt = UNSAID
    max_views: Views | None = Field(default=None)
    territories: Territories | None = Field(default=None)
    may_download: MayDownload = UNSAID


class PersonOfCompany(PersonRef):
    """A person, and whose they are."""

    organisation: OrganisationRef


class GrantOut(Out):
    """Leave to watch a screener: one of `organisation`, `person` and `recipient_name` has it."""

    id: Id
    screener_id: Id
    organisation: OrganisationRef | None
    person: PersonOfCompany | None
    recipient_name: str | None = Field(description="Of a link.", examples=["Dilnoza Karimova"])
    link: str | None = Field(
        default=None,
        description="Given once, in the answer that made it: nobody can read it again. What is "
        "behind the # is its secret.",
        examples=[LINK_EXAMPLE],
    )
    starts_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    max_views: int | None
    views: int = Field(description="How often it was opened.", examples=[1])
    territories: list[str] | None = Field(examples=[["SCO", "-CN"]])
    may_download: bool
    granted_by_id: Id = Field(description="The person who gave it.")
    created_at: datetime


class AdministratorIn(Incoming):
    """The company that looks after a screener for its seller."""

    organisation_id: Id = Field(description="A seller or buyer of the market, other than you.")


class AdministratorOut(Out):
    """Who looks after a screener for its seller."""

    organisation: OrganisationRef


class LinkToken(Incoming):
    """The secret of a link: what is behind its #."""

    token: Annotated[
        str,
        StringConstraints(min_length=1, max_length=200),
        Field(examples=["Jq7nNqg1aXo5fQf0YyY0mC3oVZtq8H1r2kz3wW4vU5s"]),
    ]


class Download(Out):
    """Where to get the file: a URL for the bearer alone, for a short while."""

    url: str = Field(examples=["https://store.example/filmmart/screeners/…?X-Amz-Signature=…"])
    expires_at: datetime
    file_name: str = Field(examples=["Сталкер.mp4"])
    content_type: str = Field(examples=["video/mp4"])
    size_bytes: int = Field(examples=[1_610_612_736])
    checksum: str | None = Field(
        description="MD5 of the parts' MD5s, and their number.",
        examples=["3858f62230ac3c915f300c664312c63f-2"],
    )


class Direction(StrEnum):
    """Requests that came in, or those that went out."""

    IN = "in"
    OUT = "out"


class ScreenerRequestIn(Incoming):
    """A wish to watch a title."""

    title_id: Id
    message: Message = Field(default="", examples=["We look for dramas for our spring season."])


class ScreenerRequestDecline(Incoming):
    """Why not, for the buyer to read."""

    answer: Message | None = Field(default=None, examples=["The territory is taken, sorry."])


class RequestRecipient(StrEnum):
    """Whom a request is granted to: everybody of those who asked, or the one who did."""

    ORGANISATION = "organisation"
    PERSON = "person"


class ScreenerRequestGrant(TermsIn):
    """On which terms a request is granted."""

    screener_id: Id | None = Field(
        default=None,
        description="Which screener; may be left out where the title has one that is ready.",
        examples=[None],
    )
    recipient: RequestRecipient = RequestRecipient.ORGANISATION


class ScreenerRequestOut(Out):
    """A buyer's wish to watch a title, and the answer."""

    id: Id
    title_id: Id
    seller_id: Id
    organisation: OrganisationRef = Field(description="The buyer who asks.")
    person_id: Id = Field(description="Who of them asks.")
    message: str
    state: ScreenerRequestState
    answer: str | None
    answered_at: datetime | None
    created_at: datetime
