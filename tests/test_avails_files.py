"""Files of avails: what is read of the real ones, and what becomes of files that are no avails."""

import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest

from app.partners.avails import rows as avail_rows
from app.partners.avails import xml_parsing
from app.partners.avails.files import open_avails
from app.partners.avails.rows import AvailRow, Node
from app.partners.imports.rows import ImportRefused, UnreadableRow
from tests.avails import (
    EPISODE,
    MOVIE,
    NAMES,
    avail,
    read,
    read_all,
    real_file,
    require_valid,
    sheet_of,
    transaction,
    workbook,
    write_xlsx,
    write_xml,
    xml,
)
from tests.imports import write

ROWS = dict(zip(NAMES, (9, 24, 24, 4, 65, 27, 27, 26, 38), strict=True))
VERSIONS = dict(
    zip(NAMES, ["2.4", "1.8", "2.4", "2.2.2", "1.6", "1.7", "1.8", "1.9", "1.9"], strict=True)
)


@pytest.mark.parametrize("name", NAMES)
def test_real_file_is_read_whole(name: str) -> None:
    with open_avails(real_file(name)) as opened:
        rows = list(opened.rows())
        assert opened.done() == 1.0
        assert opened.version == VERSIONS[name]
    assert len(rows) == ROWS[name]
    assert not [row for row in rows if isinstance(row, UnreadableRow) or row.remarks]


def test_sheets_that_hold_no_avails_are_named() -> None:
    with open_avails(real_file("EMA_Avails_Movies-TV_v1.6.xlsx")) as opened:
        notes = [(note.place, note.problem) for note in opened.notes]
    unread = "holds no avails: the sheet is not read"
    assert notes == [
        ("Movies Data Dictionary!", unread),
        ("TV Data Dictionary!", unread),
        ("General Instructions and FAQ!", unread),
        ("Movies!2", "is of version 1.6, by its columns"),
        ("TV!2", "is of version 1.6, by its columns"),
    ]


def test_first_row_of_a_real_sheet_says_what_it_says() -> None:
    row = read(real_file("TV_v1.9.xlsx"))[4]
    assert (row.sheet, row.number) == ("Template-TV_v1.9", 8)
    assert row.fields["SeriesTitleInternalAlias"] == "Detectives, The"
    assert row.fields["Start"] == "2013-05-14"
    assert row.fields["TotalRunTime"] == "0:56:20"
    assert row.fields["PriceValue"] == "2"


def test_old_names_of_columns_are_known(tmp_path: Path) -> None:
    old = {
        "StoreLanguage": "FR",
        "ProductID": "edit",
        "HoldbackExclusionLanguage": "fr|en",
        "ExceptionsFlag": "1",
        "BundleALIDs": "a; b",
    }
    [row] = read(workbook(tmp_path / "a.xlsx", {"Movies": sheet_of(MOVIE | old)}))
    assert row.fields == MOVIE | {
        "AssetLanguage": "FR",
        "EditID": "edit",
        "AllowedLanguages": "ru, kk",
        "ExceptionFlag": "Yes",
        "BundledALIDs": "a, b",
    }
    with open_avails(tmp_path / "a.xlsx") as opened:
        twice = [note.field for note in opened.notes if "twice" in note.problem]
    assert twice == ["HoldbackExclusionLanguage"]


def test_columns_are_found_by_name_whatever_their_order_and_case(tmp_path: Path) -> None:
    shuffled = {name.upper(): value for name, value in sorted(MOVIE.items())} | {"Mood": "sad"}
    headings = list(shuffled)
    cells = [headings, list(shuffled.values())]
    file = workbook(tmp_path / "a.xlsx", {"any name": cells})
    with open_avails(file) as opened:
        assert [row.fields for row in opened.rows() if isinstance(row, AvailRow)] == [MOVIE]
        assert [(note.place, note.field, note.problem) for note in opened.notes] == [
            ("any name!1", "", "is of version 1.7, by its columns"),
            ("any name!1", "Mood", "is no column of Avails 1.6 to 1.9"),
        ]


def test_dates_may_be_dates_or_texts_and_numbers_numbers_or_texts(tmp_path: Path) -> None:
    typed = MOVIE | {
        "Start": date(2027, 1, 1),
        "End": "2028-12-31",
        "ReleaseYear": 2026,
        "PriceValue": 4.99,
        "SRP": "010",
    }
    [row] = read(workbook(tmp_path / "a.xlsx", {"Movies": sheet_of(typed)}))
    assert row.fields == MOVIE | {"ReleaseYear": "2026", "PriceValue": "4.99", "SRP": "010"}


def test_rows_of_notes_are_skipped_and_the_version_is_read_from_them(tmp_path: Path) -> None:
    cells = sheet_of(MOVIE, version="v1.8a")
    cells.insert(3, ["//e.g., Rockstar Films"])
    cells.append([""])
    cells.append(["// the end"])
    file = workbook(tmp_path / "a.xlsx", {"Movies": cells})
    with open_avails(file) as opened:
        assert opened.version == "1.8"
        assert [row.number for row in opened.rows()] == [5]


def test_version_that_nobody_knows_is_read_by_names(tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", {"Movies": sheet_of(MOVIE, version="3.0")})
    with open_avails(file) as opened:
        problems = [note.problem for note in opened.notes]
        assert len(list(opened.rows())) == 1
    assert problems == [
        "is of version 3.0, as it says",
        "is of a version unknown here: read by names",
    ]


def test_error_of_a_formula_is_left_out_with_a_remark(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    workbook(file, {"Movies": sheet_of(MOVIE | {"ReleaseYear": "=1/0", "SRP": "=2+2"})})
    broken = _with_cached(file, "<v>0</v>", "<v>#DIV/0!</v>", 't="e"')
    [row] = read(broken)
    assert "ReleaseYear" not in row.fields
    assert [(remark.field, remark.value, remark.problem) for remark in row.remarks][:1] == [
        ("ReleaseYear", "#DIV/0!", "is an error that a formula gave")
    ]


def _with_cached(file: Path, old: str, new: str, kind: str) -> Path:
    """Give a workbook what Excel keeps of formulas."""
    changed = file.with_name("changed.xlsx")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(changed, "w") as target:
        for part in source.namelist():
            data = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                text = data.decode()
                for found in [each for each in text.split("<c ") if "<f>" in each]:
                    text = text.replace(
                        found, found.replace(old, new).replace(">", f" {kind}>", 1), 1
                    )
                data = text.encode()
            target.writestr(part, data)
    return changed


def test_territories_of_one_row_become_rows(tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", {"Movies": sheet_of(MOVIE | {"Territory": "kz, UZ;KG"})})
    assert [(row.number, row.get("Territory")) for row in read(file)] == [
        (4, "KZ"),
        (4, "UZ"),
        (4, "KG"),
    ]


# XML ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", xml_parsing.VERSIONS)
def test_every_version_of_xml_is_read(version: str, tmp_path: Path) -> None:
    file = write(tmp_path / "a.xml", xml(avail(transaction()), version=version))
    [row] = read(file)
    assert row.version == version
    assert row.get("Territory") == "KZ"


def test_single_avail_and_signed_list_are_read(tmp_path: Path) -> None:
    listed = xml(avail(transaction()))
    signature = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:a/></ds:Signature>'
    head, _, rest = listed.partition("<avails:AvailList")
    spaces, _, body = rest.partition(">")
    inside = body.removesuffix("</avails:AvailList>")
    single = head + inside.strip().replace("<avails:Avail>", f"<avails:Avail{spaces}>", 1)
    signed = (
        f"{head}<avails:AvailListSigned{spaces}><avails:AvailList>{inside}</avails:AvailList>"
        f"{signature}</avails:AvailListSigned>"
    )
    [row] = read(write(tmp_path / "listed.xml", listed))
    for content in (single, signed):
        [other] = read(write(tmp_path / "other.xml", content))
        assert other.fields == row.fields


def test_territories_of_one_transaction_become_rows_and_one_transaction_again(
    tmp_path: Path,
) -> None:
    file = write(tmp_path / "a.xml", xml(avail(transaction(territories="KZ UZ KG"))))
    rows = read(file)
    assert [row.get("Territory") for row in rows] == ["KZ", "UZ", "KG"]
    again = tmp_path / "again.xml"
    write_xml(again, rows)
    assert again.read_text().count("<avails:Transaction ") == 1
    assert [row.fields for row in read(again)] == [row.fields for row in rows]


def test_what_only_xml_says_is_kept(tmp_path: Path) -> None:
    inside = """
      <avails:RefALID refWorkType="Movie">other</avails:RefALID>
      <avails:Term termName="CampaignID"><avails:ID>summer</avails:ID></avails:Term>
      <avails:Term termName="TPR-WSP"><avails:Money currency="USD">1</avails:Money></avails:Term>
      <avails:Term termName="WSP"><avails:Money currency="USD">2</avails:Money></avails:Term>
      <avails:ExperienceCondition>For-sale</avails:ExperienceCondition>"""
    people = """
      <avails:People><md:Job><md:JobFunction>Actor</md:JobFunction></md:Job>
        <md:Name><md:DisplayName>Aina Sadykova</md:DisplayName></md:Name></avails:People>"""
    file = write(tmp_path / "a.xml", xml(avail(transaction(terms=inside), inside=people)))
    [row] = read(file)
    assert row.get("PriceType") == "TPR-WSP"
    assert [node.name for node in row.more["Transaction"]] == [
        "RefALID",
        "Term",
        "Term",
        "ExperienceCondition",
    ]
    assert row.more["Metadata"][0].name == "People"
    again = tmp_path / "again.xml"
    assert not write_xml(again, [row]).unsaid
    require_valid(again)
    [back] = read(again)
    assert (back.fields, back.more) == (row.fields, row.more)


def test_what_xml_2_7_has_no_place_for_is_named(tmp_path: Path) -> None:
    odd = "<avails:Mood>sad</avails:Mood>"
    [row] = read(write(tmp_path / "a.xml", xml(avail(transaction(odd)))))
    writer = write_xml(tmp_path / "again.xml", [row])
    assert writer.unsaid == {"Transaction/Mood": 1}
    require_valid(tmp_path / "again.xml")


def test_elements_of_others_are_kept_where_the_schema_lets_them_be(tmp_path: Path) -> None:
    ours = avail(transaction()).replace(
        "</avails:EntryType>", '</avails:EntryType><x:mark xmlns:x="urn:x">1</x:mark>'
    )
    [row] = read(write(tmp_path / "a.xml", xml(ours)))
    assert row.more["Disposition"] == [Node("{urn:x}mark", {}, "1", [])]
    # Whether that is valid is told by a schema of theirs, which nobody here has.
    assert not write_xml(tmp_path / "again.xml", [row]).unsaid
    assert read(tmp_path / "again.xml")[0].more == row.more


def test_3d_of_xml_2_2_is_a_format(tmp_path: Path) -> None:
    said = xml(avail(transaction()), version="2.2")
    said = said.replace("<avails:FormatProfile>", '<avails:FormatProfile threeD="true">')
    [row] = read(write(tmp_path / "a.xml", said))
    assert row.get("FormatProfile") == "3DHD"


def test_rating_of_the_rows_own_territory_is_picked(tmp_path: Path) -> None:
    ratings = "".join(
        f"<md:Rating><md:Region><md:country>{region}</md:country></md:Region>"
        f"<md:System>{system}</md:System><md:Value>16</md:Value></md:Rating>"
        for region, system in (("DE", "FSK"), ("KZ", "KZ-R"))
    )
    inside = f"<avails:Ratings>{ratings}</avails:Ratings>"
    file = write(tmp_path / "a.xml", xml(avail(transaction(territories="KZ UZ"), inside=inside)))
    kz, uz = read(file)
    assert (kz.get("RatingSystem"), kz.get("RatingRegion")) == ("KZ-R", "")
    assert (uz.get("RatingSystem"), uz.get("RatingRegion")) == ("FSK", "DE")
    write_xml(tmp_path / "again.xml", [kz, uz])
    require_valid(tmp_path / "again.xml")
    again = read(tmp_path / "again.xml")
    assert [(row.fields, row.more) for row in again] == [(row.fields, row.more) for row in (kz, uz)]


def test_second_asset_is_kept_and_told(tmp_path: Path) -> None:
    two = avail(transaction()).replace(
        "</avails:Asset>",
        '</avails:Asset><avails:Asset contentID="b"><avails:WorkType>Movie</avails:WorkType>'
        "<avails:Metadata><avails:TitleInternalAlias>B</avails:TitleInternalAlias>"
        "</avails:Metadata></avails:Asset>",
    )
    [row] = read(write(tmp_path / "a.xml", xml(two)))
    assert [remark.problem for remark in row.remarks] == [
        "holds 2 assets: the first is read, the others are kept"
    ]
    write_xml(tmp_path / "again.xml", [row])
    require_valid(tmp_path / "again.xml")
    assert read(tmp_path / "again.xml")[0].more == row.more


# Files that are something else ----------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
REFUSED = {
    "nothing": (b"", "is empty"),
    "a table of text": (b"Title,Start\n", "neither an .xlsx workbook nor XML"),
    "a PDF": (b"%PDF-1.7\n", "is a PDF"),
    "an old or locked workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "locked by a password"),
    "JSON": (b'{"avails": []}', "is JSON"),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "is an empty archive"),
    "half an archive": (b"PK\x03\x04" + bytes(50), "is a damaged workbook"),
    "XML of others": (b"<html><body/></html>", "XML of another kind: it is a html"),
    "XML of others with a namespace": (b'<a xmlns="urn:x"/>', "it is a a of urn:x"),
    "entities": (xml(before=BOMB).encode(), "DOCTYPE"),
    "an entity of elsewhere": (
        xml(before='<!DOCTYPE a SYSTEM "file:///etc/passwd">').encode(),
        "DOCTYPE",
    ),
    "an old version": (xml(version="2.1").encode(), "version 2.1; 2.2 to 2.7 are read"),
    "a version to come": (xml(version="2.8").encode(), "version 2.8; 2.2 to 2.7 are read"),
    "statuses": (
        xml().replace("AvailList", "OfferStatusList").encode(),
        "statuses of offers, and no avails",
    ),
    "a huge tag": (b"<a " + b"x" * 3_000_000, "huge tag"),
    "broken XML": (b"<avails", "is damaged"),
    "bytes of no encoding": (b"<?xml version='1.0' encoding='klingon'?><a/>", "is damaged"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_other_file_is_refused_in_a_sentence(what: str, tmp_path: Path) -> None:
    content, why = REFUSED[what]
    file = write(tmp_path / "avails.xml", content)
    with pytest.raises(ImportRefused, match=why), open_avails(file):
        pass


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="can't be opened"), open_avails(tmp_path / "none.xml"):
        pass


def test_workbook_without_avails_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", {"One": [["a", "b"]], "Two": [["c"]]})
    with pytest.raises(ImportRefused, match="None of the sheets One, Two holds avails"):
        read_all(file)


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    workbook(file, {"Movies": sheet_of(MOVIE)})
    bomb = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.namelist():
            target.writestr(part, source.read(part))
    data = bytearray(bomb.read_bytes())
    # What the directory says of the sizes: three gigabytes
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 3 * 2**30)
    bomb.write_bytes(data)
    with pytest.raises(ImportRefused, match=r"unpacks to more than|damaged"):
        read_all(bomb)


def test_damage_in_the_middle_ends_the_file_and_keeps_what_came_before(tmp_path: Path) -> None:
    whole = xml(avail(transaction()), avail(transaction(), alid="b"))
    cut = whole[: whole.index("<avails:ALID>b") + 20]
    row, end = read_all(write(tmp_path / "a.xml", cut))
    assert isinstance(row, AvailRow)
    assert isinstance(end, UnreadableRow)
    assert "and all after it can't be read: The file is damaged" in end.problem


def test_nesting_without_end_is_refused_where_it_begins(tmp_path: Path) -> None:
    deep = avail(transaction("<avails:a>" * 100 + "</avails:a>" * 100))
    row, end = read_all(write(tmp_path / "a.xml", xml(avail(transaction()), deep)))
    assert isinstance(row, AvailRow)
    assert isinstance(end, UnreadableRow)
    assert "nests elements over 32 deep" in end.problem


def test_avail_that_is_too_large_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    many = "<avails:a/>" * (xml_parsing.MAX_ELEMENTS + 1)
    large = avail(transaction(), inside=f"{many}")
    refused, row = read_all(write(tmp_path / "a.xml", xml(large, avail(transaction()))))
    assert isinstance(refused, UnreadableRow)
    assert refused.problem == "is an Avail of over 100,000 elements"
    assert isinstance(row, AvailRow)


def test_what_is_too_long_to_go_with_every_row_is_left_out(tmp_path: Path) -> None:
    core = "<avails:CoreMetadata>" + "<md:a>words</md:a>" * 10_000 + "</avails:CoreMetadata>"
    large = avail(transaction(), transaction()).replace("</avails:Avail>", f"{core}</avails:Avail>")
    rows = read(write(tmp_path / "a.xml", xml(large)))
    assert [row.more for row in rows] == [{}, {}]
    assert [len(row.remarks) for row in rows] == [1, 0]
    assert "characters of CoreMetadata" in rows[0].remarks[0].problem


def test_value_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    long = "x" * (avail_rows.MAX_CHARACTERS + 1)
    [row] = read(workbook(tmp_path / "a.xlsx", {"Movies": sheet_of(MOVIE | {"OtherTerms": long})}))
    assert row.fields == MOVIE
    assert [remark.problem for remark in row.remarks] == ["has over 10,000 characters"]


def test_cells_that_look_like_formulas_are_written_as_texts(tmp_path: Path) -> None:
    nasty = MOVIE | {"Description": "=cmd|' /C calc'!A0", "OtherTerms": "@SUM(1)", "Any": "+1"}
    file = tmp_path / "a.xlsx"
    source = workbook(tmp_path / "in.xlsx", {"Movies": [list(nasty), []]})
    assert source.exists()
    row = AvailRow(1, dict(nasty))
    write_xlsx(file, [row])
    with zipfile.ZipFile(file) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert read(file)[0].fields == nasty


def test_works_of_both_sheets_are_written_to_their_sheets(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    write_xlsx(file, [AvailRow(1, dict(EPISODE)), AvailRow(2, dict(MOVIE))])
    assert [(row.sheet, row.fields) for row in read(file)] == [("Movies", MOVIE), ("TV", EPISODE)]
