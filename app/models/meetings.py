"""Requests for meetings, meetings, and what a person holds on their agenda."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import (
    ARRAY,
    TSTZRANGE,
    ExcludeConstraint,
    Range,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation, Person
from app.models.base import Base, CreatedAt, Instant, Key, Versioned, text_enum

# Half-open and finite: two meetings may follow each other without a gap, and none lasts for ever.
HALF_OPEN = (
    "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)"
)


class MeetingRequestState(StrEnum):
    """Where a request stands; only an accepted one holds anybody's time."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class MeetingRequest(Versioned, Base):
    """One organisation asks another to meet; it holds nobody's time until it is accepted."""

    __tablename__ = "meeting_requests"
    __table_args__ = (
        CheckConstraint("from_organisation_id <> to_organisation_id", name="two_sides"),
        CheckConstraint(
            "(state = 'pending') = (answered_at IS NULL)", name="answered_at_tells_when"
        ),
        # Who has asked waits for the answer before asking the same again.
        Index(
            "uq_meeting_requests_pending",
            "from_person_id",
            "to_organisation_id",
            "to_person_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_meeting_requests_from", "from_organisation_id", text("id DESC")),
        Index("ix_meeting_requests_to", "to_organisation_id", text("id DESC")),
    )

    id: Mapped[Key]
    from_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    from_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    to_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    # None: any of them may take it
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    title_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    message: Mapped[str] = mapped_column(server_default="")
    # Half-open periods the asker could meet in, in their order of preference
    proposed_times: Mapped[list[Range[datetime]]] = mapped_column(
        ARRAY(TSTZRANGE), server_default="{}"
    )
    state: Mapped[MeetingRequestState] = mapped_column(
        text_enum(MeetingRequestState), server_default=MeetingRequestState.PENDING.value
    )
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
    meeting: Mapped["Meeting | None"] = relationship(lazy="raise", back_populates="request")


class Meeting(Versioned, Base):
    """An accepted request with its time; a cancelled one stays, but holds nobody's time."""

    __tablename__ = "meetings"
    __table_args__ = (
        CheckConstraint(HALF_OPEN, name="during_is_half_open"),
        CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"
        ),
    )

    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(ForeignKey("meeting_requests.id"), unique=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    # Where it is, in words, until the market hands out tables
    place: Mapped[str | None]
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
    __table_args__ = (Index("ix_meeting_attendees_person_id", "person_id", "meeting_id"),)

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), primary_key=True, autoincrement=False
    )

    person: Mapped[Person] = relationship(lazy="raise")


class AgendaEntry(Base):
    """A period that one holder gives to one thing: two of the same holder can't overlap.

    The holder is a person today; a table or a room is a holder like them, which is why the
    constraint speaks of `holder_id` and not of people.
    """

    __tablename__ = "agenda_entries"
    __table_args__ = (
        ExcludeConstraint(
            (text("int8range(holder_id, holder_id, '[]')"), "&&"),
            ("during", "&&"),
            name="ex_agenda_entries_holder_is_in_one_place",
            using="gist",
        ),
        CheckConstraint(HALF_OPEN, name="during_is_half_open"),
        CheckConstraint("holder_id = person_id", name="holder_is_a_person"),
        Index("ix_agenda_entries_meeting_id", "meeting_id"),
    )

    id: Mapped[Key]
    holder_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
