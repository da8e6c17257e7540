"""What comes in and goes out of webhooks."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.accounts.schemas import Out
from app.ids import Id
from app.incoming import Incoming, Instant, without_defaults
from app.models.webhooks import DeliveryState, DisabledReason
from app.partners.webhooks.rules import PATTERN

MAX_TYPES = 50
MAX_OVERLAP_HOURS = 168
URL = "https://partner.example/hooks/filmmart"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105  # an example
_UNSAID: Any = None  # left out of a patch

Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    Field(
        description="Where to: `https://`, on a public address. It is looked up anew for each "
        "attempt; a redirection is a failure.",
        examples=[URL],
    ),
]
Description = Annotated[
    str,
    StringConstraints(max_length=500),
    Field(description="To know it by.", examples=["Our back office"]),
]
EventTypes = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=PATTERN)]],
    Field(
        max_length=MAX_TYPES,
        description="The types of fact to send: one, as `title.published`, or all of a noun, as "
        "`title.*`. None: every type.",
        examples=[["title.*", "licence.created"]],
    ),
    AfterValidator(lambda types: list(dict.fromkeys(types))),
]
SecretText = Annotated[
    str,
    Field(
        description="Verifies the signatures: keep it as you would a password.", examples=[SECRET]
    ),
]


class EndpointIn(Incoming):
    """Where facts are to be sent."""

    url: Url
    description: Description = ""
    event_types: EventTypes = Field(default=[])


class EndpointPatch(Incoming):
    """What changes (RFC 7396): what is left out stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    url: Url = _UNSAID
    description: Description = _UNSAID
    event_types: EventTypes = _UNSAID


class EndpointOut(Out):
    """An address that facts are sent to."""

    id: Id
    url: str = Field(examples=[URL])
    description: str = Field(examples=["Our back office"])
    event_types: list[str] = Field(examples=[["title.*", "licence.created"]])
    disabled_at: datetime | None = Field(
        description="From then on nothing is sent. What happens meanwhile waits for `…/enable`."
    )
    disabled_reason: DisabledReason | None = Field(
        description="`requested` by you; `failing` for days; `gone`, as it answered 410; "
        "`secret_lost`, which the operator can explain: rotate it."
    )
    failing_since: datetime | None = Field(description="Since when every attempt has failed.")
    previous_secret_expires_at: datetime | None = Field(
        description="Until then there are two signatures."
    )
    created_at: datetime
    updated_at: datetime


class EndpointMade(EndpointOut):
    """A new one, with its secret."""

    secret: SecretText


class RotationIn(Incoming):
    """How long the secret of now stays good."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=MAX_OVERLAP_HOURS)] = Field(
        default=24,
        description="For so long each delivery is signed by the old one as well.",
        examples=[24],
    )


class SecretOut(Out):
    """What to verify signatures by."""

    secret: SecretText
    previous_secret: str | None = Field(
        description="Good until `previous_secret_expires_at`.", examples=[None]
    )
    previous_secret_expires_at: datetime | None


class EnablingIn(Incoming):
    """From where to go on."""

    skip_missed: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Leave out what happened while it was disabled; else that is sent first.",
        examples=[False],
    )


class ReplayIn(Incoming):
    """What to send again."""

    since: Instant = Field(
        description="What happened from then on.", examples=["2026-11-21T09:00:00Z"]
    )
    failed_only: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Only what was given up. Else everything in the feed since, also what was "
        "never sent, as its type was not asked for or the endpoint not there.",
        examples=[False],
    )


class AttemptOut(Out):
    """One time that it was sent."""

    number: int = Field(examples=[1])
    started_at: datetime
    ended_at: datetime | None = Field(
        description="Null while it goes on, or where we broke down in it."
    )
    status: int | None = Field(
        description="Of the answer; null where there was none.", examples=[503]
    )
    error: str | None = Field(
        description="Why there was no answer: `timeout`, `not_connected`, `name_not_found`, "
        "`address_refused`, `url_refused`, `tls_failed`, `no_answer`, `secret_lost`.",
        examples=[None],
    )
    answer: str = Field(description="Its first bytes, 1,024 at most.", examples=["overloaded"])


class DeliveryOut(Out):
    """A fact on its way to an endpoint."""

    id: Id
    webhook_id: Id = Field(
        description="The fact's id, and the `webhook-id` it is sent with each time: drop what you "
        "have already. A ping has one of its own."
    )
    type: str = Field(examples=["title.published"])
    state: DeliveryState = Field(
        description="`pending` until it is sent, and between two attempts; `failed` when it was "
        "given up, after ten over three days."
    )
    attempts: int = Field(description="How often it was sent.", examples=[2])
    next_attempt_at: datetime | None = Field(description="When it is sent, where it waits.")
    created_at: datetime
    ended_at: datetime | None


class DeliveryDetail(DeliveryOut):
    """The same with what was sent, and what was answered."""

    payload: dict[str, Any] = Field(
        description="The body.",
        examples=[{"type": "title.published", "timestamp": "2026-11-21T09:00:00Z", "data": {}}],
    )
    tried: list[AttemptOut] = Field(description="The last 50 attempts, newest first.")
