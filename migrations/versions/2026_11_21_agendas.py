"""Agendas of people and places under one law; requests and meetings at a market.

Revision ID: 2026_11_21_agendas
Revises: 2026_11_21_markets
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_agendas"
down_revision = "2026_11_21_markets"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE accreditations ADD COLUMN IF NOT EXISTS free tstzmultirange
ALTER TABLE meeting_requests ADD COLUMN IF NOT EXISTS market_id bigint
ALTER TABLE meeting_requests ADD COLUMN IF NOT EXISTS topics text[] NOT NULL DEFAULT '{}'
ALTER TABLE meeting_requests ADD COLUMN IF NOT EXISTS priority integer NOT NULL DEFAULT 2
ALTER TABLE meeting_requests ADD COLUMN IF NOT EXISTS awaits varchar(40) NOT NULL DEFAULT 'asked'
ALTER TABLE meeting_requests ADD COLUMN IF NOT EXISTS taker_id bigint
ALTER TABLE meetings ADD COLUMN IF NOT EXISTS market_id bigint
ALTER TABLE meetings ADD COLUMN IF NOT EXISTS place_id bigint
ALTER TABLE meetings ADD COLUMN IF NOT EXISTS locked boolean NOT NULL DEFAULT false
ALTER TABLE agenda_entries ADD COLUMN IF NOT EXISTS kind varchar(40) NOT NULL DEFAULT 'meeting'
ALTER TABLE agenda_entries ADD COLUMN IF NOT EXISTS place_id bigint
ALTER TABLE agenda_entries ADD COLUMN IF NOT EXISTS label text NOT NULL DEFAULT ''
ALTER TABLE agenda_entries ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now()
ALTER TABLE agenda_entries ALTER COLUMN person_id DROP NOT NULL
ALTER TABLE agenda_entries ALTER COLUMN meeting_id DROP NOT NULL
ALTER TABLE agenda_entries DROP CONSTRAINT IF EXISTS ck_agenda_entries_holder_is_a_person
ALTER TABLE places DROP CONSTRAINT IF EXISTS uq_places_market_id_id CASCADE
ALTER TABLE meetings DROP CONSTRAINT IF EXISTS uq_meetings_id_during CASCADE
"""

COUNTER_PROPOSALS = """
CREATE TABLE IF NOT EXISTS counter_proposals (
    id bigint NOT NULL DEFAULT new_id(),
    request_id bigint NOT NULL,
    by_id bigint NOT NULL,
    proposed_times tstzrange[] NOT NULL,
    message text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_counter_proposals PRIMARY KEY (id),
    CONSTRAINT fk_counter_proposals_request_id_meeting_requests
        FOREIGN KEY (request_id) REFERENCES meeting_requests (id) ON DELETE CASCADE,
    CONSTRAINT fk_counter_proposals_by_id_people FOREIGN KEY (by_id) REFERENCES people (id)
);
CREATE INDEX IF NOT EXISTS ix_counter_proposals_request_id ON counter_proposals (request_id);
"""

# Wider than what is there, or of new columns: no row can fail.
LAWS = {
    "meeting_requests": {
        "ck_meeting_requests_meetingrequeststate": "CHECK (state IN ('pending','accepted','scheduled','held','no_show','declined','cancelled','expired'))",
        "ck_meeting_requests_requestside": "CHECK (awaits IN ('asker','asked'))",
        "ck_meeting_requests_priority_is_known": "CHECK (priority BETWEEN 1 AND 3)",
        "ck_meeting_requests_a_schedule_is_a_markets": "CHECK (market_id IS NOT NULL OR state <> 'accepted')",
        "fk_meeting_requests_market_id_markets": "FOREIGN KEY (market_id) REFERENCES markets (id)",
        "fk_meeting_requests_taker_id_people": "FOREIGN KEY (taker_id) REFERENCES people (id)",
    },
    "meetings": {
        "ck_meetings_place_is_of_a_market": "CHECK (place_id IS NULL OR market_id IS NOT NULL)",
        "fk_meetings_market_id_markets": "FOREIGN KEY (market_id) REFERENCES markets (id)",
    },
    "agenda_entries": {
        "ck_agenda_entries_entrykind": "CHECK (kind IN ('meeting','session','block'))",
        "ck_agenda_entries_holder_is_a_person_or_a_place": "CHECK (holder_id = coalesce(person_id, place_id) AND num_nonnulls(person_id, place_id) = 1)",
        "ck_agenda_entries_a_meeting_has_its_meeting": "CHECK ((kind = 'meeting') = (meeting_id IS NOT NULL))",
        "fk_agenda_entries_place_id_places": "FOREIGN KEY (place_id) REFERENCES places (id)",
    },
}

# Those that refer to keys made below
REFERENCES = {
    "meetings": {
        "fk_meetings_market_id_place_id_places": "FOREIGN KEY (market_id, place_id) REFERENCES places (market_id, id)",
    },
    "agenda_entries": {
        "fk_agenda_entries_meeting_id_during_meetings": "FOREIGN KEY (meeting_id, during) REFERENCES meetings (id, during) ON UPDATE CASCADE ON DELETE CASCADE",
    },
}

KEYS = {
    "uq_places_market_id_id": "places (market_id, id)",
    "uq_meetings_id_during": "meetings (id, during)",
}
UNIQUE = {
    "uq_meeting_requests_pending": "meeting_requests (market_id, from_person_id, to_organisation_id, to_person_id) NULLS NOT DISTINCT WHERE state = 'pending'",
}
INDEXES = {
    "ix_meeting_requests_market_id": "meeting_requests (market_id, id DESC) WHERE market_id IS NOT NULL",
    "ix_meetings_market_id": "meetings (market_id, lower(during))",
    "ix_meetings_place_id": "meetings (place_id)",
    "ix_agenda_entries_place_id": "agenda_entries (place_id)",
}


def upgrade() -> None:
    """Add columns and laws, then keys and indexes; what was interrupted is begun again."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for statement in COLUMNS.strip().splitlines():
        op.execute(f"-- squawk-ignore ban-drop-constraint, ban-drop-not-null\n{statement}")
    op.execute(COUNTER_PROPOSALS)
    _add(LAWS)
    # Until now whoever accepted named a time, too.
    op.execute("UPDATE meeting_requests SET state = 'scheduled' WHERE state = 'accepted'")
    with op.get_context().autocommit_block():
        _validate(LAWS)
        for name, definition in {**KEYS, **UNIQUE}.items():
            _index("UNIQUE INDEX", name, definition)
        for name, definition in INDEXES.items():
            _index("INDEX", name, definition)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_places_market_id")
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name, definition in KEYS.items():
        table = definition.split()[0]
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")
    op.execute(
        "-- squawk-ignore ban-drop-constraint\nALTER TABLE agenda_entries "
        "DROP CONSTRAINT IF EXISTS fk_agenda_entries_meeting_id_meetings"
    )
    _add(REFERENCES)
    with op.get_context().autocommit_block():
        _validate(REFERENCES)


def downgrade() -> None:
    """There is no place for what a table holds in the schema before this one."""
    raise NotImplementedError


def _add(laws: dict[str, dict[str, str]]) -> None:
    for table, named in laws.items():
        for name, law in named.items():
            # squawk: the law is put back, wider than it was, in the same transaction.
            op.execute(
                "-- squawk-ignore ban-drop-constraint\n"
                f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
            )
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {law} NOT VALID")


def _validate(laws: dict[str, dict[str, str]]) -> None:
    for table, named in laws.items():
        for name in named:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _index(sort: str, name: str, definition: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE {sort} CONCURRENTLY {name} ON {definition}")
