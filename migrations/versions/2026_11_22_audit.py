"""The journal is read by who did what: by company, and by person.

Revision ID: 2026_11_22_audit
Revises: 2026_11_22_event_positions
Create Date: 2026-11-22
"""

from alembic import op

revision = "2026_11_22_audit"
down_revision = "2026_11_22_event_positions"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_events_organisation_id": "(organisation_id, id)",
    "ix_events_person_id": "(person_id, id)",
}


def upgrade() -> None:
    """Make the indexes while the market goes on; what was interrupted is begun again."""
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON events {columns}")


def downgrade() -> None:
    """Drop them."""
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
