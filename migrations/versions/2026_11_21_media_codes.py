"""Media are named as the trees of rights name them: SVOD, AVOD with FAST in it, HOME_ENTERTAINMENT.

Revision ID: 2026_11_21_media_codes
Revises: 2026_11_21_operations
Create Date: 2026-11-21
"""

from alembic import op

revision = "2026_11_21_media_codes"
down_revision = "2026_11_21_operations"
branch_labels = None
depends_on = None

TABLES = ("seller_profiles", "buyer_profiles")
CODES = (
    "'ALL','NON_THEATRICAL','HOME_ENTERTAINMENT','TRANSACTIONAL','AVOD','TV','DERIVATIVE',"
    "'THEATRICAL','AIRLINE','SHIP','HOTEL','EDUCATIONAL','PHYSICAL','EST','TVOD','SVOD',"
    "'AVOD_ON_DEMAND','FAST','PAY_TV','FREE_TV','MICRODRAMA_APP','REMAKE','FORMAT','DUBBING'"
)


def upgrade() -> None:
    """Write in upper case what is there; the version rises, since a reader's copy is of the past."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in TABLES:
        law = f"ck_{table}_media_are_known"
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS {law}"
        )
        op.execute(
            f"UPDATE {table} SET version = version + 1, "  # noqa: S608
            "media = string_to_array(upper(array_to_string(media, ',')), ',') WHERE media <> '{}'"
        )
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {law} CHECK (media <@ ARRAY[{CODES}]::text[]) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_media_are_known")


def downgrade() -> None:
    """There is no word for AVOD without FAST in the market before this one, nor for a group."""
    raise NotImplementedError
