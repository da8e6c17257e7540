"""Titles keep their credits in their rows: an export of a million reads nothing beside them.

Revision ID: 2026_11_22_title_rows
Revises: 2026_11_22_sandbox
Create Date: 2026-11-22
"""

from alembic import op

revision = "2026_11_22_title_rows"
down_revision = "2026_11_22_sandbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say it of what is written from now on; `VACUUM FULL titles` does it for all, if wanted."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE titles SET (toast_tuple_target = 1024)")


def downgrade() -> None:
    """Go back to narrower rows."""
    op.execute("ALTER TABLE titles SET (toast_tuple_target = 512)")
