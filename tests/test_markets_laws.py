"""The database's own laws of markets, as somebody at a SQL console meets them."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

Connection = psycopg.Connection
MARKET = (
    "INSERT INTO markets (name, starts_on, ends_on, time_zone, slot_minutes) "
    "VALUES (%s, '2027-06-14', '2027-06-17', 'Asia/Tehran', 30) RETURNING id"
)
HOURS = (
    "INSERT INTO market_hours (market_id, starts_on, ends_on, day, opens, closes) "
    "SELECT id, starts_on, ends_on, %s, '09:00', '18:00' FROM markets WHERE id = %s"
)
BREAK = (
    "INSERT INTO market_breaks (market_id, day, opens, closes, starts, ends) "
    "SELECT market_id, day, opens, closes, %s, %s FROM market_hours WHERE market_id = %s"
)
HALL = "INSERT INTO halls (market_id, name) VALUES (%s, %s) RETURNING id"
WALK = "INSERT INTO hall_walks (market_id, hall_id, other_hall_id, minutes) VALUES (%s, %s, %s, 7)"
PLACE = "INSERT INTO places (market_id, hall_id, name, kind) VALUES (%s, %s, %s, %s)"
ACCREDITED = (
    "INSERT INTO accreditations (market_id, starts_on, ends_on, person_id, role, attendance, days) "
    "SELECT id, starts_on, ends_on, %s, 'seller', 'online', %s::date[] FROM markets WHERE id = %s"
)


@pytest.fixture
def console(database_url: str) -> Iterator[Connection]:
    """Give somebody who writes SQL, and whose mistakes undo nothing else."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def market(console: Connection) -> int:
    """Give a market of four days, of which the first has hours."""
    id_ = made(console, MARKET, "A market")
    console.execute(HOURS, ["2027-06-14", id_])
    return id_


def made(console: Connection, statement: str, *values: object) -> int:
    row = console.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


def refuses(console: Connection, law: str, statement: str, *values: object) -> None:
    """Hold the database to a law, by the name of its constraint."""
    with pytest.raises(errors.IntegrityError) as refused:
        console.execute(statement, values)
    assert refused.value.diag.constraint_name == law


def test_a_market_ends_after_it_starts_and_within_a_month(console: Connection, market: int) -> None:
    for ends_on in ("2027-06-13", "2027-07-15"):
        statement = "UPDATE markets SET ends_on = %s WHERE id = %s"
        refuses(console, "ck_markets_dates_in_order", statement, ends_on, market)
    refuses(console, "uq_markets_name", MARKET, "A MARKET")
    askers = "UPDATE markets SET askers = %s::text[] WHERE id = %s"
    for wrong in ("{}", "{press}"):
        refuses(console, "ck_markets_askers_are_sides", askers, wrong, market)


def test_a_day_lies_inside_the_dates_whichever_of_them_is_changed(
    console: Connection, market: int
) -> None:
    outside = "ck_market_hours_day_is_of_the_market"
    refuses(console, outside, HOURS, "2027-06-18", market)
    statement = "UPDATE markets SET starts_on = %s WHERE id = %s"
    refuses(console, outside, statement, "2027-06-15", market)
    console.execute(statement, ["2027-06-10", market])
    console.execute(HOURS, ["2027-06-10", market])
    # Dates of its own are nobody's.
    refuses(
        console,
        "fk_market_hours_market_id_starts_on_ends_on_markets",
        "UPDATE market_hours SET ends_on = '2028-01-01' WHERE market_id = %s",
        market,
    )


def test_breaks_lie_apart_inside_the_hours_whichever_of_them_is_changed(
    console: Connection, market: int
) -> None:
    outside, apart = "ck_market_breaks_lies_inside_the_hours", "ex_market_breaks_one_at_a_time"
    console.execute(BREAK, ["12:00", "13:00", market])
    console.execute(BREAK, ["13:00", "13:30", market])
    refuses(console, apart, BREAK, "11:00", "12:01", market)
    refuses(console, apart, BREAK, "13:10", "13:20", market)
    for starts, ends in (("08:59", "09:30"), ("17:00", "18:01"), ("15:00", "15:00")):
        refuses(console, outside, BREAK, starts, ends, market)
    statement = "UPDATE market_hours SET closes = %s WHERE market_id = %s"
    refuses(console, outside, statement, "13:15", market)
    console.execute(statement, ["13:30", market])
    refuses(console, "ck_market_hours_opens_before_it_closes", statement, "09:00", market)
    console.execute("DELETE FROM market_hours WHERE market_id = %s", [market])
    assert made(console, "SELECT count(*) FROM market_breaks") == 0


def test_the_breaks_of_another_day_or_market_are_no_matter(
    console: Connection, market: int
) -> None:
    other = made(console, MARKET, "Another market")
    console.execute(HOURS, ["2027-06-14", other])
    console.execute(BREAK, ["12:00", "13:00", other])
    console.execute(HOURS, ["2027-06-15", market])
    console.execute(BREAK, ["12:00", "13:00", market])  # on both of its days
    assert made(console, "SELECT count(*) FROM market_breaks") == 3


def test_a_pair_of_halls_of_one_market_is_said_once(console: Connection, market: int) -> None:
    one, two = [made(console, HALL, market, name) for name in ("Hall 1", "Hall 2")]
    other = made(console, MARKET, "Another market")
    foreign = made(console, HALL, other, "Hall 1")
    console.execute(WALK, [market, one, two])
    refuses(console, "pk_hall_walks", WALK, market, one, two)
    refuses(console, "ck_hall_walks_a_pair_is_said_once", WALK, market, two, one)
    refuses(console, "ck_hall_walks_a_pair_is_said_once", WALK, market, one, one)
    refuses(console, "fk_hall_walks_market_id_other_hall_id_halls", WALK, market, one, foreign)
    refuses(console, "uq_halls_name", HALL, market, "hall 1")
    console.execute("DELETE FROM halls WHERE id = %s", [two])
    assert made(console, "SELECT count(*) FROM hall_walks") == 0


def test_a_place_stands_in_a_hall_of_its_market_or_online(console: Connection, market: int) -> None:
    hall = made(console, HALL, market, "Hall 1")
    foreign = made(console, HALL, made(console, MARKET, "Another market"), "Hall 1")
    console.execute(PLACE, [market, hall, "B12", "table"])
    console.execute(PLACE, [market, None, "Online 1", "online"])
    refuses(console, "uq_places_name", PLACE, market, hall, "b12", "stand")
    refuses(console, "fk_places_market_id_hall_id_halls", PLACE, market, foreign, "B13", "table")
    for in_hall, kind in ((hall, "online"), (None, "table")):
        refuses(console, "ck_places_stands_in_a_hall", PLACE, market, in_hall, "B13", kind)
    refuses(
        console,
        "fk_places_market_id_hall_id_halls",
        "DELETE FROM halls WHERE id = %s",
        hall,
    )


def test_a_person_is_accredited_once_for_days_of_the_market(
    console: Connection, market: int
) -> None:
    company = made(
        console,
        "INSERT INTO organisations (name, country, standing) "
        "VALUES ('A company', 'KZ', 'approved') RETURNING id",
    )
    people = [
        made(
            console,
            "INSERT INTO people (organisation_id, email, name, role, password_hash) "
            "VALUES (%s, %s, 'A person', 'admin', '') RETURNING id",
            company,
            f"person{number}@company.example",
        )
        for number in range(2)
    ]
    outside = "ck_accreditations_days_are_of_the_market"
    for days in ("{2027-06-13}", "{2027-06-14,2027-06-18}", "{NULL}"):
        refuses(console, outside, ACCREDITED, people[0], days, market)
    console.execute(ACCREDITED, [people[0], "{2027-06-14,2027-06-17}", market])
    console.execute(ACCREDITED, [people[1], "{}", market])
    refuses(console, "uq_accreditations_market_id_person_id", ACCREDITED, people[1], "{}", market)
    statement = "UPDATE markets SET ends_on = %s WHERE id = %s"
    refuses(console, outside, statement, "2027-06-16", market)
    console.execute(statement, ["2027-06-20", market])
    refuses(
        console,
        "ck_accreditations_revoked_by_somebody",
        "UPDATE accreditations SET revoked_at = now() WHERE person_id = %s",
        people[0],
    )
