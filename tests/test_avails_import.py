"""`filmmart import avails`: what stands in the market afterwards."""

from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.settings import load_settings
from tests.avails import (
    EPISODE,
    MOVIE,
    NAMES,
    avail,
    real_file,
    sheet_of,
    transaction,
    workbook,
    xml,
)
from tests.imports import SELLER, Done, Operator, read_report

# Titles made, offerings made, and rows refused, of each real file
MADE = dict(
    zip(
        NAMES,
        (
            (11, 9, 0),
            (13, 24, 0),
            (13, 24, 0),
            (2, 3, 1),
            (16, 60, 0),
            (3, 26, 0),
            (4, 24, 0),
            (2, 26, 0),
            (11, 38, 0),
        ),
        strict=True,
    )
)


class AvailsOperator(Operator):
    """Somebody who imports avails at a terminal."""

    def brings(self, file: Path, *options: str, seller: str = SELLER) -> Done:
        """Import a file, with a report."""
        report = self.folder / "report.csv"
        report.unlink(missing_ok=True)
        load_settings.cache_clear()
        command = ["import", "avails", str(file), "--seller", seller, "--report", str(report)]
        with pytest.raises(SystemExit) as ended:
            main([*command, *options])
        said = self._capsys.readouterr()
        return Done(ended.value.code, said.out, said.err, read_report(report))

    def exports(self, file: Path, *options: str, seller: str = SELLER) -> tuple[object, str, str]:
        """Export a file: the exit code, and what was said."""
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(["export", "avails", "--seller", seller, "--output", str(file), *options])
        return ended.value.code, *self._capsys.readouterr()

    def sheet(self, *rows: dict[str, Any]) -> Path:
        """Make a workbook of one sheet."""
        return workbook(self.folder / "avails.xlsx", {"Avails": sheet_of(*rows)})

    def ledger(self) -> list[dict[str, Any]]:
        """Give everything that is held and offered, but for when it was written."""
        return self.rows(
            "SELECT title_id, territories, media, languages, term, exclusivity, price, visible_to, "
            "note, source, avails, avails_key, version, id FROM offerings ORDER BY id"
        ) + self.rows(
            "SELECT title_id, territories, media, languages, term, source, version, id "
            "FROM holdings ORDER BY id"
        )


@pytest.fixture
def operator(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AvailsOperator:
    """Give somebody who imports for a seller."""
    return AvailsOperator(database_url, tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_real_file_goes_in_and_changes_nothing_the_second_time(
    operator: AvailsOperator, name: str
) -> None:
    first = operator.brings(real_file(name))
    titles, offerings, refused = MADE[name]
    assert (first.count("new titles"), first.count("created"), first.count("refused")) == (
        titles,
        offerings,
        refused,
    )
    before = operator.ledger()
    events = operator.value("SELECT count(*) FROM events")
    second = operator.brings(real_file(name))
    assert (second.count("new titles"), second.count("created"), second.count("updated")) == (
        0,
        0,
        0,
    )
    assert second.count("unchanged") == offerings
    assert operator.ledger() == before
    assert operator.value("SELECT count(*) FROM events") == events


OFFERED = """
SELECT o.avails -> 'fields' ->> 'AvailID' AS avail, t.reference, lower(o.term)::text AS first,
       upper(o.term)::text AS after, o.exclusivity, o.price, o.note, o.visible_to
FROM offerings o JOIN titles t ON t.id = o.title_id ORDER BY 1
"""


def test_film_is_offered_and_held_as_the_avail_says(operator: AvailsOperator) -> None:
    priced = {"PriceType": "WSP", "PriceValue": "4.99", "PriceCurrency": "USD", "Exclusive": "1"}
    done = operator.brings(operator.sheet(MOVIE | priced))
    assert done.code == 0
    assert operator.rows(OFFERED) == [
        {
            "avail": "dance-1",
            "reference": MOVIE["ContentID"],
            "first": "2027-01-01",
            "after": "2029-01-01",
            "exclusivity": "exclusive",
            "price": {"amount": "4.99", "currency": "USD", "note": "WSP 4.99 USD"},
            "note": None,
            "visible_to": None,
        }
    ]
    [title] = operator.rows("SELECT kind, state, original_title FROM titles")
    assert title == {"kind": "feature", "state": "draft", "original_title": "The First Dance"}
    [held] = operator.rows(
        "SELECT h.source, h.territories = o.territories AND h.media = o.media "
        "AND h.languages = o.languages AND h.term = o.term AS same FROM holdings h, offerings o"
    )
    assert held == {"source": "avails", "same": True}
    assert operator.value("SELECT count(*) FROM free_boxes") == 1


def test_holding_grows_with_what_is_offered(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE))
    more = MOVIE | {"AvailID": "dance-2", "Territory": "UZ", "LicenseType": "EST", "End": "Open"}
    operator.brings(operator.sheet(MOVIE, more))
    [held] = operator.rows(
        "SELECT upper_inf(term) AS is_open, version FROM holdings WHERE source = 'avails'"
    )
    assert held == {"is_open": True, "version": 2}
    assert operator.value("SELECT count(*) FROM offerings") == 2


def test_parts_land_as_parts(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(EPISODE))
    found = operator.rows(
        "SELECT t.kind, t.original_title, t.season_number, t.episode_number, w.kind AS whole "
        "FROM titles t LEFT JOIN titles w ON w.id = t.part_of_id ORDER BY t.id"
    )
    assert [list(row.values()) for row in found] == [
        ["series", "The Detectives", None, None, None],
        ["season", "The Detectives, season 1", 1, None, "series"],
        ["episode", "Birds of a Feather", None, 2, "season"],
    ]
    assert operator.value("SELECT t.kind FROM offerings o JOIN titles t ON t.id = o.title_id") == (
        "episode"
    )


def test_parts_are_published_with_their_wholes(operator: AvailsOperator) -> None:
    told = EPISODE | {"ReleaseYear": "2026", "AssetLanguage": "ru"}
    file = operator.sheet(told)
    drafts = operator.brings(file)
    assert drafts.code == 0
    assert operator.value("SELECT count(*) FROM titles WHERE state = 'published'") == 0
    done = operator.brings(file, "--publish")
    # Only the episode's year is known, and a series without one can't be published.
    assert [(row["field"], row["done"]) for row in done.report if "draft" in row["done"]] == [
        ("part_of_id", "left a draft")
    ]
    operator.execute("UPDATE titles SET year = 2026")
    assert operator.brings(file, "--publish").count("unchanged") == 1
    assert operator.value("SELECT count(*) FROM titles WHERE state = 'published'") == 3


def test_title_that_is_known_stays_as_it_is(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE))
    operator.execute("UPDATE titles SET reference = %s, kind = 'documentary'", MOVIE["ALID"])
    changed = MOVIE | {"TitleInternalAlias": "Another name", "End": "Open"}
    done = operator.brings(operator.sheet(changed))
    assert (done.count("new titles"), done.count("updated")) == (0, 1)
    [title] = operator.rows("SELECT kind, original_title FROM titles")
    assert title == {"kind": "documentary", "original_title": "The First Dance"}


def test_season_is_not_taken_for_the_film_that_has_its_identifier(operator: AvailsOperator) -> None:
    film = MOVIE | {"ContentID": EPISODE["SeasonContentID"]}
    operator.brings(operator.sheet(film))
    operator.brings(operator.sheet(EPISODE))
    found = operator.rows("SELECT kind, reference FROM titles ORDER BY id")
    assert [row["kind"] for row in found] == ["feature", "series", "season", "episode"]
    assert found[2]["reference"] == f"{EPISODE['SeasonContentID']} (season)"
    assert operator.brings(operator.sheet(EPISODE)).count("new titles") == 0


def test_full_extract_replaces_all_of_its_alid_and_nothing_else(operator: AvailsOperator) -> None:
    other = MOVIE | {"ALID": "other", "ContentID": "other", "AvailID": "other-1"}
    operator.brings(operator.sheet(MOVIE, MOVIE | {"AvailID": "dance-2", "Territory": "UZ"}, other))
    ids = {row["avail"]: row for row in operator.rows(OFFERED)}
    assert set(ids) == {"dance-1", "dance-2", "other-1"}
    third = MOVIE | {"AvailID": "dance-3", "Territory": "KG"}
    done = operator.brings(operator.sheet(MOVIE | {"End": "2027-12-31"}, third))
    assert [done.count(what) for what in ("created", "updated", "unchanged", "removed")] == [
        1,
        1,
        0,
        1,
    ]
    assert [(row["avail"], row["after"]) for row in operator.rows(OFFERED)] == [
        ("dance-1", "2028-01-01"),
        ("dance-3", "2029-01-01"),
        ("other-1", "2029-01-01"),
    ]


def test_full_extract_of_1_6_replaces_an_edit_in_a_territory(operator: AvailsOperator) -> None:
    old = {name: value for name, value in MOVIE.items() if name not in {"ALID", "AllowedLanguages"}}
    old |= {"ProductID": "dance-theatrical", "AltID": "DANCE"}
    kz, uz = old | {"AvailID": "kz"}, old | {"AvailID": "uz", "Territory": "UZ"}

    def sheet(*rows: dict[str, str]) -> Path:
        cells = sheet_of(*rows)
        cells[2][cells[1].index("DisplayName")] = "//REQUIRED. The name of your company."
        return workbook(operator.folder / "old.xlsx", {"Movies": cells})

    operator.brings(sheet(kz, uz))
    done = operator.brings(sheet(kz | {"AvailID": "kz-2"}))
    assert (done.count("created"), done.count("removed")) == (1, 1)
    assert [row["avail"] for row in operator.rows(OFFERED)] == ["kz-2", "uz"]


def test_full_delete_removes_all_of_its_alid(operator: AvailsOperator) -> None:
    other = MOVIE | {"ALID": "other", "ContentID": "other", "AvailID": "other-1"}
    operator.brings(operator.sheet(MOVIE, MOVIE | {"AvailID": "dance-2", "Territory": "UZ"}, other))
    gone = MOVIE | {"EntryType": "Full Delete", "Start": "1999-12-31", "End": "2000-01-01"}
    done = operator.brings(operator.sheet(gone))
    assert (done.code, done.count("removed")) == (0, 2)
    assert [row["avail"] for row in operator.rows(OFFERED)] == ["other-1"]
    assert operator.value("SELECT count(*) FROM free_boxes") == 1
    assert operator.brings(operator.sheet(gone)).count("removed") == 0


def test_revoked_row_of_a_full_extract_is_removed(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE))
    done = operator.brings(operator.sheet(MOVIE | {"TitleStatus": "Revoked"}))
    assert (done.code, done.count("removed")) == (0, 1)
    assert operator.rows(OFFERED) == []


def test_what_was_offered_stays_where_a_row_of_its_alid_is_refused(
    operator: AvailsOperator,
) -> None:
    second = MOVIE | {"AvailID": "dance-2", "Territory": "UZ"}
    operator.brings(operator.sheet(MOVIE, second))
    done = operator.brings(operator.sheet(MOVIE, second | {"Territory": "XX"}))
    assert (done.code, done.count("refused"), done.count("removed")) == (1, 1, 0)
    kept = "has refused rows of ALIDs whose earlier offers all stay: 1"
    assert kept in {row["problem"] for row in done.report}
    assert len(operator.rows(OFFERED)) == 2


def test_nothing_goes_while_a_row_may_be_of_any_alid(operator: AvailsOperator) -> None:
    second = MOVIE | {"AvailID": "dance-2", "Territory": "UZ"}
    other = MOVIE | {"ALID": "other", "ContentID": "other", "AvailID": "other"}
    operator.brings(operator.sheet(MOVIE, second, other))
    gone = other | {"EntryType": "Full Delete", "Start": "1999-12-31", "End": "2000-01-01"}
    nameless = second | {"ALID": ""}
    done = operator.brings(operator.sheet(MOVIE, nameless, gone))
    assert (done.code, done.count("refused"), done.count("removed")) == (1, 1, 1)
    assert done.report[-1]["problem"].startswith("has rows that may be of any ALID: of none was")
    assert [row["avail"] for row in operator.rows(OFFERED)] == ["dance-1", "dance-2"]


def test_file_cut_off_takes_nothing_away(operator: AvailsOperator) -> None:
    both = xml(avail(transaction()), avail(transaction(territories="UZ")))
    file = operator.folder / "avails.xml"
    file.write_text(both)
    assert operator.brings(file).count("created") == 2
    file.write_text(both[: both.rindex("<avails:Transaction ")])
    done = operator.brings(file)
    assert (done.code, done.count("unchanged"), done.count("removed")) == (1, 1, 0)


def test_entries_of_1_9_change_and_delete_single_avails(operator: AvailsOperator) -> None:
    first = MOVIE | {"EntryType": "Create"}
    second = first | {"AvailID": "dance-2", "Territory": "UZ"}
    operator.brings(operator.sheet(first))
    operator.brings(operator.sheet(second))
    assert len(operator.rows(OFFERED)) == 2
    moved = first | {"EntryType": "Update", "Start": "2027-06-01"}
    done = operator.brings(operator.sheet(moved))
    assert (done.count("created"), done.count("removed")) == (1, 1)
    assert [row["first"] for row in operator.rows(OFFERED)] == ["2027-06-01", "2027-01-01"]
    gone = second | {"EntryType": "Delete"}
    assert operator.brings(operator.sheet(gone)).count("removed") == 1
    again = operator.brings(operator.sheet(gone))
    assert (again.count("removed"), again.report[-1]["problem"]) == (
        0,
        "names nothing that is offered: there is nothing to remove",
    )


def test_same_row_twice_is_one_offering(operator: AvailsOperator) -> None:
    done = operator.brings(operator.sheet(MOVIE, MOVIE, MOVIE | {"Description": "another"}))
    assert (done.count("created"), done.count("repeated")) == (2, 1)
    assert [row["problem"] for row in done.report if row["done"] == "left out"] == [
        "says the same as row Avails!4"
    ]


def test_pre_order_ends_as_the_sale_begins(operator: AvailsOperator) -> None:
    sale = MOVIE | {"AvailID": "sale", "LicenseType": "EST", "Start": "2027-03-01"}
    order = MOVIE | {
        "AvailID": "order",
        "LicenseType": "POEST",
        "End": "ESTStart",
        "SuppressionLiftDate": "2026-12-01",
    }
    alone = order | {"AvailID": "other", "Territory": "UZ"}
    done = operator.brings(operator.sheet(order, sale, alone))
    assert [(row["avail"], row["after"]) for row in operator.rows(OFFERED)] == [
        ("order", "2027-03-01"),
        ("other", None),
        ("sale", "2029-01-01"),
    ]
    assert [row["problem"] for row in done.report if row["field"] == "End"] == [
        "is the start of a sale that is not near in this file: taken as open"
    ]


def test_what_begins_at_once_began_when_it_was_imported_first(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE | {"Start": "Immediate"}))
    operator.execute("UPDATE offerings SET term = daterange(lower(term) + 5, upper(term))")
    before = operator.rows(OFFERED)
    done = operator.brings(operator.sheet(MOVIE | {"Start": "Immediate"}))
    assert done.count("unchanged") == 1
    assert operator.rows(OFFERED) == before


def test_own_holdings_of_people_are_the_limit(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE))
    operator.execute("UPDATE holdings SET source = 'manual'")
    outside = MOVIE | {"AvailID": "dance-2", "Territory": "UZ"}
    done = operator.brings(operator.sheet(MOVIE | {"End": "2027-12-31"}, outside))
    assert (done.code, done.count("updated"), done.count("refused")) == (1, 1, 1)
    assert [row["problem"] for row in done.report if row["done"] == "row refused"] == [
        "lies outside of what you hold of the title"
    ]
    assert operator.value("SELECT count(*) FROM holdings") == 1
    assert [row["avail"] for row in operator.rows(OFFERED)] == ["dance-1"]


def test_licensee_that_is_here_sees_it_and_another_is_told(operator: AvailsOperator) -> None:
    buyer = operator.company("Qazaq Stream", sells=False)
    operator.execute("INSERT INTO buyer_profiles (organisation_id) VALUES (%s)", buyer)
    known = MOVIE | {"Licensee": "qazaq stream"}
    unknown = MOVIE | {"Licensee": "Somebody", "AvailID": "dance-2"}
    done = operator.brings(operator.sheet(known, unknown))
    assert [(row["avail"], row["visible_to"]) for row in operator.rows(OFFERED)] == [
        ("dance-1", [buyer]),
        ("dance-2", [operator.seller_id]),
    ]
    assert [
        (row["value"], row["problem"]) for row in done.report if row["field"] == "Licensee"
    ] == [("Somebody", "is nobody here: the offering is seen by you alone")]


def test_avail_that_is_about_another_title_now_moves(operator: AvailsOperator) -> None:
    operator.brings(operator.sheet(MOVIE))
    other = MOVIE | {"ContentID": "other", "TitleInternalAlias": "Another"}
    done = operator.brings(operator.sheet(other))
    assert (done.count("updated"), done.count("new titles")) == (1, 1)
    assert [row["reference"] for row in operator.rows(OFFERED)] == ["other"]
    free = operator.rows("SELECT t.reference FROM free_boxes b JOIN titles t ON t.id = b.title_id")
    assert free == [{"reference": "other"}]


def test_dry_run_tells_everything_and_keeps_nothing(operator: AvailsOperator) -> None:
    done = operator.brings(operator.sheet(MOVIE, MOVIE | {"Territory": "XX"}), "--dry-run")
    assert (done.code, done.count("created"), done.count("refused")) == (1, 1, 1)
    assert "nothing was kept" in done.out
    assert operator.value("SELECT count(*) FROM titles") == 0


def test_another_sellers_avails_are_never_touched(operator: AvailsOperator) -> None:
    operator.company("Other Sales")
    operator.brings(operator.sheet(MOVIE))
    operator.brings(operator.sheet(MOVIE | {"AvailID": "theirs"}), seller="Other Sales")
    gone = MOVIE | {"EntryType": "Full Delete", "Start": "1999-12-31", "End": "2000-01-01"}
    operator.brings(operator.sheet(gone))
    assert [row["avail"] for row in operator.rows(OFFERED)] == ["theirs"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is empty"), (b"%PDF-1.7", "is a PDF"), (b"<html/>", "XML of another kind")],
)
def test_file_that_is_no_avails_is_refused(
    operator: AvailsOperator, content: bytes, why: str
) -> None:
    file = operator.folder / "avails.xlsx"
    file.write_bytes(content)
    done = operator.brings(file)
    assert done.code == 2
    assert why in done.err


def test_many_batches_make_one_import(operator: AvailsOperator) -> None:
    rows = [
        MOVIE | {"AvailID": f"a{n:04}", "Start": f"2027-01-{n % 28 + 1:02}"} for n in range(2100)
    ]
    file = operator.sheet(*rows)
    assert operator.brings(file).count("created") == 2100
    done = operator.brings(operator.sheet(*rows[:50]))
    assert (done.count("unchanged"), done.count("removed")) == (50, 2050)
    assert operator.value("SELECT count(*) FROM offerings") == 50
