"""The database's own laws, as somebody at a SQL console meets them: no path leads around them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import errors

Connection = psycopg.Connection
SOLD_TWICE = "ex_licences_nothing_is_sold_twice"
# Intervals of the trees' numbers, and days: they need mean nothing here.
SOME, OTHER, ALL = "{[0,10)}", "{[20,30)}", "{[0,1024)}"
YEAR, NEXT_YEAR, EVER = "[2027-01-01,2028-01-01)", "[2028-01-01,2029-01-01)", "[2020-01-01,)"
LANGUAGES = "{[0,2147483647)}"


@dataclass
class Console:
    """Somebody who writes SQL."""

    url: str
    seller: int
    title: int

    def open(self) -> Connection:
        return psycopg.connect(self.url)

    def hold(self, connection: Connection, territories: str = ALL, term: str = EVER) -> int:
        return self._insert(
            connection,
            "INSERT INTO holdings (title_id, territories, media, languages, term) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [self.title, territories, ALL, LANGUAGES, term],
        )

    def offer(self, connection: Connection, territories: str = SOME, term: str = YEAR) -> int:
        return self._insert(
            connection,
            "INSERT INTO offerings (title_id, territories, media, languages, term) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [self.title, territories, ALL, LANGUAGES, term],
        )

    def sell(
        self,
        connection: Connection,
        territories: str = SOME,
        term: str = YEAR,
        *,
        exclusive: bool = True,
    ) -> int:
        return self._insert(
            connection,
            "INSERT INTO licences (title_id, seller_id, licensee_name, exclusive, territories, "
            "media, languages, term) VALUES (%s, %s, 'X', %s, %s, %s, %s, %s) RETURNING id",
            [self.title, self.seller, exclusive, territories, ALL, LANGUAGES, term],
        )

    @staticmethod
    def _insert(connection: Connection, statement: str, values: list[object]) -> int:
        row = connection.execute(statement, values).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def console(database_url: str) -> Console:
    """Give a console on a database with one title, of which nothing is held."""
    with psycopg.connect(database_url) as connection:
        made = connection.execute(
            "INSERT INTO organisations (name, country, standing) "
            "VALUES ('Seller', 'KZ', 'approved') RETURNING id"
        ).fetchone()
        assert made is not None
        return Console(database_url, made[0], make_title(connection, made[0]))


def make_title(connection: Connection, seller: int) -> int:
    made = connection.execute(
        "INSERT INTO titles (seller_id, kind, stage, state, original_title, sort_title) "
        "VALUES (%s, 'feature', 'completed', 'draft', 'A title', 'a title') RETURNING id",
        [seller],
    ).fetchone()
    assert made is not None
    return int(made[0])


def broken(refused: pytest.ExceptionInfo[psycopg.Error]) -> str | None:
    """Name the law that was broken."""
    return refused.value.diag.constraint_name


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (True, True, True),
        (True, False, True),
        (False, True, True),
        (False, False, False),
    ],
)
def test_two_licences_clash_where_one_of_them_is_exclusive(
    console: Console,
    one: bool,  # noqa: FBT001
    other: bool,  # noqa: FBT001
    clash: bool,  # noqa: FBT001
) -> None:
    with console.open() as connection:
        console.hold(connection)
        console.sell(connection, exclusive=one)
        if not clash:
            console.sell(connection, exclusive=other)
            return
        with pytest.raises(errors.ExclusionViolation) as refused:
            console.sell(connection, exclusive=other)
        assert broken(refused) == SOLD_TWICE


def test_what_is_sold_can_not_be_moved_onto_another(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
        console.sell(connection, SOME)
        console.sell(connection, OTHER)
        with pytest.raises(errors.ExclusionViolation) as refused:
            connection.execute("UPDATE licences SET territories = '{[0,10)}'")
        assert broken(refused) == SOLD_TWICE


def test_what_is_sold_side_by_side_can_not_become_exclusive(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
        first = console.sell(connection, exclusive=False)
        console.sell(connection, exclusive=False)
        with pytest.raises(errors.ExclusionViolation):
            connection.execute("UPDATE licences SET exclusive = true WHERE id = %s", [first])


def test_termination_frees_what_comes_after_and_can_not_be_taken_back_over_another_sale(
    console: Console,
) -> None:
    with console.open() as connection:
        console.hold(connection)
        first = console.sell(connection)
        end = "UPDATE licences SET terminated_on = %s, terminated_at = now() WHERE id = %s"
        connection.execute(end, ["2027-07-01", first])
        console.sell(connection, term="[2027-07-01,2028-01-01)")
        with pytest.raises(errors.ExclusionViolation):
            connection.execute(end, ["2027-07-02", first])


def test_what_is_sold_or_offered_is_held(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection, SOME, EVER)
        console.hold(connection, OTHER, YEAR)
    both = "{[0,10),[20,30)}"
    with console.open() as connection:
        console.sell(connection, both, YEAR)
        console.offer(connection, both, YEAR)
    for act, law in ((console.sell, "licence_is_held"), (console.offer, "offering_is_held")):
        for territories, term in ((both, NEXT_YEAR), ("{[0,11)}", "[2029-01-01,2029-01-02)")):
            with console.open() as connection, pytest.raises(errors.CheckViolation) as refused:
                act(connection, territories, term)
            assert broken(refused) == law


@pytest.mark.parametrize("act", [Console.sell, Console.offer])
@pytest.mark.parametrize(
    "cut",
    [
        "DELETE FROM holdings",
        "UPDATE holdings SET territories = '{[0,9)}'",
        "UPDATE holdings SET media = '{[0,9)}'",
        "UPDATE holdings SET languages = '{[0,9)}'",
        "UPDATE holdings SET term = '[2027-01-02,)'",
        "UPDATE holdings SET title_id = (SELECT max(id) FROM titles)",
    ],
)
def test_a_holding_can_not_be_cut_from_under_what_hangs_on_it(
    console: Console, act: Callable[[Console, Connection], int], cut: str
) -> None:
    law = "licence_is_held" if act is Console.sell else "offering_is_held"
    with console.open() as connection:
        console.hold(connection)
        act(console, connection)
        make_title(connection, console.seller)
    with console.open() as connection, pytest.raises(errors.CheckViolation) as refused:
        connection.execute(cut)
    assert broken(refused) == law


def test_a_title_that_something_is_sold_of_stays(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
        console.sell(connection)
    with console.open() as connection, pytest.raises(errors.ForeignKeyViolation):
        connection.execute("DELETE FROM titles WHERE id = %s", [console.title])


def test_a_title_goes_with_what_is_held_and_offered_of_it(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
        console.offer(connection)
        connection.execute("DELETE FROM titles WHERE id = %s", [console.title])
        assert connection.execute("SELECT 1 FROM holdings, offerings").fetchall() == []


BOXES = [
    ("territories", "{}"),
    ("media", "{}"),
    ("languages", "{}"),
    ("territories", "{[0,1025)}"),
    ("languages", "{[-1,5)}"),
    ("term", "empty"),
    ("term", "[,2028-01-01)"),
]


@pytest.mark.parametrize("ledger", ["holdings", "offerings", "licences"])
def test_no_row_of_a_ledger_is_without_a_box(console: Console, ledger: str) -> None:
    with console.open() as connection:
        console.hold(connection)
        console.offer(connection)
        console.sell(connection)
    for column, value in BOXES:
        with console.open() as connection, pytest.raises(errors.CheckViolation) as refused:
            connection.execute(f"UPDATE {ledger} SET {column} = %s", [value])  # noqa: S608
        assert broken(refused) == f"ck_{ledger}_box_is_whole"


# Two at once ----------------------------------------------------------------------------------

Act = Callable[[Connection], object]


def in_turn(console: Console, first: Act, second: Act) -> None:
    """Let one act, and another act before the first has committed: it waits, and then it sees."""
    with console.open() as one, console.open() as other, ThreadPoolExecutor(1) as pool:
        first(one)
        waiting = pool.submit(second, other)
        wait_until_blocked(console, other)
        one.commit()
        waiting.result()


def wait_until_blocked(console: Console, connection: Connection) -> None:
    is_blocked = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
    with console.open() as watcher:
        watcher.autocommit = True
        for _ in range(2000):
            if watcher.execute(is_blocked, [connection.info.backend_pid]).fetchone() == (True,):
                return
            time.sleep(0.005)
    raise AssertionError("it goes on without waiting")


def test_what_is_cut_meanwhile_can_not_be_sold(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
    with pytest.raises(errors.CheckViolation):
        in_turn(console, lambda one: one.execute("DELETE FROM holdings"), console.sell)


def test_what_is_sold_meanwhile_can_not_be_cut(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
    with pytest.raises(errors.CheckViolation):
        in_turn(console, console.sell, lambda one: one.execute("DELETE FROM holdings"))


def test_what_is_sold_meanwhile_can_not_be_moved_to_another_title(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
        other = make_title(connection, console.seller)
    move = "UPDATE holdings SET title_id = %s"
    with pytest.raises(errors.CheckViolation):
        in_turn(console, console.sell, lambda one: one.execute(move, [other]))


def test_of_two_sales_at_once_one_is_refused(console: Console) -> None:
    with console.open() as connection:
        console.hold(connection)
    with pytest.raises(errors.ExclusionViolation):
        in_turn(console, console.sell, console.sell)


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_ledgers_do_not_change_where_others_changes_are_not_seen(
    console: Console, isolation: str
) -> None:
    """Under these a sale would not see that its holding was cut while it waited."""
    with console.open() as connection:
        console.hold(connection)
    for act in (console.hold, console.offer, console.sell):
        with console.open() as connection:
            connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            with pytest.raises(errors.FeatureNotSupported):
                act(connection)
