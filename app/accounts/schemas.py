"""What comes in and goes out of the accounts."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

import langcodes
import pycountry
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    PlainSerializer,
    StringConstraints,
)

from app.ids import Id
from app.incoming import Incoming
from app.models.accounts import Role, Standing

TOKEN_EXAMPLE = "Jq7nNqg1aXo5fQf0YyY0mC3oVZtq8H1r2kz3wW4vU5s"  # noqa: S105  # nobody's
TIME_ZONES = frozenset(available_timezones())


def _known_country(code: str) -> str:
    if pycountry.countries.get(alpha_2=code) is None:
        raise ValueError("must be a country of ISO 3166-1, by its two letters, as KZ")
    return code


def _known_time_zone(name: str) -> str:
    if name not in TIME_ZONES:
        raise ValueError("must be a time zone of the IANA database, as Asia/Almaty")
    return name


def _normal_language(tag: str) -> str:
    try:
        return langcodes.standardize_tag(tag)
    except ValueError:
        raise ValueError("must be a BCP 47 language tag, as zh or pt-BR") from None


def _lower(email: str) -> str:
    return email.lower()


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Country = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{2}$"),
    AfterValidator(_known_country),
    Field(description="ISO 3166-1 alpha-2.", examples=["KZ"]),
]
TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_known_time_zone),
    Field(description="A time zone of the IANA database.", examples=["Asia/Almaty"]),
]
Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"),
    AfterValidator(_normal_language),
    Field(description="BCP 47.", examples=["kk"]),
]
Email = Annotated[
    EmailStr, AfterValidator(_lower), Field(max_length=254, examples=["aigerim@kazakhfilm.example"])
]
Website = Annotated[
    AnyHttpUrl,
    Field(max_length=2000, examples=["https://kazakhfilm.example/"]),
    PlainSerializer(str, return_type=str),
]
Password = Annotated[
    str,
    Field(
        min_length=12,
        max_length=256,
        description="12 to 256 characters, of any kind.",
        examples=["correct-horse-battery"],
    ),
]
# A password is taken to the letter, unlike other text.
AsTyped = StringConstraints(strip_whitespace=False)


class PersonSignUp(Incoming):
    """The first person of an organisation."""

    email: Email
    name: Name = Field(examples=["Aigerim Omarova"])
    password: Annotated[Password, AsTyped]
    time_zone: TimeZone = "UTC"
    language: Language | None = None


class OrganisationSignUp(Incoming):
    """A company that wants to come to the market."""

    name: Name = Field(examples=["Kazakhfilm Sales"])
    country: Country
    website: Website | None = None
    person: PersonSignUp


class OrganisationPatch(Incoming):
    """What an organisation changes of itself; members left out stay as they are."""

    name: Name | None = None
    country: Country | None = None
    website: Website | None = None


class Out(BaseModel):
    """The root of every answer that is read from a row."""

    model_config = ConfigDict(from_attributes=True)


class OrganisationRef(Out):
    """An organisation, by name."""

    id: Id
    name: str = Field(examples=["Kazakhfilm Sales"])
    country: str = Field(description="ISO 3166-1 alpha-2.", examples=["KZ"])


class PersonRef(Out):
    """A person, by name."""

    id: Id
    name: str = Field(examples=["Aigerim Omarova"])


class OrganisationOut(Out):
    """An organisation as the market knows it."""

    id: Id
    name: str
    country: str
    website: str | None
    standing: Standing
    is_organiser: bool
    created_at: datetime


class PersonOut(Out):
    """One of an organisation's people, as their colleagues and the organisers see them."""

    id: Id
    organisation_id: Id
    email: str
    name: str
    role: Role
    time_zone: str
    language: str | None
    created_at: datetime


class SignedUp(Out):
    """A new organisation and its first person."""

    organisation: OrganisationOut
    person: PersonOut


class Me(PersonOut):
    """The caller, and the organisation they speak for."""

    organisation: OrganisationOut
    sells: bool
    buys: bool


class PersonPatch(Incoming):
    """What a person changes of themselves."""

    name: Name | None = None
    time_zone: TimeZone | None = None
    language: Language | None = None
    password: Annotated[Password, AsTyped] | None = None
    current_password: Annotated[str, AsTyped, Field(max_length=256)] | None = Field(
        default=None, description="Needed to set a new password."
    )


class RolePatch(Incoming):
    """What an admin changes of a colleague."""

    role: Role


class InvitationIn(Incoming):
    """Who is invited, as what."""

    email: Email
    role: Role = Role.MEMBER


class InvitationOut(Out):
    """An invitation; `token` is shown this once and is the way in."""

    id: Id
    organisation_id: Id
    email: str
    role: Role
    expires_at: datetime
    token: str


class InvitationAcceptance(Incoming):
    """What the invited person brings."""

    token: Annotated[str, Field(min_length=20, max_length=200, examples=[TOKEN_EXAMPLE])]
    name: Name = Field(examples=["Daniyar Omarov"])
    password: Annotated[Password, AsTyped]
    time_zone: TimeZone = "UTC"
    language: Language | None = None


class TokenForm(BaseModel):
    """What a token is asked for with (RFC 6749); what else comes is passed over, as it says."""

    grant_type: str = Field(
        default="password",
        max_length=100,
        description="`password`, `refresh_token` or `client_credentials`; in the sandbox also "
        "`urn:ietf:params:oauth:grant-type:jwt-bearer`.",
        examples=["password"],
    )
    username: str | None = Field(default=None, max_length=254, examples=["buyer@demo.example"])
    password: str | None = Field(default=None, max_length=256, examples=["filmmart-demo"])
    refresh_token: str | None = Field(default=None, max_length=200)
    assertion: str | None = Field(
        default=None, max_length=10_000, description="A ticket into the sandbox."
    )
    client_id: str | None = Field(default=None, max_length=100)
    client_secret: str | None = Field(default=None, max_length=200)
    scope: str | None = Field(
        default=None, max_length=1000, description="A client's, with spaces between them."
    )


class TokenOut(BaseModel):
    """An access token, and for people the refresh token for the next one (RFC 6749)."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the type, not a token
    expires_in: int = Field(description="Seconds.", examples=[600])
    refresh_token: str | None = Field(
        default=None, description="Of people: good once, each refresh gives the next."
    )
    scope: str | None = Field(
        default=None,
        description="Of clients: what the token is good for.",
        examples=["titles:read titles:write"],
    )
