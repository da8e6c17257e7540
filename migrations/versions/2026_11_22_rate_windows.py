"""Windows of rate limits, of which every process takes its share.

Revision ID: 2026_11_22_rate_windows
Revises: 2026_11_22_clients
Create Date: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_rate_windows"
down_revision = "2026_11_22_clients"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; rows are changed in place, so pages leave room for it."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "rate_windows",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_rate_windows")),
    )
    op.create_index("ix_rate_windows_ends_at", "rate_windows", ["ends_at"])


def downgrade() -> None:
    """Drop it."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("rate_windows")
