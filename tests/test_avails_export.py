"""`filmmart export avails`, and people's own offerings in the words of Avails."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.models.vocabulary import Exclusivity, Kind
from app.partners.avails.manual import Described, Written, avails_of, unsaid_of
from app.partners.avails.meaning import judge
from app.partners.avails.rows import AvailRow
from app.trees import LANGUAGES, MEDIA, TERRITORIES
from tests.avails import (
    TODAY,
    avail,
    read,
    real_file,
    require_valid,
    transaction,
    write_xlsx,
    write_xml,
    xml,
)
from tests.imports import SELLER
from tests.test_avails_import import AvailsOperator

EIDR = "10.5240/EA73-79D7-1B2B-B378-3A73-M"
FILM = Described(7, Kind.FEATURE, "The First Dance", "dance", 2020, 116, EIDR)


@pytest.fixture
def operator(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AvailsOperator:
    """Give somebody who imports and exports for a seller."""
    return AvailsOperator(database_url, tmp_path, capsys, monkeypatch)


def written(title: Described = FILM, **changed: Any) -> Written:
    """Make an offering that a person wrote."""
    said: dict[str, Any] = {
        "id": 11,
        "title": title,
        "territories": TERRITORIES.parse(["KZ"]),
        "media": MEDIA.parse(["SVOD"]),
        "languages": LANGUAGES.parse(["ru"]),
        "first": date(2027, 1, 1),
        "after": date(2029, 1, 1),
        "exclusivity": Exclusivity.EXCLUSIVE,
        "min_days": 1,
    }
    return Written(**said | changed)


def rows_of(offering: Written) -> list[AvailRow]:
    return avails_of(offering, "Rockstar Films").rows


# In the words of Avails -----------------------------------------------------------------------


def test_offering_is_said_by_the_columns() -> None:
    [row] = rows_of(written(note="Ask us", price={"amount": "10.50", "currency": "EUR"}))
    assert row.fields == {
        "DisplayName": "Rockstar Films",
        "WorkType": "Movie",
        "EntryType": "Full Extract",
        "LicenseType": "SVOD",
        "FormatProfile": "HD",
        "Territory": "KZ",
        "Start": "2027-01-01",
        "End": "2028-12-31",
        "AllowedLanguages": "ru",
        "Exclusive": "Yes",
        "PriceType": "LicenseFee",
        "PriceValue": "10.50",
        "PriceCurrency": "EUR",
        "Description": "Ask us",
        "AvailID": "filmmart:offering:11",
        "ALID": "md:alid:org:filmmart:7",
        "TitleInternalAlias": "The First Dance",
        "ContentID": "dance",
        "TitleID": EIDR,
        "ReleaseYear": "2020",
        "TotalRunTime": "1:56:00",
    }


SERIES = Described(1, Kind.SERIES, "Detectives", "detectives", seasons=2)
SEASON = Described(2, Kind.SEASON, "Season 1", None, season_number=1, episodes=8, part_of=SERIES)
EPISODE = Described(3, Kind.EPISODE, "Birds", None, episode_number=2, part_of=SEASON)
WORKS = (
    (FILM, "Movie", {"ContentID": "dance"}),
    (Described(4, Kind.SHORT, "Short"), "Short", {"ContentID": "md:cid:org:filmmart:4"}),
    (Described(5, Kind.DOCUMENTARY, "Doc"), "Movie", {"TitleInternalAlias": "Doc"}),
    (SERIES, "Series", {"SeriesContentID": "detectives", "SeasonCount": "2"}),
    (
        SEASON,
        "Season",
        {
            "SeasonContentID": "md:cid:org:filmmart:2",
            "SeasonNumber": "1",
            "EpisodeCount": "8",
            "SeriesContentID": "detectives",
        },
    ),
    (
        EPISODE,
        "Episode",
        {
            "EpisodeContentID": "md:cid:org:filmmart:3",
            "EpisodeNumber": "2",
            "SeasonContentID": "md:cid:org:filmmart:2",
            "SeasonNumber": "1",
            "SeriesContentID": "detectives",
            "SeriesTitleInternalAlias": "Detectives",
        },
    ),
    (
        Described(6, Kind.VOLUME, "Volume 1", volume_number=1, part_of=SERIES),
        "Volume",
        {"VolumeNumber": "1", "SeriesContentID": "detectives"},
    ),
    (Described(8, Kind.MICRODRAMA, "Micro"), "Series", {"SeriesTitleInternalAlias": "Micro"}),
    (Described(9, Kind.COLLECTION, "All"), "Collection", {"TitleInternalAlias": "All"}),
    (
        Described(10, Kind.SUPPLEMENT, "Extra", part_of=FILM),
        "Supplement",
        {"ContentID": "md:cid:org:filmmart:10"},
    ),
)


@pytest.mark.parametrize("kind", ["xlsx", "xml"])
@pytest.mark.parametrize(("title", "work_type", "fields"), WORKS)
def test_every_kind_of_work_is_understood_again(
    tmp_path: Path, title: Described, work_type: str, fields: dict[str, str], kind: str
) -> None:
    offering = written(title)
    rows = rows_of(offering)
    assert (rows[0].get("WorkType"), unsaid_of(offering)) == (work_type, [])
    assert fields.items() <= rows[0].fields.items()
    path = tmp_path / f"a.{kind}"
    (write_xml if kind == "xml" else write_xlsx)(path, rows)
    if kind == "xml":
        require_valid(path)
    [back] = read(path)
    assert back.fields == rows[0].fields
    found = judge(back, TODAY)
    assert found.avail
    assert found.avail.work
    assert found.avail.work.kind is (
        {"Movie": Kind.FEATURE, "Series": Kind.SERIES}.get(work_type) or title.kind
    )


def test_kind_without_a_work_type_is_not_said() -> None:
    said = avails_of(written(Described(1, Kind.FORMAT, "Game")), "Rockstar Films")
    assert (said.rows, said.unsaid) == ([], [f"the kind {Kind.FORMAT}"])


def test_every_territory_licence_type_and_licensee_is_a_row() -> None:
    offering = written(
        territories=TERRITORIES.parse(["KZ", "UZ"]),
        media=MEDIA.parse(["EST", "TVOD", "AVOD"]),
        licensees=["One", "Two"],
    )
    rows = rows_of(offering)
    told = {(row.get("Territory"), row.get("LicenseType"), row.get("Licensee")) for row in rows}
    assert len(rows) == len(told) == 12
    assert {kind for _, kind, _ in told} == {"EST", "VOD", "AVOD"}


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["ALL"], {}),
        (["ru", "kk"], {"AllowedLanguages": "kk, ru"}),
        (["ALL", "-en"], {"HoldbackLanguage": "en"}),
    ],
)
def test_languages(codes: list[str], said: dict[str, str]) -> None:
    offering = written(languages=LANGUAGES.parse(codes))
    [row] = rows_of(offering)
    names = ("AllowedLanguages", "HoldbackLanguage")
    found = {name: row.get(name) for name in names if row.get(name)}
    assert {name: set(value.split(", ")) for name, value in found.items()} == {
        name: set(value.split(", ")) for name, value in said.items()
    }
    understood = judge(row, TODAY).avail
    assert understood
    assert understood.offered
    assert understood.offered.languages == offering.languages


def test_what_is_not_said_is_named() -> None:
    said = avails_of(
        written(
            media=MEDIA.parse(["ALL"]),
            languages=LANGUAGES.parse(["fr", "-fr-CA"]),
            min_days=30,
            holdbacks=2,
            exclusivity=Exclusivity.EITHER,
        ),
        "Rockstar Films",
    )
    assert said.rows == []
    assert {"THEATRICAL", "PAY_TV", "DUBBING"} < set(said.unsaid)
    assert not {"EST", "SVOD", "FAST"} & set(said.unsaid)
    assert said.unsaid[-4:] == [
        "the languages fr -fr-CA",
        "at least 30 days",
        "exclusive or not, as the buyer likes",
        "2 holdbacks",
    ]


def test_channels_alone_are_not_said_as_all_of_avod() -> None:
    offering = written(media=MEDIA.parse(["FAST", "SVOD"]))
    assert [row.get("LicenseType") for row in rows_of(offering)] == ["SVOD"]
    assert unsaid_of(offering) == ["FAST"]


def test_for_ever_is_open() -> None:
    [row] = rows_of(written(after=None, price=None, exclusivity=Exclusivity.NON_EXCLUSIVE))
    assert [row.get(name) for name in ("End", "PriceType", "PriceValue", "Exclusive")] == [
        "Open",
        "NA",
        "NA",
        "No",
    ]


# The command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "XML"])
def test_export_is_what_came_in(operator: AvailsOperator, tmp_path: Path, kind: str) -> None:
    source = real_file("TV_v1.9.xlsx")
    operator.brings(source)
    file = tmp_path / f"out.{kind}"
    code, out, _ = operator.exports(file)
    assert (code, out.splitlines()) == (0, [f"38 rows in {file}."])
    # By title, which is another order.
    told, brought = ([sorted(row.fields.items()) for row in read(each)] for each in (file, source))
    assert sorted(told) == sorted(brought)
    assert not list(tmp_path.glob(".*"))


def test_what_the_format_can_not_say_is_told(operator: AvailsOperator, tmp_path: Path) -> None:
    operator.brings(real_file("Avails_noErrors_v2.4.xml"))
    code, out, _ = operator.exports(tmp_path / "out.xlsx")
    assert (code, out.splitlines()[1:]) == (
        0,
        [
            "not said: AltID@scope, 2 times",
            "not said: Avail/ShortDescription, 24 times",
            "not said: RatingRegion, 2 times",
            "not said: SRP@currency, 2 times",
        ],
    )


def test_what_people_offer_beyond_avails_is_reported(
    operator: AvailsOperator, tmp_path: Path
) -> None:
    file = tmp_path / "in.xml"
    file.write_text(xml(*(avail(transaction(), alid=f"a{number}") for number in range(12))))
    operator.brings(file)
    operator.execute("UPDATE holdings SET source = 'manual'")
    operator.execute(
        "UPDATE offerings SET source = 'manual', avails = NULL, avails_key = NULL, min_days = 90"
    )
    report = tmp_path / "unsaid.csv"
    code, out, _ = operator.exports(tmp_path / "out.xml", "--report", str(report))
    assert (code, len(out.splitlines())) == (0, 1)
    with report.open(encoding="utf-8-sig", newline="") as lines:
        told = list(csv.DictReader(lines))
    assert [each["unsaid"] for each in told] == ["at least 90 days"] * 12
    ids = {str(row["title_id"]) for row in operator.rows("SELECT title_id FROM offerings")}
    assert {each["title_id"] for each in told} == ids
    _, out, _ = operator.exports(tmp_path / "out.xml")
    assert out.splitlines()[-1] == "… and 2 more: --report writes all of it to a file."


def test_when_nothing_can_be_written_the_answer_is_2(
    operator: AvailsOperator, tmp_path: Path
) -> None:
    (tmp_path / "kept.xml").write_text("before")
    missing = tmp_path / "nowhere" / "out.xml"
    for file, options, seller, problem in (
        (tmp_path / "out.csv", (), SELLER, "must end in .xlsx or .xml"),
        (missing, (), SELLER, "can't be written: No such file or directory."),
        (tmp_path / "kept.xml", (), "Nobody", "Nobody"),
        (tmp_path / "a.xml", ("--report", str(tmp_path / "a.xml")), SELLER, "--report names"),
        (tmp_path / "a.xml", ("--report", str(missing)), SELLER, "can't be written"),
    ):
        code, _, err = operator.exports(file, *options, seller=seller)
        assert (code, problem in err) == (2, True), err
    assert (tmp_path / "kept.xml").read_text() == "before"
    assert not list(tmp_path.glob(".*"))
