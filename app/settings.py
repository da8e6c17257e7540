"""Everything that can be configured, read from `FILMMART_*` and checked at start-up."""

import hmac
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _is_postgres(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a postgresql:// URL")
    return url


PostgresUrl = Annotated[str, AfterValidator(_is_postgres)]


def _is_http(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must be an https:// or http:// URL")
    return url.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_is_http)]


class Settings(BaseSettings):
    """One field is one environment variable: `database_url` is `FILMMART_DATABASE_URL`."""

    model_config = SettingsConfigDict(env_prefix="FILMMART_", frozen=True, extra="forbid")

    # Where things are kept
    database_url: PostgresUrl = Field(
        description="The PostgreSQL (15 or later) that keeps everything, as a postgresql:// URL."
    )
    database_read_url: PostgresUrl | None = Field(
        default=None, description="A streaming replica for the hot reads; none means the primary."
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=200, description="Connections per process for writes and admin."
    )
    database_read_pool_size: int = Field(
        default=10, ge=1, le=200, description="Connections per process for the hot reads."
    )
    s3_endpoint_url: str | None = Field(
        default=None, description="The S3-compatible store; none means AWS itself."
    )
    s3_public_url: str | None = Field(
        default=None, description="The store's address as clients see it, when it differs."
    )
    s3_region: str = Field(default="us-east-1", description="The store's region.")
    s3_bucket: str = Field(default="filmmart", description="The bucket that holds screeners.")
    s3_access_key_id: str = Field(description="The store's access key.")
    s3_secret_access_key: SecretStr = Field(description="The store's secret key.")

    scratch_dir: Path = Field(
        default=Path("/var/tmp/filmmart"),  # noqa: S108  # nobody else may own it
        description="The worker's own folder for the film it works on; its disk must have room.",
    )

    # Who may come in
    secret_key: SecretStr = Field(
        min_length=32, description="Signs access tokens and cursors; at least 32 characters."
    )
    ledger_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Chains the ledger of viewings and the journal; none means "
        "`FILMMART_SECRET_KEY`. Before you change that one, set this to it: what is chained is "
        "verified with the key it was written with.",
    )
    access_token_lifetime: timedelta = Field(
        default=timedelta(minutes=10), description="How long an access token is good for."
    )
    session_lifetime: timedelta = Field(
        default=timedelta(days=30), description="How long a sign-in can be refreshed."
    )
    invitation_lifetime: timedelta = Field(
        default=timedelta(days=14), description="How long an invitation can be accepted."
    )
    actor_cache_lifetime: timedelta = Field(
        default=timedelta(seconds=10),
        le=timedelta(seconds=30),
        description="How long a caller's standing is remembered: revocation bites within it.",
    )
    login_failures_per_account: int = Field(
        default=10, ge=1, description="Wrong passwords an account may have in 15 minutes."
    )
    login_failures_per_address: int = Field(
        default=100, ge=1, description="Wrong passwords an address may have in 15 minutes."
    )

    # The sandbox, a market of its own in which partners try things out
    sandbox: bool = Field(
        default=False,
        description="Whether this is the sandbox of another, live, market: it wants a database and "
        "`FILMMART_S3_BUCKET` of its own. Clients' secrets are `fm_test_…` then.",
    )
    sandbox_url: HttpUrl | None = Field(
        default=None,
        description="Of a live market: the address (`FILMMART_PUBLIC_URL`) of its sandbox.",
    )
    sandbox_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs the tickets by which people of the live market enter its sandbox; at "
        "least 32 characters, the same in both, and no other market's.",
    )

    # How much is served
    rate_limit_per_minute: int = Field(
        default=600,
        ge=1,
        description="Units a caller may spend in a minute, in all processes together; most "
        "requests take one (`x-cost` in /openapi.json).",
    )
    client_rate_limit_per_minute: int = Field(
        default=3_000,
        ge=1,
        description="The same for a client of the API: each has its own, beside its people's.",
    )
    request_max_bytes: int = Field(
        default=1_048_576, ge=1024, description="The largest request body that is read."
    )
    avails_max_bytes: int = Field(
        default=268_435_456,
        ge=1024,
        description="The largest file of avails that is taken over HTTP; the command takes any.",
    )
    import_max_bytes: int = Field(
        default=1_073_741_824,
        ge=1024,
        description="The largest file that `POST /v1/imports` takes; the command takes any.",
    )
    answer_cache_entries: int = Field(
        default=2_000, ge=0, description="Hot answers kept in each process; 0 keeps none."
    )

    # How long things last
    idempotency_lifetime: timedelta = Field(
        default=timedelta(hours=24), description="How long an Idempotency-Key is remembered."
    )
    event_retention: timedelta = Field(
        default=timedelta(days=90),
        ge=timedelta(days=1),
        description="How far the feed reaches back; who follows it and stays away longer begins "
        "anew. The audit trail keeps everything.",
    )
    meeting_request_lifetime: timedelta = Field(
        default=timedelta(days=7), description="When an unanswered meeting request expires."
    )
    upload_lifetime: timedelta = Field(
        default=timedelta(days=7), description="When an unfinished upload is thrown away."
    )
    upload_url_lifetime: timedelta = Field(
        default=timedelta(minutes=15), description="How long a part's upload URL is good for."
    )
    processing_patience: timedelta = Field(
        default=timedelta(days=3),
        description="How long a film waits for room or the store before it is rejected.",
    )
    playback_url_lifetime: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(minutes=1),
        le=timedelta(days=7),
        description="How long a signed address of a segment of a film is good for.",
    )
    file_url_lifetime: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(seconds=1),
        le=timedelta(days=7),
        description="How long a signed address of an exported file, or of a report, is good for.",
    )
    viewing_lifetime: timedelta = Field(
        default=timedelta(hours=12),
        ge=timedelta(minutes=1),
        description="How long a viewing that was opened goes on; never past its grant.",
    )

    # Webhooks
    webhook_loopback: bool = Field(
        default=False,
        description="Whether webhooks may go to this machine itself, by http too. In a "
        "sandbox they may.",
    )
    webhook_refused_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks that webhooks never go to, beyond those that are not public: your "
        'own ones with public addresses, as `["198.51.100.0/24"]`, or a sandbox\'s own machine.',
    )
    webhook_timeout: timedelta = Field(
        default=timedelta(seconds=15),
        gt=timedelta(0),
        le=timedelta(seconds=30),
        description="How long the receiver of a webhook has for all of its answer.",
    )
    webhook_patience: timedelta = Field(
        default=timedelta(days=5),
        description="How long an endpoint of webhooks may fail before it is disabled.",
    )

    # How it shows itself
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="The address people reach this API at."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for /metrics; without one only loopback may read."
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="The least that is logged.",
    )
    log_json: bool = Field(default=True, description="JSON lines, or text for people.")
    forwarded_allow_ips: str = Field(
        default="127.0.0.1", description="Proxies whose X-Forwarded-For is believed."
    )
    country_header: str | None = Field(
        default=None,
        pattern="^[A-Za-z][A-Za-z0-9-]*$",
        description="The header in which those proxies name a caller's country by its two letters, "
        "as CF-IPCountry; without one, what is granted for some territories can't be watched.",
    )

    @model_validator(mode="after")
    def _sandbox_is_whole(self) -> Self:
        if self.sandbox and self.sandbox_url is not None:
            raise ValueError(
                "A sandbox has no sandbox: FILMMART_SANDBOX_URL is for the live market. Leave it "
                "or FILMMART_SANDBOX out"
            )
        if self.sandbox and "s3_bucket" not in self.model_fields_set:
            raise ValueError(
                "FILMMART_S3_BUCKET is not set: a sandbox wants a bucket of its own, for it throws "
                "away what its database does not know"
            )
        if (self.sandbox_key is not None) != (self.sandbox or self.sandbox_url is not None):
            raise ValueError(
                "FILMMART_SANDBOX_KEY goes with FILMMART_SANDBOX=true in the sandbox and with "
                "FILMMART_SANDBOX_URL in its live market: set both, or neither. A key is made by "
                "`openssl rand -hex 32`"
            )
        return self

    @property
    def webhooks_may_stay_here(self) -> bool:
        """Whether webhooks may go to this machine itself."""
        return self.sandbox or self.webhook_loopback

    def own(self, secret: SecretStr) -> str:
        """Give a secret as this market uses it: its sandbox never the same, were it given the same.

        So nothing that one of them signed or sealed is good in the other.
        """
        given = secret.get_secret_value()
        return hmac.digest(given.encode(), b"sandbox", "sha256").hex() if self.sandbox else given


@lru_cache
def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        pydantic.ValidationError: a setting is missing or wrong.
    """
    return Settings()
