"""Parts of titles: seasons, episodes, volumes and supplements; collections.

Revision ID: 2026_11_21_parts_of_titles
Revises: 2026_11_21_rights
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_parts_of_titles"
down_revision = "2026_11_21_rights"
branch_labels = None
depends_on = None

KINDS = (
    "'feature','documentary','animation','short','series','microdrama','format','project',"
    "'season','episode','volume','collection','supplement'"
)

COLUMNS = """
ALTER TABLE titles ADD COLUMN IF NOT EXISTS part_of_id bigint
ALTER TABLE titles ADD COLUMN IF NOT EXISTS season_number bigint
ALTER TABLE titles ADD COLUMN IF NOT EXISTS volume_number bigint
ALTER TABLE titles ADD COLUMN IF NOT EXISTS episode_number bigint
"""

# What is checked of each table. Of the kinds there are more than before, so no row can fail.
CHECKS = {
    "titles": {
        "kind": f"kind IN ({KINDS})",
        "whole_has_no_whole": "part_of_id IS NULL OR kind IN ('season', 'episode', 'volume', 'supplement')",
        "published_part_has_a_whole": "part_of_id IS NOT NULL OR state <> 'published' OR NOT kind IN ('season', 'episode', 'volume')",
        "season_number_fits": "season_number IS NULL OR (season_number BETWEEN 0 AND 100000 AND kind IN ('season', 'episode', 'volume'))",
        "volume_number_fits": "volume_number IS NULL OR (volume_number BETWEEN 0 AND 100000 AND kind IN ('volume'))",
        "episode_number_fits": "episode_number IS NULL OR (episode_number BETWEEN 0 AND 100000 AND kind IN ('episode'))",
    },
    "seller_profiles": {"kinds_are_known": f"kinds <@ ARRAY[{KINDS}]::text[]"},
    "buyer_profiles": {"kinds_are_known": f"kinds <@ ARRAY[{KINDS}]::text[]"},
}

# The market's lists are walked and searched without parts; made beside the open market, one by one.
INDEXES = {
    "ix_titles_newest": "(published_at DESC, id DESC) WHERE state = 'published' AND part_of_id IS NULL",
    "ix_titles_year": "(coalesce(year, 9999::smallint), id) WHERE state = 'published' AND part_of_id IS NULL",
    "ix_titles_year_descending": "(coalesce(year, 0::smallint) DESC, id DESC) WHERE state = 'published' AND part_of_id IS NULL",
    "ix_titles_sort_title": "(sort_title, id) WHERE state = 'published' AND part_of_id IS NULL",
    "ix_titles_seller_id": "(seller_id, id DESC) WHERE part_of_id IS NULL",
    "ix_titles_search": "USING gin (search) WITH (gin_pending_list_limit = 1024) WHERE part_of_id IS NULL",
    "ix_titles_part_of_id": "(part_of_id, id) WHERE part_of_id IS NOT NULL",
}
UNIQUE_INDEXES = {
    "uq_titles_seller_id_id": "(seller_id, id)",
    "uq_titles_part_number": "(part_of_id, kind, season_number, volume_number, episode_number) NULLS NOT DISTINCT WHERE part_of_id IS NOT NULL AND CASE kind WHEN 'season' THEN season_number ELSE coalesce(volume_number, episode_number) END IS NOT NULL",
}

# Free boxes are in the order of the market's list, which has no parts.
LEAD = """
DROP TRIGGER IF EXISTS titles_lead_free_boxes ON titles;
CREATE TRIGGER titles_lead_free_boxes AFTER UPDATE OF state, published_at, part_of_id ON titles
    FOR EACH ROW
    WHEN ((OLD.state, OLD.published_at, OLD.part_of_id)
        IS DISTINCT FROM (NEW.state, NEW.published_at, NEW.part_of_id))
    EXECUTE FUNCTION free_boxes_follow_title();
"""

SAME_SELLER = "fk_titles_part_of_id_seller_id_titles"


def upgrade() -> None:
    """Add the columns and laws, then make the indexes anew; what was interrupted is begun again."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for statement in COLUMNS.strip().splitlines():
        op.execute(statement)
    op.execute(LEAD)
    for table, checks in CHECKS.items():
        for name, law in checks.items():
            _check(table, f"ck_{table}_{name}", law)
    # Each of what follows is a transaction of its own, as what is CONCURRENTLY must be.
    with op.get_context().autocommit_block():
        for table, checks in CHECKS.items():
            for name in checks:
                op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")
        for name, definition in UNIQUE_INDEXES.items():
            _index("UNIQUE INDEX", name, definition)
        for name, definition in INDEXES.items():
            _index("INDEX", name, definition)
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE titles DROP CONSTRAINT IF EXISTS {SAME_SELLER}"
    )
    op.execute(
        f"ALTER TABLE titles ADD CONSTRAINT {SAME_SELLER} FOREIGN KEY (part_of_id, seller_id) "
        "REFERENCES titles (id, seller_id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE titles VALIDATE CONSTRAINT {SAME_SELLER}")
        # Of a new column PostgreSQL thinks that hardly a row has NULL in it, and plans accordingly.
        op.execute("ANALYZE titles")


def downgrade() -> None:
    """There is no place for a season in the market before this one."""
    raise NotImplementedError


def _check(table: str, name: str, law: str) -> None:
    # squawk: the law is put back, wider than it was, in the same transaction.
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
    )
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({law}) NOT VALID")


def _index(sort: str, name: str, definition: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE {sort} CONCURRENTLY {name} ON titles {definition}")
