"""Markets: the dates and hours of an edition, its halls and places, and who is accredited.

Hours and breaks are on the market's own clock; the instants they mean are reckoned from its zone.
"""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZMULTIRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.accounts import Organisation, Person
from app.models.base import Base, CreatedAt, Instant, Key, Versioned, one_of, text_enum


class MarketState(StrEnum):
    """How far an edition is: its organisers prepare it, it is there to be used, it is over."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Side(StrEnum):
    """One of the two that meet."""

    BUYER = "buyer"
    SELLER = "seller"


class PlaceKind(StrEnum):
    """What a place is; all but an online room stand in a hall."""

    TABLE = "table"
    STAND = "stand"
    ROOM = "room"
    ONLINE = "online"


class AccreditationRole(StrEnum):
    """As what somebody attends."""

    BUYER = "buyer"
    SELLER = "seller"
    GUEST = "guest"
    PRESS = "press"
    STAFF = "staff"


class Attendance(StrEnum):
    """Where somebody can be met."""

    IN_PERSON = "in_person"
    ONLINE = "online"


class Market(Versioned, Base):
    """An edition of the market: its dates, and the rules of its meetings."""

    __tablename__ = "markets"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_is_given"),
        CheckConstraint("ends_on BETWEEN starts_on AND starts_on + 30", name="dates_in_order"),
        CheckConstraint("slot_minutes BETWEEN 5 AND 240", name="slots_are_plausible"),
        CheckConstraint("walk_minutes BETWEEN 0 AND 240", name="walks_are_plausible"),
        CheckConstraint(f"askers <> '{{}}' AND {one_of('askers', Side)}", name="askers_are_sides"),
        CheckConstraint("request_quota BETWEEN 1 AND 1000", name="quota_is_plausible"),
        CheckConstraint("lead_minutes BETWEEN 0 AND 10080", name="lead_is_plausible"),
        CheckConstraint("request_lifetime_hours BETWEEN 1 AND 8760", name="lifetime_is_plausible"),
        CheckConstraint("meetings_a_day BETWEEN 1 AND 288", name="meetings_are_plausible"),
        CheckConstraint("grace_minutes BETWEEN 0 AND 240", name="grace_is_plausible"),
        # Its days and those of its people lie inside its dates: they refer to them.
        UniqueConstraint("id", "starts_on", "ends_on"),
        Index("uq_markets_name", text("lower(name)"), unique=True),
    )

    id: Mapped[Key]
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    # IANA name
    time_zone: Mapped[str]
    slot_minutes: Mapped[int] = mapped_column(Integer)
    state: Mapped[MarketState] = mapped_column(
        text_enum(MarketState), server_default=MarketState.DRAFT.value
    )
    # From one hall to another, where `hall_walks` has nothing of the two
    walk_minutes: Mapped[int] = mapped_column(Integer, server_default="10")
    # Who may ask the other side for a meeting
    askers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{buyer,seller}")
    # Requests of a person that may wait for an answer at once; None: as many as they like
    request_quota: Mapped[int | None] = mapped_column(Integer)
    # How long before it begins a meeting can last be made
    lead_minutes: Mapped[int] = mapped_column(Integer, server_default="0")
    request_lifetime_hours: Mapped[int] = mapped_column(Integer, server_default="168")
    # Of one person; None: as many as there are slots
    meetings_a_day: Mapped[int | None] = mapped_column(Integer)
    # How late one may come before it is a no-show
    grace_minutes: Mapped[int] = mapped_column(Integer, server_default="10")
    created_at: Mapped[CreatedAt]


class MarketHours(Base):
    """When a market is open on one of its days, on its own clock."""

    __tablename__ = "market_hours"
    __table_args__ = (
        # Who changes the dates changes them here, too, and meets the CHECK.
        ForeignKeyConstraint(
            ["market_id", "starts_on", "ends_on"],
            ["markets.id", "markets.starts_on", "markets.ends_on"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        CheckConstraint("day BETWEEN starts_on AND ends_on", name="day_is_of_the_market"),
        CheckConstraint("opens < closes", name="opens_before_it_closes"),
        UniqueConstraint("market_id", "day", "opens", "closes"),
    )

    market_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    # The market's dates
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    opens: Mapped[time]
    closes: Mapped[time]


class MarketBreak(Base):
    """When nobody meets though the market is open."""

    __tablename__ = "market_breaks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["market_id", "day", "opens", "closes"],
            [
                "market_hours.market_id",
                "market_hours.day",
                "market_hours.opens",
                "market_hours.closes",
            ],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "starts < ends AND starts >= opens AND ends <= closes", name="lies_inside_the_hours"
        ),
        ExcludeConstraint(
            (text("int8range(market_id, market_id, '[]')"), "&&"),
            (text("tsrange(day + starts, day + ends)"), "&&"),
            name="ex_market_breaks_one_at_a_time",
            using="gist",
        ),
    )

    market_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    starts: Mapped[time] = mapped_column(primary_key=True)
    ends: Mapped[time]
    # The hours of that day
    opens: Mapped[time]
    closes: Mapped[time]


class Hall(Versioned, Base):
    """A hall of a market: between halls one walks."""

    __tablename__ = "halls"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_is_given"),
        # What stands in a hall is of the hall's market: it refers to both.
        UniqueConstraint("market_id", "id"),
        Index("uq_halls_name", "market_id", text("lower(name)"), unique=True),
    )

    id: Mapped[Key]
    market_id: Mapped[int] = mapped_column(ForeignKey("markets.id"))
    name: Mapped[str]
    created_at: Mapped[CreatedAt]


class HallWalk(Base):
    """How long one walks between two halls, whichever of them one comes from."""

    __tablename__ = "hall_walks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["market_id", "hall_id"], ["halls.market_id", "halls.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["market_id", "other_hall_id"], ["halls.market_id", "halls.id"], ondelete="CASCADE"
        ),
        CheckConstraint("hall_id < other_hall_id", name="a_pair_is_said_once"),
        CheckConstraint("minutes BETWEEN 0 AND 240", name="minutes_are_plausible"),
        Index("ix_hall_walks_market_id", "market_id"),
        Index("ix_hall_walks_other_hall_id", "other_hall_id"),
    )

    hall_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other_hall_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    market_id: Mapped[int]
    minutes: Mapped[int] = mapped_column(Integer)


class Place(Versioned, Base):
    """Where people meet: a table, a stand, a room, or a room online."""

    __tablename__ = "places"
    __table_args__ = (
        ForeignKeyConstraint(["market_id", "hall_id"], ["halls.market_id", "halls.id"]),
        CheckConstraint("name <> ''", name="name_is_given"),
        CheckConstraint("(kind = 'online') = (hall_id IS NULL)", name="stands_in_a_hall"),
        Index("uq_places_name", "market_id", text("lower(name)"), unique=True),
        # What is held there is of the place's market: it refers to both.
        UniqueConstraint("market_id", "id"),
        Index("ix_places_hall_id", "hall_id"),
    )

    id: Mapped[Key]
    market_id: Mapped[int] = mapped_column(ForeignKey("markets.id"))
    hall_id: Mapped[int | None]
    name: Mapped[str]
    kind: Mapped[PlaceKind] = mapped_column(text_enum(PlaceKind))
    # The one company that meets there; None: whoever the market puts there
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    # From then on nobody is put there
    closed_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]

    seller: Mapped[Organisation | None] = relationship(lazy="raise")


class Accreditation(Versioned, Base):
    """Somebody attends a market; a revoked accreditation stays, and is good for nothing."""

    __tablename__ = "accreditations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["market_id", "starts_on", "ends_on"],
            ["markets.id", "markets.starts_on", "markets.ends_on"],
            onupdate="CASCADE",
        ),
        CheckConstraint(
            "array_position(days, NULL) IS NULL AND starts_on <= ALL (days) "
            "AND ends_on >= ALL (days)",
            name="days_are_of_the_market",
        ),
        CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_by_somebody"
        ),
        UniqueConstraint("market_id", "person_id"),
        Index("ix_accreditations_market_id", "market_id", text("id DESC")),
        Index("ix_accreditations_person_id", "person_id"),
    )

    id: Mapped[Key]
    market_id: Mapped[int]
    # The market's dates
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[AccreditationRole] = mapped_column(text_enum(AccreditationRole))
    attendance: Mapped[Attendance] = mapped_column(text_enum(Attendance))
    # Empty: every day of the market
    days: Mapped[list[date]] = mapped_column(ARRAY(Date), server_default="{}")
    # When they could meet, as they say; None: whenever the market is open on those days
    free: Mapped[list[Range[datetime]] | None] = mapped_column(TSTZMULTIRANGE)
    revoked_at: Mapped[Instant | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]

    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])


class Arrival(Base):
    """Somebody came in on a day of the market: once a day counts."""

    __tablename__ = "arrivals"

    accreditation_id: Mapped[int] = mapped_column(
        ForeignKey("accreditations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # On the market's clock
    day: Mapped[date] = mapped_column(primary_key=True)
    checked_in_at: Mapped[CreatedAt]
    checked_in_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
