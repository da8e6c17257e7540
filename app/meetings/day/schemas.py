"""What comes in and goes out on the day: who came, and what a company notes of it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.incoming import Incoming, Instant
from app.markets.schemas import Day
from app.models.meetings import MeetingOutcome, MeetingRequestState

LONGEST_NOTE = 10_000


class PresenceIn(Incoming):
    """Of whom it is said."""

    person_id: Id | None = Field(
        default=None,
        description="Whom an organiser names; those who meet leave it out.",
        examples=[None],
    )


class PresenceOut(Out):
    """What is known of one who meets; nothing yet, where both times are null."""

    person: PersonRef
    organisation: OrganisationRef
    checked_in_at: datetime | None = Field(description="When they were there, as was said.")
    missed_at: datetime | None = Field(description="When it was said that they did not come.")
    marked_by_id: Id | None = Field(
        description="Who said so; null where the meeting ended and only the other was there."
    )


class AttendanceOut(Out):
    """Who came to a meeting, and what that makes of it."""

    meeting_id: Id
    state: MeetingRequestState = Field(
        description="`held`: both came; `no_show`: somebody did not; `scheduled`: not known (yet)."
    )
    starts_at: datetime
    ends_at: datetime
    check_in_from: datetime = Field(description="Until the end one can check in.")
    no_show_from: datetime = Field(description="From then on it can be said that one is missing.")
    people: list[PresenceOut] = Field(description="Who asked first, then who was asked.")


class MoveIn(Incoming):
    """Where the meeting shall be, and when; what is left out stays."""

    starts_at: Instant | None = Field(
        default=None, description="The start of one of the market's slots.", examples=[None]
    )
    place_id: Id | None = Field(
        default=None,
        description="Another table, stand or room.",
        examples=["116823110451200099"],
    )


class MeetingPatch(Incoming):
    """What changes of a meeting (RFC 7396)."""

    locked: StrictBool = Field(description="The schedule leaves it where it is.", examples=[True])


class NoteIn(Incoming):
    """What your company notes of a meeting; what is left out is emptied."""

    text: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = Field(
        default="", examples=["Wants the season for 2027; send the sales sheet."]
    )
    outcome: MeetingOutcome | None = Field(default=None, examples=["follow_up"])
    follow_up_on: Day | None = Field(default=None, examples=["2027-06-24"])


class NoteOut(Out):
    """What your company noted of a meeting: nobody else reads it."""

    text: str
    outcome: MeetingOutcome | None
    follow_up_on: date | None
    written_by: PersonRef | None = Field(description="Who wrote it last; null: nobody yet.")
    written_at: datetime | None
