"""Private addresses of agendas; and a meeting that changes has a higher sequence.

Revision ID: 2026_11_21_calendars
Revises: 2026_11_21_agendas
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_calendars"
down_revision = "2026_11_21_agendas"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)

# Whoever moves a meeting counts it up. Who forgets, or comes by psql, is helped: a calendar program
# passes over what it has seen with the same number.
SEQUENCE_RISES = """
CREATE OR REPLACE FUNCTION raise_meeting_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sequence := OLD.sequence + 1;
    NEW.updated_at := greatest(NEW.updated_at, now());
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER sequence_rises BEFORE UPDATE ON meetings
FOR EACH ROW WHEN (
    NEW.sequence <= OLD.sequence
    AND (NEW.during, NEW.place, NEW.cancelled_at)
        IS DISTINCT FROM (OLD.during, OLD.place, OLD.cancelled_at)
) EXECUTE FUNCTION raise_meeting_sequence();
"""


def upgrade() -> None:
    """Make the table and the trigger."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_read_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_calendar_feeds_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_index(
        "ix_calendar_feeds_person_id", "calendar_feeds", ["person_id", sa.literal_column("id DESC")]
    )
    op.execute(SEQUENCE_RISES)


def downgrade() -> None:
    """Take both away, and with them the addresses."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER IF EXISTS sequence_rises ON meetings")
    op.execute("DROP FUNCTION IF EXISTS raise_meeting_sequence()")
    op.drop_table("calendar_feeds")
