"""The first market: accounts, profiles, titles, meetings, screeners, the journal.

Revision ID: 2026_11_20_first_market
Revises:
Create Date: 2026-11-20
"""

import secrets
from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "2026_11_20_first_market"
down_revision = None
branch_labels = None
depends_on = None


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`, which SQLAlchemy has no name for."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type in DDL."""
        return "xid8"


# Ids are milliseconds, then 16 bits of a sequence: they sort by age and two of one millisecond differ.
# The sequence's bits are shifted by a salted hash of the millisecond (as Mastodon does), so that two ids
# do not tell how many rows were made between them.
NEW_ID = """
CREATE SEQUENCE id_sequence;
CREATE FUNCTION new_id() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
BEGIN
    RETURN (ms << 16) | (((hashint8extended(ms, {salt}) & 65535) + nextval('id_sequence')) & 65535);
END
$$;
"""


# A fact about what every process keeps answers of is told to them all when its transaction commits: see
# `app.answers`. Only these nouns: NOTIFY makes transactions commit one after the other.
TELL = """
CREATE FUNCTION tell_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM inserted
        WHERE split_part(type, '.', 1) IN ('organisation', 'seller_profile', 'title')
    ) THEN
        PERFORM pg_notify('journal', '');
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER events_are_heard AFTER INSERT ON events
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION tell_journal();
"""


def upgrade() -> None:
    """Make everything."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute(NEW_ID.format(salt=secrets.randbits(62)))
    _create_tables()
    # What is searched lives beside its row and is read often: unpacking it would cost as much again.
    op.execute("ALTER TABLE titles ALTER COLUMN search SET STORAGE EXTERNAL")
    op.execute(TELL)
    # The worker's own tables, as the pinned version of procrastinate ships them; a newer version comes
    # with a migration of its own here.
    op.execute((files("procrastinate") / "sql" / "schema.sql").read_text())


def downgrade() -> None:
    """There is nothing before the first market."""
    raise NotImplementedError


def _create_tables() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column(
            "transaction",
            TransactionId(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
        ),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "organisation_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column(
            "occurred_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_subject_id", "events", ["subject_id", "id"], unique=False)
    op.create_index("ix_events_transaction", "events", ["transaction", "id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        "ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"], unique=False
    )
    op.create_table(
        "login_failures",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "failed_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
    )
    op.create_index(
        "ix_login_failures_subject", "login_failures", ["subject", "failed_at"], unique=False
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column(
            "standing",
            sa.Enum(
                "pending",
                "approved",
                "suspended",
                name="standing",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_organiser", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "country ~ '^[A-Z]{2}$'", name=op.f("ck_organisations_country_is_iso_3166_1")
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_organisations_name_is_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )
    op.create_index("ix_organisations_standing", "organisations", ["standing", "id"], unique=False)
    op.create_table(
        "buyer_profiles",
        sa.Column("budget_min", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("budget_max", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("budget_currency", sa.Text(), nullable=True),
        sa.Column(
            "texts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("genres", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("territories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("media", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "contacts", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "genres <@ ARRAY['action','adventure','arts','biography','children','comedy','crime','current_affairs','drama','educational','family','fantasy','food','game_show','history','horror','lgbtq','lifestyle','martial_arts','music','musical','mystery','nature','reality','religion','romance','science','science_fiction','sport','stand_up','talk_show','teen','thriller','travel','true_crime','war','western']::text[]",
            name=op.f("ck_buyer_profiles_genres_are_known"),
        ),
        sa.CheckConstraint(
            "kinds <@ ARRAY['feature','documentary','animation','short','series','microdrama','format','project']::text[]",
            name=op.f("ck_buyer_profiles_kinds_are_known"),
        ),
        sa.CheckConstraint(
            "media <@ ARRAY['theatrical','airline','ship','hotel','educational','physical','est','tvod','svod','avod','fast','pay_tv','free_tv','microdrama_app','remake','format','dubbing']::text[]",
            name=op.f("ck_buyer_profiles_media_are_known"),
        ),
        sa.CheckConstraint(
            "budget_min <= budget_max", name=op.f("ck_buyer_profiles_budget_is_a_range")
        ),
        sa.CheckConstraint(
            "num_nonnulls(budget_currency, coalesce(budget_min, budget_max)) IN (0, 2)",
            name=op.f("ck_buyer_profiles_budget_has_a_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_buyer_profiles_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_buyer_profiles")),
    )
    op.create_index(
        "ix_buyer_profiles_search",
        "buyer_profiles",
        ["search"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "admin", "member", name="role", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("removed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_people_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index("ix_people_organisation_id", "people", ["organisation_id", "id"], unique=False)
    op.create_index("uq_people_email", "people", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "seller_profiles",
        sa.Column(
            "texts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("genres", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("territories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("media", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "contacts", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "genres <@ ARRAY['action','adventure','arts','biography','children','comedy','crime','current_affairs','drama','educational','family','fantasy','food','game_show','history','horror','lgbtq','lifestyle','martial_arts','music','musical','mystery','nature','reality','religion','romance','science','science_fiction','sport','stand_up','talk_show','teen','thriller','travel','true_crime','war','western']::text[]",
            name=op.f("ck_seller_profiles_genres_are_known"),
        ),
        sa.CheckConstraint(
            "kinds <@ ARRAY['feature','documentary','animation','short','series','microdrama','format','project']::text[]",
            name=op.f("ck_seller_profiles_kinds_are_known"),
        ),
        sa.CheckConstraint(
            "media <@ ARRAY['theatrical','airline','ship','hotel','educational','physical','est','tvod','svod','avod','fast','pay_tv','free_tv','microdrama_app','remake','format','dubbing']::text[]",
            name=op.f("ck_seller_profiles_media_are_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_seller_profiles_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_seller_profiles")),
    )
    op.create_index(
        "ix_seller_profiles_search",
        "seller_profiles",
        ["search"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "titles",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "withdrawn",
                name="titlestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="draft",
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "feature",
                "documentary",
                "animation",
                "short",
                "series",
                "microdrama",
                "format",
                "project",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "stage",
            sa.Enum(
                "in_development",
                "financing",
                "pre_production",
                "in_production",
                "post_production",
                "completed",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("original_title", sa.Text(), nullable=False),
        sa.Column("original_language", sa.Text(), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("runtime_minutes", sa.BigInteger(), nullable=True),
        sa.Column("seasons", sa.SmallInteger(), nullable=True),
        sa.Column("episodes", sa.BigInteger(), nullable=True),
        sa.Column("episode_minutes", sa.SmallInteger(), nullable=True),
        sa.Column("countries", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "audio_languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column(
            "subtitle_languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("genres", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "credits", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column(
            "awards", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("eidr", sa.Text(), nullable=True),
        sa.Column("isan", sa.Text(), nullable=True),
        sa.Column("seeks", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("financing", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sort_title", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (published_at IS NULL)",
            name=op.f("ck_titles_published_at_tells_when"),
        ),
        sa.CheckConstraint(
            "genres <@ ARRAY['action','adventure','arts','biography','children','comedy','crime','current_affairs','drama','educational','family','fantasy','food','game_show','history','horror','lgbtq','lifestyle','martial_arts','music','musical','mystery','nature','reality','religion','romance','science','science_fiction','sport','stand_up','talk_show','teen','thriller','travel','true_crime','war','western']::text[]",
            name=op.f("ck_titles_genres_are_known"),
        ),
        sa.CheckConstraint(
            "seeks <@ ARRAY['co_producer','financing','pre_sale','sales_agent']::text[]",
            name=op.f("ck_titles_seeks_are_known"),
        ),
        sa.CheckConstraint(
            "episode_minutes BETWEEN 1 AND 1000", name=op.f("ck_titles_episode_length_is_plausible")
        ),
        sa.CheckConstraint(
            "episodes BETWEEN 1 AND 30000", name=op.f("ck_titles_episodes_are_plausible")
        ),
        sa.CheckConstraint(
            "runtime_minutes BETWEEN 1 AND 60000", name=op.f("ck_titles_runtime_is_plausible")
        ),
        sa.CheckConstraint("year BETWEEN 1870 AND 2200", name=op.f("ck_titles_year_is_plausible")),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["organisations.id"], name=op.f("fk_titles_seller_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_titles")),
        postgresql_with={"toast_tuple_target": "512"},
    )
    op.create_index(
        "ix_titles_newest",
        "titles",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_index(
        "ix_titles_search",
        "titles",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "1024"},
    )
    op.create_index(
        "ix_titles_seller_id", "titles", ["seller_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_titles_sort_title",
        "titles",
        ["sort_title", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_index(
        "ix_titles_year",
        "titles",
        [sa.literal_column("coalesce(year, 9999::smallint)"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_index(
        "ix_titles_year_descending",
        "titles",
        [sa.literal_column("coalesce(year, 0::smallint) DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_index(
        "uq_titles_seller_id_reference",
        "titles",
        ["seller_id", "reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_by_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "admin", "member", name="role", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["people.id"], name=op.f("fk_invitations_invited_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_invitations_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index(
        "ix_invitations_organisation_id", "invitations", ["organisation_id", "id"], unique=False
    )
    op.create_table(
        "meeting_requests",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("from_organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("from_person_id", sa.BigInteger(), nullable=False),
        sa.Column("to_organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("to_person_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "title_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False
        ),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "proposed_times",
            postgresql.ARRAY(postgresql.TSTZRANGE()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "declined",
                "cancelled",
                "expired",
                name="meetingrequeststate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (answered_at IS NULL)",
            name=op.f("ck_meeting_requests_answered_at_tells_when"),
        ),
        sa.CheckConstraint(
            "from_organisation_id <> to_organisation_id", name=op.f("ck_meeting_requests_two_sides")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["people.id"],
            name=op.f("fk_meeting_requests_answered_by_id_people"),
        ),
        sa.ForeignKeyConstraint(
            ["from_organisation_id"],
            ["organisations.id"],
            name=op.f("fk_meeting_requests_from_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["from_person_id"],
            ["people.id"],
            name=op.f("fk_meeting_requests_from_person_id_people"),
        ),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"],
            ["organisations.id"],
            name=op.f("fk_meeting_requests_to_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["to_person_id"], ["people.id"], name=op.f("fk_meeting_requests_to_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_requests")),
    )
    op.create_index(
        "ix_meeting_requests_from",
        "meeting_requests",
        ["from_organisation_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_meeting_requests_to",
        "meeting_requests",
        ["to_organisation_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_meeting_requests_pending",
        "meeting_requests",
        ["from_person_id", "to_organisation_id", "to_person_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "screener_requests",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "granted",
                "declined",
                "cancelled",
                name="screenerrequeststate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (answered_at IS NULL)",
            name=op.f("ck_screener_requests_answered_at_tells_when"),
        ),
        sa.CheckConstraint(
            "organisation_id <> seller_id", name=op.f("ck_screener_requests_two_sides")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_screener_requests_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_screener_requests_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"],
            ["organisations.id"],
            name=op.f("fk_screener_requests_seller_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_screener_requests_title_id_titles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screener_requests")),
    )
    op.create_index(
        "ix_screener_requests_organisation_id",
        "screener_requests",
        ["organisation_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_screener_requests_seller_id",
        "screener_requests",
        ["seller_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_screener_requests_open",
        "screener_requests",
        ["title_id", "organisation_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "screeners",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("audio_language", sa.Text(), nullable=True),
        sa.Column("subtitle_language", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part_bytes", sa.BigInteger(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("upload_expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "uploading",
                "ready",
                "rejected",
                "expired",
                "withdrawn",
                name="screenerstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="uploading",
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("removed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR (checksum IS NOT NULL AND completed_at IS NOT NULL)",
            name=op.f("ck_screeners_ready_is_checked"),
        ),
        sa.CheckConstraint(
            "part_bytes >= 5242880", name=op.f("ck_screeners_part_is_what_s3_takes")
        ),
        sa.CheckConstraint(
            "size_bytes BETWEEN 1 AND 107374182400", name=op.f("ck_screeners_size_is_to_100_gib")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_screeners_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["titles.id"], name=op.f("fk_screeners_title_id_titles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screeners")),
        sa.UniqueConstraint("object_key", name=op.f("uq_screeners_object_key")),
    )
    op.create_index("ix_screeners_title_id", "screeners", ["title_id", "id"], unique=False)
    op.create_index(
        "ix_screeners_to_remove",
        "screeners",
        ["id"],
        unique=False,
        postgresql_where=sa.text(
            "removed_at IS NULL AND state IN ('expired', 'rejected', 'withdrawn')"
        ),
    )
    op.create_index(
        "ix_screeners_uploading",
        "screeners",
        ["organisation_id"],
        unique=False,
        postgresql_where=sa.text("state = 'uploading'"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)
    op.create_table(
        "title_texts",
        sa.Column("title_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("logline", sa.Text(), nullable=True),
        sa.Column("synopsis", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["title_id"],
            ["titles.id"],
            name=op.f("fk_title_texts_title_id_titles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("title_id", "language", name=op.f("pk_title_texts")),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)",
            name=op.f("ck_meetings_cancelled_by_somebody"),
        ),
        sa.CheckConstraint(
            "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)",
            name=op.f("ck_meetings_during_is_half_open"),
        ),
        sa.ForeignKeyConstraint(
            ["cancelled_by_id"], ["people.id"], name=op.f("fk_meetings_cancelled_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["meeting_requests.id"],
            name=op.f("fk_meetings_request_id_meeting_requests"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("request_id", name=op.f("uq_meetings_request_id")),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_refresh_tokens_session_id_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)
    op.create_table(
        "screener_grants",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("screener_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(screener_id, screener_id, '[]')"), "&&"),
            (sa.text("int8range(organisation_id, organisation_id, '[]')"), "&&"),
            (sa.text("tstzrange(created_at, expires_at)"), "&&"),
            where=sa.text("revoked_at IS NULL"),
            using="gist",
            name="ex_screener_grants_one_at_a_time",
        ),
        sa.CheckConstraint(
            "expires_at > created_at", name=op.f("ck_screener_grants_lasts_a_while")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_id"], ["people.id"], name=op.f("fk_screener_grants_granted_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_screener_grants_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["screener_id"], ["screeners.id"], name=op.f("fk_screener_grants_screener_id_screeners")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screener_grants")),
    )
    op.create_index(
        "ix_screener_grants_organisation_id",
        "screener_grants",
        ["organisation_id", "screener_id"],
        unique=False,
    )
    op.create_index(
        "ix_screener_grants_screener_id",
        "screener_grants",
        ["screener_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "agenda_entries",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(holder_id, holder_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_agenda_entries_holder_is_in_one_place",
        ),
        sa.CheckConstraint(
            "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)",
            name=op.f("ck_agenda_entries_during_is_half_open"),
        ),
        sa.CheckConstraint(
            "holder_id = person_id", name=op.f("ck_agenda_entries_holder_is_a_person")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_agenda_entries_meeting_id_meetings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_agenda_entries_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_entries")),
    )
    op.create_index("ix_agenda_entries_meeting_id", "agenda_entries", ["meeting_id"], unique=False)
    op.create_table(
        "meeting_attendees",
        sa.Column("meeting_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_meeting_attendees_meeting_id_meetings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_meeting_attendees_person_id_people")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "person_id", name=op.f("pk_meeting_attendees")),
    )
    op.create_index(
        "ix_meeting_attendees_person_id",
        "meeting_attendees",
        ["person_id", "meeting_id"],
        unique=False,
    )
