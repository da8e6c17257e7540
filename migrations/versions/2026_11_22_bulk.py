"""Imports and exports: what is done of them, and what partners call what they brought.

Revision ID: 2026_11_22_bulk
Revises: 2026_11_22_webhooks
Create Date: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_bulk"
down_revision = "2026_11_22_webhooks"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    """Make both tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "bulk_pieces",
        sa.Column("operation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("told", JSONB, nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", "number", name="pk_bulk_pieces"),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name="fk_bulk_pieces_operation_id_operations",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_bulk_pieces_number_counts_from_1")),
    )
    op.create_table(
        "partner_references",
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("invitation_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", "noun", "reference", name="pk_partner_references"),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["organisations.id"],
            name="fk_partner_references_owner_id_organisations",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_partner_references_organisation_id_organisations",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name="fk_partner_references_invitation_id_invitations",
        ),
        sa.CheckConstraint(
            "reference <> ''", name=op.f("ck_partner_references_reference_is_given")
        ),
        sa.CheckConstraint(
            "CASE noun WHEN 'company' THEN organisation_id IS NOT NULL AND invitation_id IS NULL "
            "WHEN 'person' THEN invitation_id IS NOT NULL AND organisation_id IS NULL "
            "ELSE false END",
            name=op.f("ck_partner_references_refers_to_what_it_says"),
        ),
    )
    for column in ("organisation_id", "invitation_id"):
        op.create_index(f"ix_partner_references_{column}", "partner_references", [column])


def downgrade() -> None:
    """Drop both tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("partner_references")
    op.drop_table("bulk_pieces")
