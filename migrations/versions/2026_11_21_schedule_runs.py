"""Runs of the schedule, and what each says of the requests it planned.

Revision ID: 2026_11_21_schedule_runs
Revises: 2026_11_21_attendance
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_schedule_runs"
down_revision = "2026_11_21_attendance"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
INSTANT = postgresql.TIMESTAMP(timezone=True)
HALF_OPEN = (
    "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)"
)


def upgrade() -> None:
    """Make both tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "schedule_runs",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("market_id", sa.BigInteger(), nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _enum("schedulemode", "plan", "repair"), nullable=False),
        sa.Column("repair_of_id", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("effort", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("weights", JSONB, nullable=False),
        sa.Column("planned_at", INSTANT, nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("plan", JSONB, nullable=True),
        sa.Column("applied_at", INSTANT, nullable=True),
        sa.Column("applied_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("seed >= 0", name=op.f("ck_schedule_runs_seed_is_plausible")),
        sa.CheckConstraint(
            "effort > 0 AND seconds > 0", name=op.f("ck_schedule_runs_budget_is_plausible")
        ),
        sa.CheckConstraint(
            "mode = 'repair' OR repair_of_id IS NULL",
            name=op.f("ck_schedule_runs_repairs_what_it_names"),
        ),
        sa.CheckConstraint(
            "(planned_at IS NULL) = (plan IS NULL) AND (planned_at IS NULL) = (fingerprint IS NULL)",
            name=op.f("ck_schedule_runs_planned_at_tells_when"),
        ),
        sa.CheckConstraint(
            "(applied_at IS NULL) = (applied_by_id IS NULL) AND (applied_at IS NULL OR planned_at IS NOT NULL)",
            name=op.f("ck_schedule_runs_applied_by_somebody"),
        ),
        _key("schedule_runs", "market_id", "markets"),
        _key("schedule_runs", "operation_id", "operations", ondelete="SET NULL"),
        _key("schedule_runs", "person_id", "people"),
        _key("schedule_runs", "repair_of_id", "schedule_runs", ondelete="SET NULL"),
        _key("schedule_runs", "applied_by_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_runs")),
    )
    op.create_index(
        "ix_schedule_runs_market_id", "schedule_runs", ["market_id", sa.literal_column("id DESC")]
    )
    op.create_index("ix_schedule_runs_operation_id", "schedule_runs", ["operation_id"])
    op.create_index("ix_schedule_runs_repair_of_id", "schedule_runs", ["repair_of_id"])
    op.create_table(
        "schedule_outcomes",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "change",
            _enum("schedulechange", "new", "moved", "kept", "left_out", "lost"),
            nullable=False,
        ),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("asker_id", sa.BigInteger(), nullable=True),
        sa.Column("taker_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("obstacles", JSONB, server_default="{}", nullable=False),
        sa.Column("before_during", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("before_place_id", sa.BigInteger(), nullable=True),
        sa.Column("before_people", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("before_sequence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(change IN ('new', 'moved', 'kept')) = (during IS NOT NULL) "
            "AND (during IS NULL) = (place_id IS NULL) AND (during IS NULL) = (asker_id IS NULL) "
            "AND (during IS NULL) = (taker_id IS NULL)",
            name=op.f("ck_schedule_outcomes_a_meeting_is_whole"),
        ),
        sa.CheckConstraint(
            "(change IN ('left_out', 'lost')) = (reason IS NOT NULL)",
            name=op.f("ck_schedule_outcomes_left_out_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(before_during IS NULL) = (before_sequence IS NULL) "
            "AND (before_during IS NULL) = (before_people IS NULL) "
            "AND (change NOT IN ('moved', 'kept', 'lost') OR before_during IS NOT NULL)",
            name=op.f("ck_schedule_outcomes_before_tells_of_a_meeting"),
        ),
        sa.CheckConstraint(HALF_OPEN, name=op.f("ck_schedule_outcomes_during_is_half_open")),
        _key("schedule_outcomes", "run_id", "schedule_runs", ondelete="CASCADE"),
        _key("schedule_outcomes", "request_id", "meeting_requests"),
        _key("schedule_outcomes", "asker_id", "people"),
        _key("schedule_outcomes", "taker_id", "people"),
        sa.PrimaryKeyConstraint("run_id", "request_id", name=op.f("pk_schedule_outcomes")),
    )
    op.create_index(
        "ix_schedule_outcomes_meetings",
        "schedule_outcomes",
        ["run_id", sa.literal_column("lower(during)"), "request_id"],
        postgresql_where=sa.text("during IS NOT NULL"),
    )
    op.create_index(
        "ix_schedule_outcomes_left_out",
        "schedule_outcomes",
        ["run_id", "request_id"],
        postgresql_where=sa.text("during IS NULL"),
    )


def downgrade() -> None:
    """Take both tables away; what was applied stays."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("schedule_outcomes")
    op.drop_table("schedule_runs")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _key(table: str, column: str, other: str, ondelete: str | None = None) -> sa.Constraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)
