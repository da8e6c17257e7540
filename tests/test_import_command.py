"""`filmmart import titles`, as an operator runs it, on a real database."""

import os
import signal
import time
from bisect import bisect_left
from pathlib import Path
from typing import Any

import psycopg
import pytest
import xlsxwriter
from psycopg import sql
from sqlalchemy.exc import IntegrityError

from app.partners.imports.batches import BATCH_ROWS, FIRST_ROWS
from tests.imports import Operator, csv_of, ndjson, write

pytestmark = pytest.mark.slow

SMALL = "reference,kind,original_title\n"


@pytest.fixture
def operator(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Operator:
    """Give somebody who imports for a seller."""
    return Operator(database_url, tmp_path, capsys, monkeypatch)


def film(number: int, **others: Any) -> dict[str, Any]:
    """Give a row whose columns bear the names of fields."""
    return {
        "reference": f"f{number}",
        "kind": "feature",
        "original_title": f"Film {number}",
        "year": 1950 + number % 70,
        "runtime_minutes": 60 + number % 90,
        "countries": "KZ;UZ",
        "directors": f"Director {number % 10}",
        "title_en": f"Film {number}",
    } | others


def films(folder: Path, count: int) -> Path:
    return csv_of(folder / "films.csv", [film(number) for number in range(count)])


def test_a_file_goes_in_and_again_it_changes_nothing(operator: Operator, tmp_path: Path) -> None:
    path = films(tmp_path, 2345)
    first = operator.imports(path)
    assert (first.code, first.count("created"), first.report) == (0, 2345, [])
    kept = operator.rows("SELECT * FROM titles ORDER BY id")
    facts = operator.rows("SELECT type, count(*) FROM events GROUP BY type")
    assert facts == [{"type": "title.created", "count": 2345}]
    assert {row["state"] for row in kept} == {"draft"}

    again = operator.imports(path)
    assert (again.code, again.count("created"), again.count("unchanged")) == (0, 0, 2345)
    assert operator.rows("SELECT * FROM titles ORDER BY id") == kept
    assert operator.value("SELECT count(*) FROM events") == 2345


def test_what_changed_is_updated_and_what_went_is_taken_back(
    operator: Operator, tmp_path: Path
) -> None:
    operator.imports(csv_of(tmp_path / "a.csv", [film(1), film(2), film(3)]))
    operator.execute("UPDATE titles SET keywords = '{steppe}' WHERE reference = 'f2'")
    changed = [film(1), film(2, year=1999, runtime_minutes="", countries="KZ"), film(3)]
    done = operator.imports(csv_of(tmp_path / "a.csv", changed))
    assert (done.code, done.count("updated"), done.count("unchanged")) == (0, 1, 2)
    (title,) = operator.rows("SELECT * FROM titles WHERE version > 1")
    assert (title["reference"], title["year"], title["runtime_minutes"]) == ("f2", 1999, None)
    assert title["countries"] == ["KZ"]
    # The file has no column of keywords: those are not its business.
    assert title["keywords"] == ["steppe"]
    assert operator.value("SELECT count(*) FROM events WHERE type = 'title.updated'") == 1


def test_drafts_are_published_when_that_is_asked(operator: Operator, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "a.csv", [film(1), film(2, year=""), film(3, title_en="")])
    operator.imports(path)
    done = operator.imports(path, "--publish")
    assert (done.code, done.count("updated"), done.count("unchanged")) == (0, 1, 2)
    states = operator.rows("SELECT reference, state FROM titles ORDER BY reference")
    assert [row["state"] for row in states] == ["published", "draft", "draft"]
    assert [(row["row"], row["field"], row["done"]) for row in done.report] == [
        ("3", "year", "left a draft"),
        ("4", "texts", "left a draft"),
    ]
    operator.execute("UPDATE titles SET state = 'withdrawn' WHERE reference = 'f1'")
    operator.imports(path, "--publish")
    assert operator.value("SELECT state FROM titles WHERE reference = 'f1'") == "withdrawn"


def test_good_rows_go_in_and_refused_ones_are_told(operator: Operator, tmp_path: Path) -> None:
    rows = [film(1), film(2, kind="opera"), film(3, year="soon"), film(1)]
    done = operator.imports(csv_of(tmp_path / "a.csv", rows))
    assert (done.code, done.count("created"), done.count("refused")) == (1, 2, 2)
    assert done.report == [
        {"row": "3", "reference": "f2", "field": "kind", "value": "opera",
         "problem": "is not among the market's words for kind", "done": "row refused"},
        {"row": "4", "reference": "f3", "field": "year", "value": "soon",
         "problem": "is no whole number", "done": "left out"},
        {"row": "5", "reference": "f1", "field": "reference", "value": "f1",
         "problem": "is the reference of row 2", "done": "row refused"},
    ]  # fmt: skip


def test_a_report_holds_no_formula(operator: Operator, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://evil.example","click")'
    done = operator.imports(csv_of(tmp_path / "a.csv", [film(1), film(2, kind=evil)]))
    assert done.report[0]["value"] == f"'{evil}"


def test_without_a_report_the_first_findings_are_shown(operator: Operator, tmp_path: Path) -> None:
    rows = [film(number, year="[red]soon") for number in range(12)]
    process = operator.begins(csv_of(tmp_path / "a.csv", rows))
    said, _ = process.communicate()
    assert process.returncode == 0
    assert "row 2: year '[red]soon' is no whole number: left out" in said
    assert "… and 2 more: --report writes all of them to a file." in said


def test_a_dry_run_tells_all_and_keeps_nothing(operator: Operator, tmp_path: Path) -> None:
    operator.imports(csv_of(tmp_path / "a.csv", [film(1), film(2)]))
    path = csv_of(tmp_path / "a.csv", [film(1), film(2, year=1999), film(3), film(4, kind="?")])
    dry = operator.imports(path, "--dry-run")
    assert "That was a dry run: nothing was kept." in dry.out
    assert operator.value("SELECT count(*) FROM titles") == 2
    real = operator.imports(path)
    assert (dry.code, dry.report) == (real.code, real.report)
    figures = ("created", "updated", "unchanged", "refused")
    assert [dry.count(name) for name in figures] == [real.count(name) for name in figures]
    assert [real.count(name) for name in figures] == [1, 1, 1, 1]


def test_a_title_that_the_market_has_from_others_is_told(
    operator: Operator, tmp_path: Path
) -> None:
    path = csv_of(tmp_path / "a.csv", [film(1), film(2)])
    operator.company("Other Sales")
    operator.imports(path, "--publish", seller="other sales")
    operator.execute("UPDATE titles SET state = 'withdrawn' WHERE reference = 'f2'")
    done = operator.imports(path)
    (told,) = done.report
    theirs = operator.value("SELECT min(id) FROM titles")
    assert told["problem"] == f"has kind, year and title of title {theirs} in the market"
    assert (told["row"], told["done"], done.count("created")) == ("2", "taken", 2)


def test_what_contradicts_what_is_kept_is_refused(operator: Operator, tmp_path: Path) -> None:
    series = {"reference": "s1", "kind": "series", "original_title": "S", "episodes": 8}
    operator.imports(csv_of(tmp_path / "a.csv", [series]))
    film_now = {"reference": "s1", "kind": "feature", "original_title": "S"}
    done = operator.imports(csv_of(tmp_path / "a.csv", [film_now]))
    assert (done.code, done.count("refused")) == (2, 1)
    assert (done.report[0]["field"], done.report[0]["done"]) == ("episodes", "row refused")
    assert operator.value("SELECT kind FROM titles") == "series"


@pytest.mark.parametrize("kind", ["ndjson", "xlsx", "tsv"])
def test_every_kind_of_file_goes_in(operator: Operator, tmp_path: Path, kind: str) -> None:
    rows = [film(1), film(2, original_title="Сталкер")]
    path = tmp_path / f"films.{kind}"
    if kind == "ndjson":
        texts = [row | {"countries": ["KZ", "UZ"]} for row in rows]
        write(path, ndjson(*texts))
    elif kind == "xlsx":
        book = xlsxwriter.Workbook(path)
        sheet = book.add_worksheet("films")
        for at, values in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(at, 0, values)
        book.close()
    else:
        lines = [rows[0], *(row.values() for row in rows)]
        write(path, "".join("\t".join(map(str, line)) + "\n" for line in lines))
    done = operator.imports(path)
    assert (done.code, done.report) == (0, [])
    title = operator.rows("SELECT * FROM titles ORDER BY reference")[1]
    assert (title["original_title"], title["year"], title["countries"]) == (
        "Сталкер",
        1952,
        ["KZ", "UZ"],
    )


def test_the_encoding_and_the_delimiter_can_be_named(operator: Operator, tmp_path: Path) -> None:
    content = "reference/kind/original_title\n1/short/Зеркало\n"
    path = write(tmp_path / "a.csv", content.encode("cp1251"))
    done = operator.imports(path, "--encoding", "cp1251", "--delimiter", "/")
    assert done.code == 0
    assert operator.value("SELECT original_title FROM titles") == "Зеркало"


def test_a_seller_is_known_by_id_or_name(operator: Operator, tmp_path: Path) -> None:
    path = films(tmp_path, 1)
    operator.company("Twice Sales")
    operator.company("twice sales")
    operator.company("Waiting Sales", standing="pending")
    operator.company("Buyers only", sells=False)
    assert operator.imports(path, seller=str(operator.seller_id)).code == 0
    assert operator.imports(path, seller="DEMO sales").code == 0
    for seller, said in [
        ("Twice Sales", "Several sellers are called"),
        ("Waiting Sales", "is pending: approve it first"),
        ("Buyers only", "There is no seller"),
        ("99", "There is no seller"),
        ("9" * 30, "There is no seller"),
    ]:
        done = operator.imports(path, seller=seller)
        assert done.code == 2
        assert said in done.err


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("title,year\nA,1999\n", [], "nothing fills it"),
        ("", [], "no header row"),
        (
            "reference,kind,original_title\n1,short,A\n",
            ["--map", "nothing.toml"],
            "can't be opened",
        ),
        (f"{SMALL}1,short,A\n", ["--report", "/no/where.csv"], "be written"),
        (f"{SMALL}1,short,A\n", ["--encoding", "rot13"], "encoding"),
        (f"{SMALL}1,opera,A\n", [], ""),
        (
            f"{SMALL}1,short,A\n",
            ["--map", "odd.toml"],
            "no column '[/odd]'",
        ),
    ],
)
def test_when_nothing_can_be_done_the_answer_is_2(
    operator: Operator, tmp_path: Path, content: str, options: list[str], said: str
) -> None:
    write(tmp_path / "odd.toml", 'fields = { kind = "[/odd]" }')
    options = [str(tmp_path / option) if option == "odd.toml" else option for option in options]
    done = operator.imports(write(tmp_path / "a.csv", content), *options)
    assert done.code == 2
    assert said in done.err
    assert operator.value("SELECT count(*) FROM titles") == 0


def test_the_report_does_not_overwrite_the_file(operator: Operator, tmp_path: Path) -> None:
    path = films(tmp_path, 1)
    done = operator.imports(path, "--report", str(path))
    assert (done.code, "very file" in done.err) == (2, True)
    assert "Film 0" in path.read_text()


def test_an_empty_file_is_no_failure(operator: Operator, tmp_path: Path) -> None:
    done = operator.imports(write(tmp_path / "a.csv", SMALL))
    assert (done.code, done.count("rows")) == (0, 0)


def wait_for_titles(operator: Operator, least: int) -> None:
    deadline = time.monotonic() + 60
    while operator.value("SELECT count(*) FROM titles") < least:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def require_whole_batches(operator: Operator) -> None:
    """Hold that of each batch of films all are in, or none."""
    rows = operator.rows("SELECT reference FROM titles")
    kept = sorted(int(row["reference"].removeprefix("f")) for row in rows)
    begin, size = 0, FIRST_ROWS
    while begin <= kept[-1]:
        inside = bisect_left(kept, begin + size) - bisect_left(kept, begin)
        assert inside in {0, size}, (begin, size, inside)
        begin, size = begin + size, min(2 * size, BATCH_ROWS)


def test_an_import_that_is_killed_leaves_whole_batches_and_completes(
    operator: Operator, tmp_path: Path
) -> None:
    path = films(tmp_path, 30_000)
    process = operator.begins(path)
    wait_for_titles(operator, 1000)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    time.sleep(0.5)  # what was sent may still be committed
    left = operator.value("SELECT count(*) FROM titles")
    assert 1000 <= left < 30_000
    require_whole_batches(operator)
    assert operator.value("SELECT count(*) FROM events") == left
    assert operator.value("SELECT count(*) FROM title_texts") == left

    done = operator.imports(path)
    assert (done.code, done.count("created"), done.count("unchanged")) == (0, 30_000 - left, left)
    assert operator.value("SELECT count(*) FROM titles") == 30_000
    assert operator.value("SELECT count(*) FROM events") == 30_000


def test_an_import_that_is_stopped_says_how_to_go_on(operator: Operator, tmp_path: Path) -> None:
    process = operator.begins(films(tmp_path, 100_000))
    wait_for_titles(operator, 1000)
    os.kill(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run it again to complete" in said
    require_whole_batches(operator)


def test_a_database_that_goes_away_is_told_in_a_sentence(
    operator: Operator, tmp_path: Path
) -> None:
    process = operator.begins(films(tmp_path, 100_000))
    wait_for_titles(operator, 1000)
    with psycopg.connect(operator.url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database() "
            "AND backend_type = 'client backend'"
        )
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "run it again to complete" in said
    assert "Traceback" not in said


def test_a_batch_that_postgresql_undid_is_tried_again(operator: Operator, tmp_path: Path) -> None:
    operator.execute("CREATE SEQUENCE tries")
    operator.execute(
        "CREATE FUNCTION give_up_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('tries') = 1 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF; "
        "RETURN NULL; END $$"
    )
    operator.execute(
        "CREATE TRIGGER once AFTER INSERT ON titles FOR STATEMENT EXECUTE FUNCTION give_up_once()"
    )
    done = operator.imports(films(tmp_path, 3))
    assert (done.code, done.count("created")) == (0, 3)
    assert operator.value("SELECT last_value FROM tries") == 2


def test_a_fault_of_ours_is_no_failure_of_the_database(operator: Operator, tmp_path: Path) -> None:
    operator.execute("ALTER TABLE titles ADD CHECK (year < 1951)")
    with pytest.raises(IntegrityError):
        operator.imports(films(tmp_path, 3))


def test_of_two_imports_at_once_one_waits_or_gives_up(operator: Operator, tmp_path: Path) -> None:
    path = films(tmp_path, 5000)
    rivals = [operator.begins(path) for _ in range(2)]
    said = [rival.communicate(timeout=120)[0] for rival in rivals]
    codes = sorted(rival.returncode for rival in rivals)
    assert codes == [0, 0] or (codes == [0, 2] and "Another import" in "".join(said)), said
    assert operator.value("SELECT count(*) FROM titles WHERE version = 1") == 5000
    assert operator.value("SELECT count(*) FROM events") == 5000


def test_an_import_waits_for_another_ten_seconds_at_most(
    operator: Operator, tmp_path: Path
) -> None:
    path = films(tmp_path, 1)
    with psycopg.connect(operator.url, autocommit=True) as rival:
        lock = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
        rival.execute(lock, [f"import of titles {operator.seller_id}"])
        done = operator.imports(path)
        assert (done.code, "Another import" in done.err) == (2, True)
    assert operator.imports(path).code == 0
