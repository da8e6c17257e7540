"""What reports are asked for, and what they say."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Instant
from app.models.viewings import LedgerKind, ViewingEnd

MOST_VIEWERS = 1000


class ReportQuery(BaseModel):
    """Which viewings a report is of."""

    model_config = ConfigDict(frozen=True)

    screener_id: Id | None = Field(default=None, description="Of this screener alone.")
    organisation_id: Id | None = Field(
        default=None, description="By this company's people alone; not by links."
    )
    grant_id: Id | None = Field(default=None, description="Under this grant alone.")
    since: Instant | None = Field(
        default=None, alias="from", description="Opened then or later.", examples=[None]
    )
    until: Instant | None = Field(default=None, description="Opened before that.", examples=[None])


class ViewerOut(Out):
    """What one viewer watched, in all their viewings."""

    person: PersonRef | None = Field(description="Null for the holder of a link.")
    recipient_name: str | None = Field(
        description="Of a link: whom it was given to, in the seller's words.", examples=["Jury"]
    )
    grant_id: Id | None = Field(description="Of a link: the grant it was given by.")
    organisation: OrganisationRef | None
    first_at: datetime
    last_at: datetime
    viewings: int
    completions: int = Field(description="Viewings that saw nine tenths of the film, or more.")
    watched_seconds: float = Field(description="Of the film, as often as it was watched.")
    seen_share: float = Field(description="Of the film, seen at least once: from 0 to 1.")
    furthest_share: float = Field(description="How far into the film they came.")
    rewinds: int
    skips: int = Field(description="How often they went ahead.")
    tamperings: int = Field(description="How often the watermark was touched.")
    countries: list[str] = Field(description="From where, as far as it is known: ISO 3166-1.")


class CurvePoint(Out):
    """A stretch of the film."""

    begins: float = Field(description="As a share of the film.", examples=[0.25])
    seen: float = Field(
        description="The share of viewings that saw it; who saw half of it counts half.",
        examples=[0.82],
    )
    rewinds: int = Field(description="How often somebody went back to it.", examples=[3])


class ViewingReport(Out):
    """Who watched a title, and how much of it. The seller's own people are left out."""

    title_id: Id
    duration_seconds: float | None = Field(
        description="Of the film; null where its screeners have different lengths."
    )
    viewer_count: int
    viewings: int
    completions: int
    watched_seconds: float
    mean_seen_share: float = Field(description="Of the film, by viewing.")
    viewers: list[ViewerOut] = Field(
        description=f"Who watched last first: {MOST_VIEWERS:,} at most. The CSV has all."
    )
    curve: list[CurvePoint] = Field(description="The film from its beginning to its end.")


class ScreenerViewing(Out):
    """A viewing, as who gave leave for it sees it."""

    id: Id
    screener_id: Id
    grant_id: Id | None = Field(description="Null for the seller's and administrator's own people.")
    person: PersonRef | None
    recipient_name: str | None
    organisation: OrganisationRef | None
    address: str = Field(
        description="The network they watched from last, /24 or /48: never the whole address.",
        examples=["192.0.2.0/24"],
    )
    country: str | None = Field(examples=["IR"])
    position_seconds: float
    watched_seconds: float
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: ViewingEnd | None
    entry_count: int = Field(description="In the ledger.")


class LedgerEntryOut(Out):
    """A line of a viewing's record."""

    number: int = Field(examples=[2])
    kind: LedgerKind
    recorded_at: datetime
    from_ms: int | None = Field(description="Of the film.", examples=[60_000])
    to_ms: int | None = Field(examples=[65_000])
    data: dict[str, Any] = Field(
        description="What else is known of it; `implausible` where no report counts it.",
        examples=[{}],
    )
    hash: str = Field(description="Chains it to the one before.", examples=["9f86d081884c7d65…"])
