"""Offerings found by the keys of the avails they came from.

Revision ID: 2026_11_21_avails
Revises: 2026_11_21_wholes_are_published
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_avails"
down_revision = "2026_11_21_wholes_are_published"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index beside the open market; one that was interrupted is made anew."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_offerings_avails_key")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_offerings_avails_key ON offerings "
            "(avails_key text_pattern_ops) WHERE avails_key IS NOT NULL"
        )


def downgrade() -> None:
    """Take it away."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_offerings_avails_key")
