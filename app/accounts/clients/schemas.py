"""What comes in and goes out of the clients of the API."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.accounts.schemas import Name, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming, Instant
from app.networks import normal_network
from app.scopes import SCOPES

SECRET_EXAMPLE = "fm_live_Jq7nNqg1aXo5fQf0YyY0mC3oVZtq8H1r2kz3wW4vU5s"  # noqa: S105  # nobody's
MOST_NETWORKS = 50


def _known_scope(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError(f"must be a scope: {', '.join(SCOPES)}")
    return scope


Scope = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_known_scope),
    Field(json_schema_extra={"enum": list(SCOPES)}),
]
Scopes = Annotated[
    list[Scope],
    Field(
        min_length=1,
        max_length=len(SCOPES),
        description="What it may do; the OpenAPI names the scope of each operation.",
        examples=[["titles:read", "titles:write"]],
    ),
    AfterValidator(lambda scopes: sorted(set(scopes))),
]
Network = Annotated[
    str,
    StringConstraints(max_length=50),
    AfterValidator(normal_network),
]
Networks = Annotated[
    list[Network],
    Field(
        max_length=MOST_NETWORKS,
        description="Where it may call from, IPv4 or IPv6 in CIDR; empty means anywhere.",
        examples=[["203.0.113.0/24", "2001:db8::/32"]],
    ),
    AfterValidator(lambda networks: list(dict.fromkeys(networks))),
]


class ApiClientIn(Incoming):
    """A program that shall act for your organisation."""

    name: Name = Field(examples=["Catalogue sync"])
    scopes: Scopes
    allowed_networks: Networks = Field(default_factory=list)


class ApiClientPatch(Incoming):
    """What an admin changes of a client; members left out stay as they are."""

    name: Name | None = None
    scopes: Scopes | None = None
    allowed_networks: Networks | None = None


class ClientRotationIn(Incoming):
    """How long what is there goes on."""

    old_good_until: Instant | None = Field(
        default=None,
        description="Until then the secret of before gives tokens, too, at most 90 days; without "
        "it, for a day.",
        examples=["2027-01-15T12:00:00Z"],
    )


class ClientSecretOut(Out):
    """A secret, by its first letters; itself it is shown when it is made, and never again."""

    id: Id
    hint: str = Field(description="Its first letters.", examples=["fm_live_Jq7n"])
    created_at: datetime
    expires_at: datetime | None = Field(description="From then on it gives no more tokens.")
    revoked_at: datetime | None = Field(
        description="From then on neither it nor the tokens it gave are good."
    )
    last_used_at: datetime | None = Field(
        description="When it last gave a token, to the minute: an old one that no program uses "
        "any more may go."
    )


class SecretMade(ClientSecretOut):
    """A new secret, shown this once."""

    secret: str = Field(description="Keep it like a password.", examples=[SECRET_EXAMPLE])


class ApiClientOut(Out):
    """A program that may act for your organisation, with the client's id that it signs in by."""

    id: Id
    organisation_id: Id
    person_id: Id = Field(description="Its service account: the author of what it does.")
    name: str = Field(examples=["Catalogue sync"])
    sandbox: bool = Field(
        description="Whether it is a test one, of the sandbox: its secrets are `fm_test_…`."
    )
    scopes: list[str] = Field(examples=[["titles:read", "titles:write"]])
    allowed_networks: list[str] = Field(examples=[["203.0.113.0/24"]])
    created_by: PersonRef
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(
        description="When it last called, known within half a minute; null before it did."
    )
    last_used_from: str | None = Field(
        description="The address it last called from.", examples=["203.0.113.7"]
    )
    secrets: list[ClientSecretOut] = Field(description="Newest first, revoked ones too.")


class ApiClientMade(ApiClientOut):
    """A new client, with its secret: shown this once."""

    secret: str = Field(description="Keep it like a password.", examples=[SECRET_EXAMPLE])
