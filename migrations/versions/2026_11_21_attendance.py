"""Who came: to a meeting, and to the market; and what companies write down of their meetings.

Revision ID: 2026_11_21_attendance
Revises: 2026_11_21_calendars
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_attendance"
down_revision = "2026_11_21_calendars"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE meeting_attendees ADD COLUMN IF NOT EXISTS checked_in_at timestamptz
ALTER TABLE meeting_attendees ADD COLUMN IF NOT EXISTS missed_at timestamptz
ALTER TABLE meeting_attendees ADD COLUMN IF NOT EXISTS marked_by_id bigint
"""

ARRIVALS = """
CREATE TABLE IF NOT EXISTS arrivals (
    accreditation_id bigint NOT NULL,
    day date NOT NULL,
    checked_in_at timestamptz NOT NULL DEFAULT now(),
    checked_in_by_id bigint NOT NULL,
    CONSTRAINT pk_arrivals PRIMARY KEY (accreditation_id, day),
    CONSTRAINT fk_arrivals_accreditation_id_accreditations
        FOREIGN KEY (accreditation_id) REFERENCES accreditations (id) ON DELETE CASCADE,
    CONSTRAINT fk_arrivals_checked_in_by_id_people
        FOREIGN KEY (checked_in_by_id) REFERENCES people (id)
);
"""

NOTES = """
CREATE TABLE IF NOT EXISTS meeting_notes (
    meeting_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    text text NOT NULL DEFAULT '',
    outcome varchar(40),
    follow_up_on date,
    written_by_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_meeting_notes PRIMARY KEY (meeting_id, organisation_id),
    CONSTRAINT fk_meeting_notes_meeting_id_meetings
        FOREIGN KEY (meeting_id) REFERENCES meetings (id) ON DELETE CASCADE,
    CONSTRAINT fk_meeting_notes_organisation_id_organisations
        FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_meeting_notes_written_by_id_people
        FOREIGN KEY (written_by_id) REFERENCES people (id),
    CONSTRAINT ck_meeting_notes_meetingoutcome
        CHECK (outcome IN ('interested','follow_up','offer','deal','not_interested'))
);
"""

# Of new columns: no row can fail.
LAWS = {
    "ck_meeting_attendees_came_or_did_not": "CHECK (checked_in_at IS NULL OR missed_at IS NULL)",
    "ck_meeting_attendees_checked_in_by_somebody": "CHECK (checked_in_at IS NULL OR marked_by_id IS NOT NULL)",
    "ck_meeting_attendees_marked_as_something": "CHECK (marked_by_id IS NULL OR num_nonnulls(checked_in_at, missed_at) = 1)",
    "fk_meeting_attendees_marked_by_id_people": "FOREIGN KEY (marked_by_id) REFERENCES people (id)",
}


def upgrade() -> None:
    """Add columns and their laws, and two tables; what was interrupted is begun again."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for statement in COLUMNS.strip().splitlines():
        op.execute(statement)
    op.execute(ARRIVALS)
    op.execute(NOTES)
    for name, law in LAWS.items():
        op.execute(
            "-- squawk-ignore ban-drop-constraint\n"
            f"ALTER TABLE meeting_attendees DROP CONSTRAINT IF EXISTS {name}"
        )
        op.execute(f"ALTER TABLE meeting_attendees ADD CONSTRAINT {name} {law} NOT VALID")
    with op.get_context().autocommit_block():
        for name in LAWS:
            op.execute(f"ALTER TABLE meeting_attendees VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """Forget who came, and what was written down."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TABLE meeting_notes")
    op.execute("DROP TABLE arrivals")
    for column in ("marked_by_id", "missed_at", "checked_in_at"):
        op.execute(f"ALTER TABLE meeting_attendees DROP COLUMN {column}")
