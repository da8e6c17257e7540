"""Requests for meetings, meetings, who came, and what each company notes of them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import (
    ARRAY,
    TSTZRANGE,
    Range,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation, Person
from app.models.agendas import HALF_OPEN
from app.models.base import Base, CreatedAt, Instant, Key, Versioned, text_enum


class MeetingRequestState(StrEnum):
    """Where a request stands; only a scheduled one holds anybody's time."""

    PENDING = "pending"
    # Wanted by both, and waiting for the market's schedule to give it a time
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    HELD = "held"
    NO_SHOW = "no_show"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class RequestSide(StrEnum):
    """One of the two sides of a request."""

    ASKER = "asker"
    ASKED = "asked"


class MeetingRequest(Versioned, Base):
    """One organisation asks another to meet; it holds nobody's time until it has a meeting."""

    __tablename__ = "meeting_requests"
    __table_args__ = (
        CheckConstraint("from_organisation_id <> to_organisation_id", name="two_sides"),
        CheckConstraint(
            "(state = 'pending') = (answered_at IS NULL)", name="answered_at_tells_when"
        ),
        CheckConstraint("priority BETWEEN 1 AND 3", name="priority_is_known"),
        CheckConstraint(
            "market_id IS NOT NULL OR state <> 'accepted'", name="a_schedule_is_a_markets"
        ),
        # Who has asked waits for the answer before asking the same again.
        Index(
            "uq_meeting_requests_pending",
            "market_id",
            "from_person_id",
            "to_organisation_id",
            "to_person_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_meeting_requests_from", "from_organisation_id", text("id DESC")),
        Index("ix_meeting_requests_to", "to_organisation_id", text("id DESC")),
        Index(
            "ix_meeting_requests_market_id",
            "market_id",
            text("id DESC"),
            postgresql_where=text("market_id IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    # The edition at which they would meet; None: wherever they agree
    market_id: Mapped[int | None] = mapped_column(ForeignKey("markets.id"))
    from_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    from_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    to_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    # None: any of them may take it
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    title_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    message: Mapped[str] = mapped_column(server_default="")
    # 1 to 3, what the asker wants most
    priority: Mapped[int] = mapped_column(Integer, server_default="2")
    # Half-open periods that the side which proposed last could meet in, the best first
    proposed_times: Mapped[list[Range[datetime]]] = mapped_column(
        ARRAY(TSTZRANGE), server_default="{}"
    )
    state: Mapped[MeetingRequestState] = mapped_column(
        text_enum(MeetingRequestState), server_default=MeetingRequestState.PENDING.value
    )
    # Whose answer a pending one waits for: who is asked, until they propose something else
    awaits: Mapped[RequestSide] = mapped_column(
        text_enum(RequestSide), server_default=RequestSide.ASKED.value
    )
    # Who of the asked takes it, once they said so; None: whoever the market picks
    taker_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Why it was declined or cancelled, for the other side to read
    answer: Mapped[str | None]
    # When it ceased to be pending, and by whom: nobody, where it expired
    answered_at: Mapped[Instant | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # From then on it counts as expired, whether or not the worker has been there
    expires_at: Mapped[Instant]
    created_at: Mapped[CreatedAt]

    from_organisation: Mapped[Organisation] = relationship(
        lazy="raise", foreign_keys=[from_organisation_id]
    )
    to_organisation: Mapped[Organisation] = relationship(
        lazy="raise", foreign_keys=[to_organisation_id]
    )
    from_person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[from_person_id])
    to_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[to_person_id])
    answered_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[answered_by_id])
    taker: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[taker_id])
    counter_proposals: Mapped[list["CounterProposal"]] = relationship(
        lazy="raise", order_by="CounterProposal.id"
    )
    meeting: Mapped["Meeting | None"] = relationship(lazy="raise", back_populates="request")


class CounterProposal(Base):
    """Other times than were proposed, and whose they are: the request waits for the other side."""

    __tablename__ = "counter_proposals"
    __table_args__ = (Index("ix_counter_proposals_request_id", "request_id"),)

    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(ForeignKey("meeting_requests.id", ondelete="CASCADE"))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    proposed_times: Mapped[list[Range[datetime]]] = mapped_column(ARRAY(TSTZRANGE))
    message: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]

    by: Mapped[Person] = relationship(lazy="raise")


class Meeting(Versioned, Base):
    """A request with its time and place; a cancelled one stays, but holds nobody's time.

    Where its request is accepted, it waits for the schedule to give it another time.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        ForeignKeyConstraint(["market_id", "place_id"], ["places.market_id", "places.id"]),
        CheckConstraint(HALF_OPEN, name="during_is_half_open"),
        CheckConstraint("place_id IS NULL OR market_id IS NOT NULL", name="place_is_of_a_market"),
        CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"
        ),
        # What it holds is held for just as long: the entries refer to both.
        UniqueConstraint("id", "during"),
        Index("ix_meetings_market_id", "market_id", text("lower(during)")),
        Index("ix_meetings_place_id", "place_id"),
    )

    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(ForeignKey("meeting_requests.id"), unique=True)
    # The request's
    market_id: Mapped[int | None] = mapped_column(ForeignKey("markets.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    place_id: Mapped[int | None]
    # Where it is, in words: what the people say, or else the place's hall and name
    place: Mapped[str | None]
    # The schedule leaves it where it is
    locked: Mapped[bool] = mapped_column(server_default=false())
    # iTIP: rises whenever time or place changes, or the meeting is cancelled
    sequence: Mapped[int] = mapped_column(server_default="0")
    cancelled_at: Mapped[Instant | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]

    request: Mapped[MeetingRequest] = relationship(lazy="raise", back_populates="meeting")
    attendees: Mapped[list["MeetingAttendee"]] = relationship(
        lazy="raise", order_by="MeetingAttendee.person_id"
    )


class MeetingAttendee(Base):
    """Who meets: kept when the meeting is cancelled and their time is free again."""

    __tablename__ = "meeting_attendees"
    __table_args__ = (
        CheckConstraint("checked_in_at IS NULL OR missed_at IS NULL", name="came_or_did_not"),
        CheckConstraint(
            "checked_in_at IS NULL OR marked_by_id IS NOT NULL", name="checked_in_by_somebody"
        ),
        CheckConstraint(
            "marked_by_id IS NULL OR num_nonnulls(checked_in_at, missed_at) = 1",
            name="marked_as_something",
        ),
        Index("ix_meeting_attendees_person_id", "person_id", "meeting_id"),
    )

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), primary_key=True, autoincrement=False
    )
    # On the day: that they were there, or that they did not come
    checked_in_at: Mapped[Instant | None]
    missed_at: Mapped[Instant | None]
    # Who said so; nobody, where the meeting ended and only the other was there
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])


class MeetingOutcome(StrEnum):
    """What a company makes of a meeting."""

    INTERESTED = "interested"
    FOLLOW_UP = "follow_up"
    OFFER = "offer"
    DEAL = "deal"
    NOT_INTERESTED = "not_interested"


class MeetingNote(Versioned, Base):
    """What one of the two companies writes down of a meeting, for itself alone."""

    __tablename__ = "meeting_notes"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[MeetingOutcome | None] = mapped_column(text_enum(MeetingOutcome))
    follow_up_on: Mapped[date | None]
    written_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]

    written_by: Mapped[Person] = relationship(lazy="raise")
