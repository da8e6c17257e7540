"""Everything that can be configured, read from `FILMMART_*` and checked at start-up."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _is_postgres(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a postgresql:// URL")
    return url


PostgresUrl = Annotated[str, AfterValidator(_is_postgres)]


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

    # Who may come in
    secret_key: SecretStr = Field(
        min_length=32, description="Signs access tokens and cursors; at least 32 characters."
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

    # How much is served
    rate_limit_per_minute: int = Field(
        default=600, ge=1, description="Requests a caller may make in a minute."
    )
    request_max_bytes: int = Field(
        default=1_048_576, ge=1024, description="The largest request body that is read."
    )
    avails_max_bytes: int = Field(
        default=268_435_456,
        ge=1024,
        description="The largest file of avails that is taken over HTTP; the command takes any.",
    )
    answer_cache_entries: int = Field(
        default=2_000, ge=0, description="Hot answers kept in each process; 0 keeps none."
    )

    # How long things last
    idempotency_lifetime: timedelta = Field(
        default=timedelta(hours=24), description="How long an Idempotency-Key is remembered."
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
    playback_url_lifetime: timedelta = Field(
        default=timedelta(minutes=15), description="How long a playback URL is good for."
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


@lru_cache
def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        pydantic.ValidationError: a setting is missing or wrong.
    """
    return Settings()
