"""Ids of a sandbox are others than those of its live market, from which companies bring theirs.

Revision ID: 2026_11_22_sandbox
Revises: 2026_11_22_bulk
Create Date: 2026-11-22
"""

import secrets

from alembic import op

revision = "2026_11_22_sandbox"
down_revision = "2026_11_22_bulk"
branch_labels = None
depends_on = None

# The sequence of a live market begins at 1, that of a sandbox at 2⁴⁰ (`app.schema.make_sandbox`), and
# what stands above these 40 bits moves the milliseconds by 2⁴², which is 139 years: so no id of the
# one is ever made in the other. A new salt changes ids to come, not those that are there.
NEW_ID = """
CREATE OR REPLACE FUNCTION new_id() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
    number bigint := nextval('id_sequence');
BEGIN
    RETURN ((ms + ((number >> 40) << 42)) << 16)
        | (((hashint8extended(ms, {salt}) & 65535) + number) & 65535);
END
$$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION new_id() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
BEGIN
    RETURN (ms << 16) | (((hashint8extended(ms, {salt}) & 65535) + nextval('id_sequence')) & 65535);
END
$$;
"""


def upgrade() -> None:
    """Replace the function; a market that is live makes the ids it made."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(NEW_ID.format(salt=secrets.randbits(62)))


def downgrade() -> None:
    """Put back the one of before."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(BEFORE.format(salt=secrets.randbits(62)))
