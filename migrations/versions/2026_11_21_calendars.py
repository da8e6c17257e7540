"""A meeting that changes has a higher sequence.

Revision ID: 2026_11_21_calendars
Revises: 2026_11_21_agendas
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_calendars"
down_revision = "2026_11_21_agendas"
branch_labels = None
depends_on = None

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
    AND (NEW.during, NEW.place_id, NEW.place, NEW.cancelled_at)
        IS DISTINCT FROM (OLD.during, OLD.place_id, OLD.place, OLD.cancelled_at)
) EXECUTE FUNCTION raise_meeting_sequence();
"""


def upgrade() -> None:
    """Make the trigger."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(SEQUENCE_RISES)


def downgrade() -> None:
    """Take the trigger away."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER IF EXISTS sequence_rises ON meetings")
    op.execute("DROP FUNCTION IF EXISTS raise_meeting_sequence()")
