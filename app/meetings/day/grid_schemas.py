"""What goes out to the organisers: the grid of a day, and its figures."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.accounts.schemas import OrganisationRef, Out, PersonRef
from app.ids import Id
from app.models.agendas import EntryKind
from app.models.markets import PlaceKind
from app.models.meetings import MeetingRequestState

SlotNumbers = Annotated[
    list[int], Field(description="By `index` of the grid's slots.", examples=[[0, 1, 5]])
]


class GridSlot(Out):
    """A slot: a column of the grid."""

    index: int
    starts_at: datetime
    ends_at: datetime


class GridPerson(Out):
    """Somebody who meets."""

    person: PersonRef
    organisation: OrganisationRef
    came: bool | None = Field(description="Whether they came; null where it is not known.")


class GridMeeting(Out):
    """A meeting at a place."""

    id: Id
    request_id: Id
    state: MeetingRequestState
    locked: bool
    people: list[GridPerson] = Field(description="Who asked first, then who was asked.")


class GridHeld(Out):
    """What a place holds."""

    kind: EntryKind
    starts_at: datetime
    ends_at: datetime
    slots: SlotNumbers = Field(description="Those it touches.")
    label: str = Field(description="What a block is for.")
    meeting: GridMeeting | None


class GridHall(Out):
    """A hall, by name."""

    id: Id
    name: str


class GridPlace(Out):
    """A place: a row of the grid."""

    id: Id
    name: str
    kind: PlaceKind
    hall: GridHall | None
    seller: OrganisationRef | None = Field(description="The one company that meets there.")
    closed: bool
    held: list[GridHeld] = Field(description="In the order of time.")
    free: SlotNumbers = Field(description="Those nothing touches; none of a closed place.")


class GridOut(Out):
    """All places of a market by all slots of a day."""

    market_id: Id
    day: date
    time_zone: str
    slots: list[GridSlot]
    places: list[GridPlace] = Field(description="By hall, as they were made.")


class MeetingCounts(Out):
    """Meetings by what became of them."""

    scheduled: int = Field(description="Still to come, or going on.")
    held: int
    no_show: int
    unconfirmed: int = Field(description="Over, and nobody said who came.")
    cancelled: int


class HourCounts(MeetingCounts):
    """The meetings that begin in an hour."""

    starts_at: datetime = Field(description="The hour, on the market's clock.")


class CountsOut(Out):
    """How a day goes, in figures."""

    market_id: Id
    day: date
    as_of: datetime
    meetings: MeetingCounts
    hours: list[HourCounts] = Field(description="Those with meetings.")
    requests: dict[MeetingRequestState, int] = Field(description="Of the whole market, by state.")
    accredited: int = Field(description="People who may come in on that day.")
    checked_in: int = Field(description="People who came in on that day.")
    places: int = Field(description="Those that are not closed.")
    places_in_use: int = Field(description="Those that hold something at this moment.")
