"""Markets: editions with their hours, halls, places and accreditations.

Revision ID: 2026_11_21_markets
Revises: 2026_11_21_avails
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_markets"
down_revision = "2026_11_21_avails"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    """Make the tables."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _make_markets()
    _make_hours()
    _make_halls()
    _make_places()
    _make_accreditations()


def downgrade() -> None:
    """Take them away, and every edition with them."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in (
        "accreditations",
        "places",
        "hall_walks",
        "halls",
        "market_breaks",
        "market_hours",
        "markets",
    ):
        op.drop_table(table)


def _make_markets() -> None:
    op.create_table(
        "markets",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _enum("marketstate", "draft", "open", "closed"),
            server_default="draft",
            nullable=False,
        ),
        sa.Column("walk_minutes", sa.Integer(), server_default="10", nullable=False),
        sa.Column("askers", TEXTS, server_default="{buyer,seller}", nullable=False),
        sa.Column("request_quota", sa.Integer(), nullable=True),
        sa.Column("lead_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("request_lifetime_hours", sa.Integer(), server_default="168", nullable=False),
        sa.Column("meetings_a_day", sa.Integer(), nullable=True),
        sa.Column("grace_minutes", sa.Integer(), server_default="10", nullable=False),
        *_made_and_edited(),
        sa.CheckConstraint("name <> ''", name=op.f("ck_markets_name_is_given")),
        sa.CheckConstraint(
            "ends_on BETWEEN starts_on AND starts_on + 30", name=op.f("ck_markets_dates_in_order")
        ),
        sa.CheckConstraint(
            "slot_minutes BETWEEN 5 AND 240", name=op.f("ck_markets_slots_are_plausible")
        ),
        sa.CheckConstraint(
            "walk_minutes BETWEEN 0 AND 240", name=op.f("ck_markets_walks_are_plausible")
        ),
        sa.CheckConstraint(
            "askers <> '{}' AND askers <@ ARRAY['buyer','seller']::text[]",
            name=op.f("ck_markets_askers_are_sides"),
        ),
        sa.CheckConstraint(
            "request_quota BETWEEN 1 AND 1000", name=op.f("ck_markets_quota_is_plausible")
        ),
        sa.CheckConstraint(
            "lead_minutes BETWEEN 0 AND 10080", name=op.f("ck_markets_lead_is_plausible")
        ),
        sa.CheckConstraint(
            "request_lifetime_hours BETWEEN 1 AND 8760",
            name=op.f("ck_markets_lifetime_is_plausible"),
        ),
        sa.CheckConstraint(
            "meetings_a_day BETWEEN 1 AND 288", name=op.f("ck_markets_meetings_are_plausible")
        ),
        sa.CheckConstraint(
            "grace_minutes BETWEEN 0 AND 240", name=op.f("ck_markets_grace_is_plausible")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_markets")),
        sa.UniqueConstraint(
            "id", "starts_on", "ends_on", name=op.f("uq_markets_id_starts_on_ends_on")
        ),
    )
    op.create_index("uq_markets_name", "markets", [sa.literal_column("lower(name)")], unique=True)


def _make_hours() -> None:
    op.create_table(
        "market_hours",
        sa.Column("market_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint(
            "day BETWEEN starts_on AND ends_on", name=op.f("ck_market_hours_day_is_of_the_market")
        ),
        sa.CheckConstraint("opens < closes", name=op.f("ck_market_hours_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["market_id", "starts_on", "ends_on"],
            ["markets.id", "markets.starts_on", "markets.ends_on"],
            name=op.f("fk_market_hours_market_id_starts_on_ends_on_markets"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("market_id", "day", name=op.f("pk_market_hours")),
        sa.UniqueConstraint(
            "market_id",
            "day",
            "opens",
            "closes",
            name=op.f("uq_market_hours_market_id_day_opens_closes"),
        ),
    )
    op.create_table(
        "market_breaks",
        sa.Column("market_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint(
            "starts < ends AND starts >= opens AND ends <= closes",
            name=op.f("ck_market_breaks_lies_inside_the_hours"),
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(market_id, market_id, '[]')"), "&&"),
            (sa.text("tsrange(day + starts, day + ends)"), "&&"),
            using="gist",
            name="ex_market_breaks_one_at_a_time",
        ),
        sa.ForeignKeyConstraint(
            ["market_id", "day", "opens", "closes"],
            [
                "market_hours.market_id",
                "market_hours.day",
                "market_hours.opens",
                "market_hours.closes",
            ],
            name=op.f("fk_market_breaks_market_id_day_opens_closes_market_hours"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("market_id", "day", "starts", name=op.f("pk_market_breaks")),
    )


def _make_halls() -> None:
    op.create_table(
        "halls",
        _id(),
        sa.Column("market_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *_made_and_edited(),
        sa.CheckConstraint("name <> ''", name=op.f("ck_halls_name_is_given")),
        sa.ForeignKeyConstraint(
            ["market_id"], ["markets.id"], name=op.f("fk_halls_market_id_markets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halls")),
        sa.UniqueConstraint("market_id", "id", name=op.f("uq_halls_market_id_id")),
    )
    op.create_index(
        "uq_halls_name", "halls", ["market_id", sa.literal_column("lower(name)")], unique=True
    )
    op.create_table(
        "hall_walks",
        sa.Column("hall_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_hall_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "hall_id < other_hall_id", name=op.f("ck_hall_walks_a_pair_is_said_once")
        ),
        sa.CheckConstraint(
            "minutes BETWEEN 0 AND 240", name=op.f("ck_hall_walks_minutes_are_plausible")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["market_id", column],
                ["halls.market_id", "halls.id"],
                name=op.f(f"fk_hall_walks_market_id_{column}_halls"),
                ondelete="CASCADE",
            )
            for column in ("hall_id", "other_hall_id")
        ),
        sa.PrimaryKeyConstraint("hall_id", "other_hall_id", name=op.f("pk_hall_walks")),
    )
    op.create_index("ix_hall_walks_market_id", "hall_walks", ["market_id"])
    op.create_index("ix_hall_walks_other_hall_id", "hall_walks", ["other_hall_id"])


def _make_places() -> None:
    op.create_table(
        "places",
        _id(),
        sa.Column("market_id", sa.BigInteger(), nullable=False),
        sa.Column("hall_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", _enum("placekind", "table", "stand", "room", "online"), nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        *_made_and_edited(),
        sa.CheckConstraint("name <> ''", name=op.f("ck_places_name_is_given")),
        sa.CheckConstraint(
            "(kind = 'online') = (hall_id IS NULL)", name=op.f("ck_places_stands_in_a_hall")
        ),
        sa.ForeignKeyConstraint(
            ["market_id"], ["markets.id"], name=op.f("fk_places_market_id_markets")
        ),
        sa.ForeignKeyConstraint(
            ["market_id", "hall_id"],
            ["halls.market_id", "halls.id"],
            name=op.f("fk_places_market_id_hall_id_halls"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["organisations.id"], name=op.f("fk_places_seller_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
    )
    op.create_index(
        "uq_places_name", "places", ["market_id", sa.literal_column("lower(name)")], unique=True
    )
    op.create_index("ix_places_hall_id", "places", ["hall_id"])
    op.create_index("ix_places_market_id", "places", ["market_id", "id"])


def _make_accreditations() -> None:
    op.create_table(
        "accreditations",
        _id(),
        sa.Column("market_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            _enum("accreditationrole", "buyer", "seller", "guest", "press", "staff"),
            nullable=False,
        ),
        sa.Column("attendance", _enum("attendance", "in_person", "online"), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.Date()), server_default="{}", nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_by_id", sa.BigInteger(), nullable=True),
        *_made_and_edited(),
        sa.CheckConstraint(
            "array_position(days, NULL) IS NULL AND starts_on <= ALL (days) AND ends_on >= ALL (days)",
            name=op.f("ck_accreditations_days_are_of_the_market"),
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_id IS NULL)",
            name=op.f("ck_accreditations_revoked_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["market_id", "starts_on", "ends_on"],
            ["markets.id", "markets.starts_on", "markets.ends_on"],
            name=op.f("fk_accreditations_market_id_starts_on_ends_on_markets"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_accreditations_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["people.id"], name=op.f("fk_accreditations_revoked_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accreditations")),
        sa.UniqueConstraint(
            "market_id", "person_id", name=op.f("uq_accreditations_market_id_person_id")
        ),
    )
    op.create_index(
        "ix_accreditations_market_id",
        "accreditations",
        ["market_id", sa.literal_column("id DESC")],
    )
    op.create_index("ix_accreditations_person_id", "accreditations", ["person_id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), server_default=sa.text("new_id()"), nullable=False)


def _made_and_edited() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.text("now()"), nullable=False),
    ]


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
