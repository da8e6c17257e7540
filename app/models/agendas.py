"""Agendas: what people and places hold, and when."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, CreatedAt, Key, text_enum
from app.models.markets import Place

# Half-open and finite: two meetings may follow each other without a gap, and none lasts for ever.
HALF_OPEN = (
    "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)"
)


class EntryKind(StrEnum):
    """What takes somebody's time."""

    MEETING = "meeting"
    # Part of the programme
    SESSION = "session"
    # Something of their own
    BLOCK = "block"


class AgendaEntry(Base):
    """A period that one holder gives to one thing: two of the same holder can't overlap.

    A holder is a person or a place. No two things of any table have one id, so `holder_id` is
    either's, and one constraint holds for all.
    """

    __tablename__ = "agenda_entries"
    __table_args__ = (
        ExcludeConstraint(
            (text("int8range(holder_id, holder_id, '[]')"), "&&"),
            ("during", "&&"),
            name="ex_agenda_entries_holder_is_in_one_place",
            using="gist",
        ),
        # A meeting that moves takes its entries along, and meets the constraint for each.
        ForeignKeyConstraint(
            ["meeting_id", "during"],
            ["meetings.id", "meetings.during"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        CheckConstraint(HALF_OPEN, name="during_is_half_open"),
        CheckConstraint(
            "holder_id = coalesce(person_id, place_id) AND num_nonnulls(person_id, place_id) = 1",
            name="holder_is_a_person_or_a_place",
        ),
        CheckConstraint(
            "(kind = 'meeting') = (meeting_id IS NOT NULL)", name="a_meeting_has_its_meeting"
        ),
        Index("ix_agenda_entries_meeting_id", "meeting_id"),
        Index("ix_agenda_entries_place_id", "place_id"),
    )

    id: Mapped[Key]
    kind: Mapped[EntryKind] = mapped_column(
        text_enum(EntryKind), server_default=EntryKind.MEETING.value
    )
    holder_id: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    meeting_id: Mapped[int | None]
    # What a block is for: its holder's to know
    label: Mapped[str] = mapped_column(server_default="")
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    created_at: Mapped[CreatedAt]

    place: Mapped[Place | None] = relationship(lazy="raise")
