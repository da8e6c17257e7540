"""The two real files, with the figures worked out here from the bare CSV, not by the import."""

import csv
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.imports import EXAMPLES, Operator, real_file

Rows = list[dict[str, str]]
GENRES_OF_NETFLIX = {
    "drama": {"Dramas", "TV Dramas"},
    "comedy": {"Comedies", "TV Comedies", "Stand-Up Comedy", "Stand-Up Comedy & Talk Shows"},
    "crime": {"Crime TV Shows"},
    "religion": {"Faith & Spirituality"},
    "science_fiction": {"Sci-Fi & Fantasy", "TV Sci-Fi & Fantasy"},
}


@pytest.fixture
def operator(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Operator:
    """Give somebody who imports for a seller."""
    return Operator(database_url, tmp_path, capsys, monkeypatch)


def bare(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pieces(cell: str) -> list[str]:
    stripped = [piece.strip("\u200b ") for piece in cell.split(",")]
    return [re.sub(r" +", " ", piece) for piece in stripped if piece]


def people(cell: str) -> list[str]:
    """Give the names of a cell, once each; `Jr.` belongs to the name before."""
    names: list[str] = []
    for piece in pieces(cell):
        if piece == "Jr.":
            names[-1] += ", Jr."
        else:
            names.append(piece)
    return list(dict.fromkeys(names))


def kind_of(row: dict[str, str]) -> str:
    if "Documentaries" in pieces(row["categories"]):
        return "documentary"
    if "Anime Features" in pieces(row["categories"]):
        return "animation"
    return {"Movie": "feature", "TV Show": "series"}[row["show_type"]]


def plain(text: str) -> str:
    """Give the letters and digits of a title, without case or accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def as_title(text: str) -> str:
    return re.sub(r"\n|  +", " ", text.strip("\u200b \u00a0"))


def test_netflix_goes_in_whole(operator: Operator) -> None:
    path = real_file("titles/netflix_titles.csv")
    mapping = ["--map", str(EXAMPLES / "netflix_titles.toml")]
    rows = bare(path)
    assert len(rows) == 8807

    done = operator.imports(path, *mapping, "--publish")
    assert done.code == 0
    assert (done.count("rows"), done.count("created"), done.count("refused")) == (8807, 8807, 0)
    kept = {row["reference"]: row for row in operator.rows("SELECT * FROM titles")}
    assert kept.keys() == {row["show_id"] for row in rows}
    assert {row["state"] for row in kept.values()} == {"published"}

    for row in rows:
        title = kept[row["show_id"]]
        assert title["kind"] == kind_of(row)
        assert title["year"] == int(row["release_year"])
        assert title["original_title"] == as_title(row["title"])
        minutes = re.match(r"(\d+) min", row["duration"] or row["rating"])
        assert title["runtime_minutes"] == (int(minutes[1]) if minutes else None)
        seasons = re.match(r"(\d+) Season", row["duration"])
        assert title["seasons"] == (int(seasons[1]) if seasons else None)
        assert len(title["countries"]) == len(set(pieces(row["countries"])))
        categories = set(pieces(row["categories"]))
        for genre, named in GENRES_OF_NETFLIX.items():
            assert (genre in title["genres"]) == bool(categories & named)
        named_people = [("director", name) for name in people(row["director"])]
        named_people += [("cast", name) for name in people(row["cast"])]
        assert [(each["role"], each["name"]) for each in title["credits"]] == named_people

    told = operator.rows(
        "SELECT language, count(*), count(synopsis) AS told FROM title_texts GROUP BY 1"
    )
    assert told == [{"language": "en", "count": 8807, "told": 8807}]
    check_countries(rows, kept)
    check_report(rows, done.report)

    again = operator.imports(path, *mapping, "--publish")
    assert (again.code, again.count("unchanged"), again.report) == (0, 8807, done.report)
    assert {row["reference"]: row for row in operator.rows("SELECT * FROM titles")} == kept


def check_countries(rows: Rows, kept: dict[str, dict[str, object]]) -> None:
    """Count how often countries are named, in the file and in the market."""
    names = {"SU": "Soviet Union", "DD": "East Germany", "US": "United States", "HK": "Hong Kong"}
    names |= {"TR": "Turkey", "CZ": "Czech Republic", "KH": "Cambodia", "PL": "Poland"}
    for code, name in names.items():
        expected = {row["show_id"] for row in rows if name in pieces(row["countries"])}
        assert expected
        assert {key for key, title in kept.items() if code in title["countries"]} == expected  # type: ignore[operator]


def check_report(rows: Rows, report: list[dict[str, str]]) -> None:
    """Find every line of the report in the file, and nothing in the file without its line."""
    numbered = list(enumerate(rows, start=2))
    west = [str(at) for at, row in numbered if "West Germany" in pieces(row["countries"])]
    twice = [
        str(at)
        for at, row in numbered
        for cell in (row["director"], row["cast"])
        if len(pieces(cell)) > len(set(pieces(cell)))
    ]
    long = [
        str(at)
        for at, row in numbered
        if any(len(name) > 60 for name in people(row["director"]) + people(row["cast"]))
    ]
    alike: Counter[tuple[str, str, str]] = Counter()
    looks = []
    for at, row in numbered:
        key = (kind_of(row), row["release_year"], plain(row["title"]))
        alike[key] += 1
        if alike[key] > 1:
            looks.append(str(at))

    def lines(done: str, word: str) -> list[str]:
        return [line["row"] for line in report if line["done"] == done and word in line["problem"]]

    assert lines("taken", "taken as DE") == west
    assert lines("left out", "twice") == twice
    assert lines("taken", "is long for a name") == long
    assert lines("taken", "has kind, year and title of row") == looks
    assert len(report) == len(west) + len(twice) + len(long) + len(looks)
    assert all(int(one["row"]) <= int(next_["row"]) for one, next_ in pairwise(report))


def test_netflix_without_its_fallback_and_its_ignored_columns_is_told(
    operator: Operator, tmp_path: Path
) -> None:
    path = real_file("titles/netflix_titles.csv")
    said = (EXAMPLES / "netflix_titles.toml").read_text(encoding="utf-8")
    said = said.replace('columns = ["duration", "rating"]', 'column = "duration"')
    said = said.replace('ignore = ["date_added", "rating"]', "")
    strict = tmp_path / "strict.toml"
    strict.write_text(said, encoding="utf-8")
    done = operator.imports(path, "--map", str(strict))
    columns = [line["field"] for line in done.report if not line["row"]]
    assert columns == ["date_added", "rating"]
    assert done.code == 0
    missing = operator.value(
        "SELECT count(*) FROM titles WHERE runtime_minutes IS NULL AND seasons IS NULL"
    )
    assert missing == 3


def test_the_films_of_the_sco_go_in_whole(operator: Operator) -> None:
    path = real_file("titles/sco_titles.csv")
    rows = bare(path)
    done = operator.imports(path, "--map", str(EXAMPLES / "sco_titles.toml"), "--publish")
    assert (done.code, done.count("created"), done.report) == (0, len(rows), [])
    kept = {row["reference"]: row for row in operator.rows("SELECT * FROM titles")}
    texts = {
        (row["reference"], row["language"]): row["title"]
        for row in operator.rows("SELECT * FROM title_texts JOIN titles ON titles.id = title_id")
    }
    for row in rows:
        reference = f"{row['original_title']} ({row['year']})"
        title = kept.pop(reference)
        length = int(row["runtime_minutes"]) if row["runtime_minutes"] else None
        is_series = row["kind"] == "series"
        assert {name: title[name] for name in ("kind", "original_title", "original_language")} == {
            name: row[name] for name in ("kind", "original_title", "original_language")
        }
        assert title["year"] == int(row["year"])
        assert title["runtime_minutes"] == (None if is_series else length)
        assert title["episode_minutes"] == (length if is_series else None)
        assert title["episodes"] == (int(row["episodes"]) if row["episodes"] else None)
        assert title["countries"] == row["countries"].split(";")
        assert title["genres"] == [
            genre.replace(" ", "_") for genre in row["genres"].split(";") if genre != "animation"
        ]
        assert [each["name"] for each in title["credits"]] == row["directors"].split(";")
        for language in ("en", "zh", "ru"):
            assert texts.get((reference, language), "") == row[f"title_{language}"]
    assert kept == {}
    soviet = sum(row["countries"] == "SU" for row in rows)
    assert operator.value("SELECT count(*) FROM titles WHERE countries = '{SU}'") == soviet > 0
