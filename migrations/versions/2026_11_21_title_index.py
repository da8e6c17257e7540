"""By which analysis the titles are indexed.

Revision ID: 2026_11_21_title_index
Revises: 2026_11_21_screenings
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_title_index"
down_revision = "2026_11_21_screenings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table's one row; titles that are there have been indexed by the first analysis."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "title_index",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("analysis", sa.Integer(), nullable=False),
        sa.Column("next_analysis", sa.Integer(), nullable=True),
        sa.Column("after_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_title_index"),
        sa.CheckConstraint("id = 1", name=op.f("ck_title_index_only_one")),
    )
    op.execute("INSERT INTO title_index (id, analysis) VALUES (1, 1)")


def downgrade() -> None:
    """Drop the table."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("title_index")
