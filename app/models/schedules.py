"""Runs of a market's schedule: what was asked for, and what the plan says of each request."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Person
from app.models.agendas import HALF_OPEN
from app.models.base import Base, CreatedAt, Instant, JsonObject, Key, text_enum
from app.models.markets import Place
from app.models.operations import Operation


class ScheduleMode(StrEnum):
    """What a run does with meetings that have a time already."""

    # They stay where they are
    PLAN = "plan"
    # They move where they must, and else as little as they can
    REPAIR = "repair"


class ScheduleChange(StrEnum):
    """What a plan does with a request."""

    NEW = "new"
    MOVED = "moved"
    KEPT = "kept"
    # It waited for a meeting, and waits still
    LEFT_OUT = "left_out"
    # It has a meeting that can't be held any more, and is taken off
    LOST = "lost"


class ScheduleRun(Base):
    """A plan for a market's meetings: made by the worker, and real only once it is applied."""

    __tablename__ = "schedule_runs"
    __table_args__ = (
        CheckConstraint("seed >= 0", name="seed_is_plausible"),
        CheckConstraint("effort > 0 AND seconds > 0", name="budget_is_plausible"),
        CheckConstraint("mode = 'repair' OR repair_of_id IS NULL", name="repairs_what_it_names"),
        CheckConstraint(
            "(planned_at IS NULL) = (plan IS NULL) "
            "AND (planned_at IS NULL) = (fingerprint IS NULL)",
            name="planned_at_tells_when",
        ),
        CheckConstraint(
            "(applied_at IS NULL) = (applied_by_id IS NULL) "
            "AND (applied_at IS NULL OR planned_at IS NOT NULL)",
            name="applied_by_somebody",
        ),
        Index("ix_schedule_runs_market_id", "market_id", text("id DESC")),
        Index("ix_schedule_runs_operation_id", "operation_id"),
        Index("ix_schedule_runs_repair_of_id", "repair_of_id"),
    )

    id: Mapped[Key]
    market_id: Mapped[int] = mapped_column(ForeignKey("markets.id"))
    # The work of planning; None once it is forgotten
    operation_id: Mapped[int | None] = mapped_column(
        ForeignKey("operations.id", ondelete="SET NULL")
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    mode: Mapped[ScheduleMode] = mapped_column(text_enum(ScheduleMode))
    # Whose left-out requests wait on, and move nobody
    repair_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("schedule_runs.id", ondelete="SET NULL")
    )
    seed: Mapped[int] = mapped_column(Integer)
    # What the search may cost: in steps, which are the same everywhere, and by the clock
    effort: Mapped[float] = mapped_column(Double)
    seconds: Mapped[int] = mapped_column(Integer)
    weights: Mapped[JsonObject] = mapped_column(JSONB)
    planned_at: Mapped[Instant | None]
    # Of all that was read: the same, with the same seed and effort, makes the same plan
    fingerprint: Mapped[str | None]
    # The figures of the plan
    plan: Mapped[JsonObject | None] = mapped_column(JSONB)
    applied_at: Mapped[Instant | None]
    applied_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]

    operation: Mapped[Operation | None] = relationship(lazy="raise")


class ScheduleOutcome(Base):
    """What a run says of one request: its meeting, or why it has none."""

    __tablename__ = "schedule_outcomes"
    __table_args__ = (
        CheckConstraint(
            "(change IN ('new', 'moved', 'kept')) = (during IS NOT NULL) "
            "AND (during IS NULL) = (place_id IS NULL) AND (during IS NULL) = (asker_id IS NULL) "
            "AND (during IS NULL) = (taker_id IS NULL)",
            name="a_meeting_is_whole",
        ),
        CheckConstraint(
            "(change IN ('left_out', 'lost')) = (reason IS NOT NULL)", name="left_out_for_a_reason"
        ),
        CheckConstraint(
            "(before_during IS NULL) = (before_sequence IS NULL) "
            "AND (before_during IS NULL) = (before_people IS NULL) "
            "AND (change NOT IN ('moved', 'kept', 'lost') OR before_during IS NOT NULL)",
            name="before_tells_of_a_meeting",
        ),
        CheckConstraint(HALF_OPEN, name="during_is_half_open"),
        Index(
            "ix_schedule_outcomes_meetings",
            "run_id",
            func.lower(text("during")),
            "request_id",
            postgresql_where=text("during IS NOT NULL"),
        ),
        Index(
            "ix_schedule_outcomes_left_out",
            "run_id",
            "request_id",
            postgresql_where=text("during IS NULL"),
        ),
    )

    run_id: Mapped[int] = mapped_column(
        ForeignKey("schedule_runs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    request_id: Mapped[int] = mapped_column(
        ForeignKey("meeting_requests.id"), primary_key=True, autoincrement=False
    )
    change: Mapped[ScheduleChange] = mapped_column(text_enum(ScheduleChange))
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    # Not held to the places there are: one that was planned for may be deleted before it is used
    place_id: Mapped[int | None]
    # Of the side that asked, and of the side that was asked
    asker_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taker_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Why it is left out, and in how many slots what stands in the way
    reason: Mapped[str | None]
    obstacles: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    # The meeting that the request had when this was planned, called off or not
    before_during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    before_place_id: Mapped[int | None]
    before_people: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    before_sequence: Mapped[int | None]

    asker: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[asker_id])
    taker: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[taker_id])
    place: Mapped[Place | None] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="foreign(ScheduleOutcome.place_id) == Place.id",
    )
