"""Operations: long work that somebody asked for, how far it is, and what it found."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Instant, JsonObject, Key, text_enum


class OperationState(StrEnum):
    """Where an operation stands; it waits as `queued` before it begins, and between two tries."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Severity(StrEnum):
    """How bad a finding is: an `error` left something undone that was asked for."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Operation(Base):
    """Work that takes longer than a request: the worker does it, its organisation watches."""

    __tablename__ = "operations"
    __table_args__ = (
        CheckConstraint("kind <> ''", name="kind_is_given"),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress_is_a_share"),
        CheckConstraint(
            "CASE state WHEN 'queued' THEN started_at IS NULL WHEN 'cancelled' THEN true "
            "ELSE started_at IS NOT NULL END",
            name="started_at_tells_when",
        ),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (ended_at IS NULL)", name="ended_at_tells_when"
        ),
        CheckConstraint(
            "state <> 'cancelled' OR cancel_requested_at IS NOT NULL", name="cancelled_by_request"
        ),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="problem_tells_why"),
        CheckConstraint(
            "result IS NULL OR state IN ('succeeded', 'cancelled')", name="result_is_of_an_end"
        ),
        Index("ix_operations_organisation_id", "organisation_id", text("id DESC")),
        # What the worker looks after, and what an organisation may have so many of
        Index(
            "ix_operations_unended",
            "organisation_id",
            "id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_operations_ended_at", "ended_at"),
    )

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # "<noun>.<what is done>": "avails.import"
    kind: Mapped[str]
    state: Mapped[OperationState] = mapped_column(
        text_enum(OperationState), server_default=OperationState.QUEUED.value
    )
    progress: Mapped[float] = mapped_column(Double, server_default="0")
    # {"rows": 1200, "created": 17 …}: what a kind counts
    counts: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    # How many findings there are: more than are kept, maybe
    findings: Mapped[int] = mapped_column(server_default="0")
    # What came of it, as its kind says
    result: Mapped[JsonObject | None] = mapped_column(JSONB)
    # The problem document of one that failed
    problem: Mapped[JsonObject | None] = mapped_column(JSONB)
    # What it was asked for, as its kind says; never shown
    input: Mapped[JsonObject] = mapped_column(JSONB, server_default="{}")
    # How often it was begun. A run that is not the last one begun has nothing more to say.
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    cancel_requested_at: Mapped[Instant | None]


class OperationFinding(Base):
    """One thing an operation found in what it was given, and what it did about it."""

    __tablename__ = "operation_findings"

    operation_id: Mapped[int] = mapped_column(
        ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # From 1, in the order they were found
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    # Where: of a spreadsheet, or as near to it as a file has it
    sheet: Mapped[str | None]
    row_number: Mapped[int | None]
    column_name: Mapped[str | None]
    # What stands there
    value: Mapped[str | None]
    # What is wrong with it, and what was done
    problem: Mapped[str]
    done: Mapped[str | None]
