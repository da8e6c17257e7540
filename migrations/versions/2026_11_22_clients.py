"""Clients of the API, their secrets, and the service accounts that they act as.

Revision ID: 2026_11_22_clients
Revises: 2026_11_21_title_index
Create Date: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_clients"
down_revision = "2026_11_21_title_index"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)

# A service account has neither e-mail nor password, and by itself no right to speak for anybody.
LAW = """
ALTER TABLE people ADD CONSTRAINT ck_people_a_service_account_signs_in_nowhere CHECK (
    num_nulls(email, password_hash) = 0
    OR (num_nulls(email, password_hash) = 2 AND role = 'member')
) NOT VALID
"""
VALIDATED = """
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE people VALIDATE CONSTRAINT ck_people_a_service_account_signs_in_nowhere
"""
# The version before this one makes no service accounts, and never meets a null while it serves on.
MAY_BE_NULL = """
-- squawk-ignore ban-drop-not-null
ALTER TABLE people ALTER COLUMN {column} DROP NOT NULL
"""
# What a client did stays its own; its account becomes one of somebody who left.
ACCOUNTS_STAY = """
UPDATE people SET
    email = 'client-' || id || '@filmmart.invalid',
    password_hash = '!',
    removed_at = coalesce(removed_at, now())
WHERE email IS NULL
"""


def upgrade() -> None:
    """Let people be service accounts; make the tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for column in ("email", "password_hash"):
        op.execute(MAY_BE_NULL.format(column=column))
    op.execute(LAW)
    op.execute(VALIDATED)
    _make_clients()
    _make_secrets()


def _make_clients() -> None:
    op.create_table(
        "api_clients",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "networks", postgresql.ARRAY(postgresql.CIDR()), server_default="{}", nullable=False
        ),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_clients_name_is_given")),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_api_clients_scopes_are_some")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_api_clients_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_api_clients_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["people.id"], name=op.f("fk_api_clients_created_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
        sa.UniqueConstraint("person_id", name=op.f("uq_api_clients_person_id")),
    )
    op.create_index(
        "ix_api_clients_organisation_id",
        "api_clients",
        ["organisation_id", sa.literal_column("id DESC")],
    )
    op.create_table(
        "api_client_uses",
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_clients.id"],
            name=op.f("fk_api_client_uses_client_id_api_clients"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_api_client_uses")),
    )


def _make_secrets() -> None:
    op.create_table(
        "api_client_secrets",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_clients.id"],
            name=op.f("fk_api_client_secrets_client_id_api_clients"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client_secrets")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_client_secrets_secret_hash")),
    )
    op.create_index(
        "uq_api_client_secrets_client_id",
        "api_client_secrets",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("expires_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_index(
        "ix_api_client_secrets_client_id",
        "api_client_secrets",
        ["client_id", sa.literal_column("id DESC")],
    )


def downgrade() -> None:
    """Take the tables away, and with them every client; what they did stays."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("api_client_uses")
    op.drop_table("api_client_secrets")
    op.drop_table("api_clients")
    op.execute("ALTER TABLE people DROP CONSTRAINT ck_people_a_service_account_signs_in_nowhere")
    op.execute(ACCOUNTS_STAY)
    op.alter_column("people", "password_hash", existing_type=sa.Text(), nullable=False)
    op.alter_column("people", "email", existing_type=sa.Text(), nullable=False)
