"""Facts have positions, a chain, and say from where they came; nobody changes them.

Revision ID: 2026_11_22_event_positions
Revises: 2026_11_22_rate_windows
Create Date: 2026-11-22
"""

from alembic import op

revision = "2026_11_22_event_positions"
down_revision = "2026_11_22_rate_windows"
branch_labels = None
depends_on = None

# The number has its default in a statement of its own: the facts that are there are not rewritten.
COLUMNS = """
CREATE SEQUENCE event_numbers
ALTER TABLE events ADD COLUMN number bigint
ALTER TABLE events ALTER COLUMN number SET DEFAULT nextval('event_numbers'::regclass)
ALTER SEQUENCE event_numbers OWNED BY events.number
ALTER TABLE events ADD COLUMN is_public boolean NOT NULL DEFAULT false
ALTER TABLE events ADD COLUMN organisation_id bigint
ALTER TABLE events ADD COLUMN client_id bigint
ALTER TABLE events ADD COLUMN address inet
ALTER TABLE events ADD COLUMN request_id text
"""

TABLES = """
CREATE TABLE event_positions (
    position bigint NOT NULL,
    event_id bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_event_positions PRIMARY KEY (position),
    CONSTRAINT uq_event_positions_event_id UNIQUE (event_id)
);
CREATE TABLE event_passes (
    position bigint NOT NULL,
    snapshot pg_snapshot NOT NULL,
    CONSTRAINT pk_event_passes PRIMARY KEY (position)
);
-- Before the first position nothing had been committed.
INSERT INTO event_passes VALUES (0, '1:1:');
CREATE TABLE event_retention (
    id smallint NOT NULL,
    gone_position bigint NOT NULL,
    CONSTRAINT pk_event_retention PRIMARY KEY (id),
    CONSTRAINT ck_event_retention_one_row CHECK (id = 1)
);
INSERT INTO event_retention VALUES (1, 0);
"""

LAWS = """
CREATE FUNCTION refuse_to_change_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_journal();
CREATE TRIGGER event_positions_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON event_positions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_journal();
"""


def upgrade() -> None:
    """Add columns, tables and triggers; positions are given when the market runs."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for statement in COLUMNS.strip().splitlines():
        op.execute(statement)
    op.execute(TABLES)
    op.execute(LAWS)


def downgrade() -> None:
    """Take them away."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TABLE event_positions, event_passes, event_retention")
    op.execute("DROP TRIGGER events_are_kept ON events")
    op.execute("DROP FUNCTION refuse_to_change_journal()")
    for name in ("number", "is_public", "organisation_id", "client_id", "address", "request_id"):
        op.execute(f"ALTER TABLE events DROP COLUMN {name}")
