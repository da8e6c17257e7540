"""Whether what a title is part of is on the market.

Revision ID: 2026_11_21_wholes_are_published
Revises: 2026_11_21_media_codes
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_wholes_are_published"
down_revision = "2026_11_21_media_codes"
branch_labels = None
depends_on = None

# Of a title, what it is part of, what that is part of … A function, and not a part of each statement:
# most titles are part of nothing, and pay nothing for it.
WHOLES_ARE_PUBLISHED = """
CREATE FUNCTION wholes_are_published(title_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE chain AS (
        SELECT id, part_of_id, state FROM titles WHERE id = title_id
        UNION
        SELECT whole.id, whole.part_of_id, whole.state
        FROM titles whole JOIN chain ON whole.id = chain.part_of_id
    )
    SELECT coalesce(bool_and(state = 'published'), false) FROM chain
$$
"""


def upgrade() -> None:
    """Make the function."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(WHOLES_ARE_PUBLISHED)


def downgrade() -> None:
    """Take it away."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP FUNCTION wholes_are_published(bigint)")
