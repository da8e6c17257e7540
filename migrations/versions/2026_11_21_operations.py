"""Operations: long work that is polled, and what it finds.

Revision ID: 2026_11_21_operations
Revises: 2026_11_21_parts_of_titles
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_operations"
down_revision = "2026_11_21_parts_of_titles"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
STATES = ("queued", "running", "succeeded", "failed", "cancelled")
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "operations",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "state", _enum("operationstate", *STATES), server_default="queued", nullable=False
        ),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("counts", JSONB, server_default="{}", nullable=False),
        sa.Column("findings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("problem", JSONB, nullable=True),
        sa.Column("input", JSONB, server_default="{}", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("cancel_requested_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind <> ''", name=op.f("ck_operations_kind_is_given")),
        sa.CheckConstraint(
            "progress BETWEEN 0 AND 1", name=op.f("ck_operations_progress_is_a_share")
        ),
        sa.CheckConstraint(
            "CASE state WHEN 'queued' THEN started_at IS NULL WHEN 'cancelled' THEN true ELSE started_at IS NOT NULL END",
            name=op.f("ck_operations_started_at_tells_when"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (ended_at IS NULL)",
            name=op.f("ck_operations_ended_at_tells_when"),
        ),
        sa.CheckConstraint(
            "state <> 'cancelled' OR cancel_requested_at IS NOT NULL",
            name=op.f("ck_operations_cancelled_by_request"),
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (problem IS NOT NULL)",
            name=op.f("ck_operations_problem_tells_why"),
        ),
        sa.CheckConstraint(
            "result IS NULL OR state IN ('succeeded', 'cancelled')",
            name=op.f("ck_operations_result_is_of_an_end"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_operations_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_operations_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )
    op.create_index(
        "ix_operations_organisation_id",
        "operations",
        ["organisation_id", sa.literal_column("id DESC")],
    )
    op.create_index(
        "ix_operations_unended",
        "operations",
        ["organisation_id", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_operations_ended_at", "operations", ["ended_at"])
    op.create_table(
        "operation_findings",
        sa.Column("operation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("severity", _enum("severity", "error", "warning", "info"), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("row_number", sa.BigInteger(), nullable=True),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_operation_findings_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", "number", name=op.f("pk_operation_findings")),
    )


def downgrade() -> None:
    """Take both tables away, and with them what was found."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("operation_findings")
    op.drop_table("operations")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
