"""What comes in and goes out of the meetings."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.agendas.rules import Period
from app.ids import Id
from app.incoming import Incoming, Instant
from app.meetings.rules import flaw_of_length
from app.models.meetings import MeetingRequestState, RequestSide

MAX_TITLES = 50
MAX_PROPOSED_TIMES = 10
MAX_TOPICS = 10
STARTS_AT = "2026-11-24T10:00:00+03:30"
ENDS_AT = "2026-11-24T10:30:00+03:30"

Named = TypeVar("Named", int, str)
Topic = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Answer = Annotated[
    str,
    StringConstraints(max_length=4000),
    Field(
        description="For the other side to read.",
        examples=["That week is full, sorry: ask for the 2nd of December."],
    ),
]


def _each_once(named: list[Named]) -> list[Named]:
    if len(set(named)) < len(named):
        raise ValueError("must name each once")
    return named


# Incoming -------------------------------------------------------------------------------------


class PeriodIn(Incoming):
    """A time to meet, from an instant on, up to another: 5 minutes at least, 8 hours at most."""

    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _can_be_met_in(self) -> Self:
        if (flaw := flaw_of_length(self.period)) is not None:
            raise ValueError(flaw)
        return self

    @property
    def period(self) -> Period:
        """Give it to reckon with."""
        return Period(self.starts_at, self.ends_at)


class MeetingRequestIn(Incoming):
    """Who is asked, about what, and when it would suit."""

    market_id: Id | None = Field(
        default=None,
        description="The open market where you would meet, and both attend; null for anywhere.",
        examples=[None],
    )
    to_organisation_id: Id = Field(
        description="A seller, where you buy; a buyer, where you sell.",
        examples=["116823110451200001"],
    )
    to_person_id: Id | None = Field(
        default=None, description="Whom of them; null leaves it to them.", examples=[None]
    )
    title_ids: Annotated[list[Id], AfterValidator(_each_once)] = Field(
        default=[],
        max_length=MAX_TITLES,
        json_schema_extra={"uniqueItems": True},
        description="Published titles of the side that sells, each once.",
        examples=[["116823110451200077"]],
    )
    topics: Annotated[list[Topic], AfterValidator(_each_once)] = Field(
        default=[],
        max_length=MAX_TOPICS,
        json_schema_extra={"uniqueItems": True},
        description="What else you would talk about, each once.",
        examples=[["co-production"]],
    )
    priority: int = Field(
        default=2,
        ge=1,
        le=3,
        description="How much you want it, 3 the most: what a market's schedule meets first.",
    )
    message: Annotated[str, StringConstraints(max_length=4000)] = Field(
        default="", examples=["We look for features for our spring season."]
    )
    proposed_times: list[PeriodIn] = Field(
        default=[],
        max_length=MAX_PROPOSED_TIMES,
        description="When it would suit, the best first; empty leaves it to them. In the future, "
        "within two years; at a market, each with one of its slots inside.",
        examples=[[{"starts_at": STARTS_AT, "ends_at": ENDS_AT}]],
    )


class MeetingRequestAcceptance(Incoming):
    """When it shall be: inside one of the proposed times, where there are any."""

    starts_at: Instant | None = Field(
        default=None,
        description="At a market the start of one of its slots; null leaves the time to its "
        "schedule. Elsewhere it must be given.",
        examples=[STARTS_AT],
    )
    ends_at: Instant | None = Field(
        default=None,
        description="At a market the slot's end, if given; elsewhere 5 minutes to 8 hours later.",
        examples=[ENDS_AT],
    )
    person_id: Id | None = Field(
        default=None,
        description="Who of you takes it; null means the one who was asked for, or else you.",
        examples=[None],
    )
    anyone: bool = Field(
        default=False,
        description="At a market: any of you takes it, whoever is free and meets the fewest.",
    )
    place: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="Where, in your words; a market gives the place itself.",
        examples=["Our office, Karaganda Street 7"],
    )

    @model_validator(mode="after")
    def _names_a_time_or_none(self) -> Self:
        if self.starts_at is None and self.ends_at is not None:
            raise ValueError("ends_at is given, and starts_at is not")
        if self.anyone and self.person_id is not None:
            raise ValueError("name a person, or anyone")
        return self


class MeetingRequestCounter(Incoming):
    """When it would suit instead."""

    proposed_times: list[PeriodIn] = Field(
        min_length=1,
        max_length=MAX_PROPOSED_TIMES,
        description="The best first; they take the place of the times that were proposed.",
        examples=[[{"starts_at": STARTS_AT, "ends_at": ENDS_AT}]],
    )
    message: Annotated[str, StringConstraints(max_length=4000)] = Field(
        default="", examples=["The morning is full: rather after lunch."]
    )


class MeetingRequestSlot(Incoming):
    """Which slot of the market it shall be."""

    starts_at: Instant = Field(examples=[STARTS_AT])


class MeetingRequestDecline(Incoming):
    """Why not, or what would suit instead."""

    answer: Answer | None = None


class MeetingRequestCancellation(Incoming):
    """Why it is off."""

    answer: Answer | None = None


class MeetingRequestDirection(StrEnum):
    """Requests that came in, or those that went out."""

    IN = "in"
    OUT = "out"


# Outgoing -------------------------------------------------------------------------------------


class TitleRef(Out):
    """A title in the best language of `Accept-Language` it has, or else as it was first named."""

    id: Id
    title: str = Field(examples=["潜行者"])
    language: str | None = Field(description="BCP 47 of `title`.", examples=["zh"])


class PeriodOut(Out):
    """From an instant on, up to another."""

    starts_at: datetime = Field(examples=["2026-11-24T06:30:00Z"])
    ends_at: datetime = Field(examples=["2026-11-24T07:00:00Z"])


class LocalPeriod(Out):
    """The same on somebody's own clock."""

    time_zone: str = Field(examples=["Asia/Tehran"])
    starts_at: datetime = Field(
        description="With the zone's offset at that instant.", examples=[STARTS_AT]
    )
    ends_at: datetime = Field(examples=[ENDS_AT])


class AttendeeOut(Out):
    """Somebody who meets."""

    person: PersonRef
    organisation: OrganisationRef
    local: LocalPeriod


class MeetingSummary(PeriodOut):
    """When and where it is, and who meets."""

    id: Id
    market_id: Id | None = Field(description="The market at which it is, if any.")
    place_id: Id | None = Field(description="The market's table, stand or room.")
    place: str | None = Field(examples=["Hall 1, B12"])
    locked: bool = Field(description="The market's schedule leaves it where it is.")
    sequence: int = Field(
        description="How often time, place or state changed: `SEQUENCE` of the calendar file."
    )
    cancelled_at: datetime | None
    attendees: list[AttendeeOut] = Field(description="Who asked first, then who was asked.")


class MeetingOut(MeetingSummary):
    """A meeting, as its people find it on their agenda."""

    request_id: Id
    titles: list[TitleRef]
    local: LocalPeriod = Field(description="On the caller's own clock.")


class OpeningOut(PeriodOut):
    """A time that suits both, and has a place: it is not held until somebody takes it."""

    people: list[AttendeeOut] = Field(
        description="Who would meet, each on their own clock: who asked first."
    )


class CounterProposalOut(Out):
    """Other times that somebody proposed."""

    by: PersonRef
    proposed_times: list[PeriodOut] = Field(description="The best first.")
    message: str
    created_at: datetime


class MeetingRequestOut(Out):
    """A request, how it stands, and the meeting that came of it."""

    id: Id
    market_id: Id | None = Field(description="The market at which they would meet, if any.")
    state: MeetingRequestState = Field(
        description="`accepted` waits for the market's schedule to give it a time."
    )
    awaits: RequestSide | None = Field(description="Whose answer a pending one waits for.")
    from_organisation: OrganisationRef
    from_person: PersonRef
    to_organisation: OrganisationRef
    to_person: PersonRef | None
    taker: PersonRef | None = Field(
        description="Who of the asked takes it, once that is said; null for anyone of them."
    )
    titles: list[TitleRef]
    topics: list[str]
    priority: int = Field(description="1 to 3, 3 what the asker wants most.")
    message: str
    proposed_times: list[PeriodOut] = Field(description="By whoever proposed last, the best first.")
    counter_proposals: list[CounterProposalOut] = Field(description="The first first.")
    expires_at: datetime = Field(description="Unanswered until then, it expires.")
    answer: str | None = Field(description="Why it was declined or cancelled.")
    answered_at: datetime | None = Field(description="When it ceased to be pending.")
    answered_by: PersonRef | None = Field(description="Null for one that expired.")
    meeting: MeetingSummary | None = Field(description="Once scheduled; stays when cancelled.")
    created_at: datetime
