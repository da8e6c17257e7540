"""Files of every kind and of every sort of damage are read row by row, or refused in a sentence."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app.partners.imports import text_files, workbooks
from app.partners.imports.rows import CellError, ImportRefused, Row, UnreadableRow
from app.partners.imports.workbooks import Workbook
from app.partners.imports.xlsx_files import Sheet, column_of
from tests.imports import DATA, ndjson, read_all, write

AVAILS = sorted((DATA / "avails").glob("*.xlsx"))


def test_a_csv_file_is_read_by_its_header(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'title,note\r\nStalker,"two\nlines, and a ""quote"""\r\n')
    assert read_all(path) == [Row(2, {"title": "Stalker", "note": 'two\nlines, and a "quote"'})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_looking(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path / "t.csv", f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n")
    assert read_all(path) == [Row(2, {"a": "1", "b": "2", "c": "3"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path = write(tmp_path / "t.csv", f"{mark}название\nСталкер\n".encode(encoding))
    assert read_all(path) == [Row(2, {"название": "Сталкер"})]


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "title\nСталкер\n".encode("cp1251"))
    assert read_all(path, encoding="cp1251") == [Row(2, {"title": "Сталкер"})]
    with pytest.raises(ImportRefused, match="unknown encoding"):
        read_all(path, encoding="klingon")


def test_the_header_need_not_come_first(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "Our catalogue\n\ntitle;year\nStalker;1979\n")
    assert read_all(path, header_row=3) == [Row(4, {"title": "Stalker", "year": "1979"})]


def test_ragged_rows_are_told_with_row_and_line(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\n"1\n1",2\n3\n4,5,6\n7,8,,\n\n9,10\n')
    assert read_all(path) == [
        Row(2, {"a": "1\n1", "b": "2"}),
        UnreadableRow(3, "has 1 cells where the header has 2 (line 4)", "3"),
        UnreadableRow(4, "has 3 cells where the header has 2 (line 5)", "4 | 5 | 6"),
        Row(5, {"a": "7", "b": "8"}),
        Row(7, {"a": "9", "b": "10"}),
    ]


def test_what_is_no_csv_is_told_and_the_next_rows_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\n"x"y,1\n2,3\n"never closed,4\n5,6\n')
    found = read_all(path)
    assert found[1] == Row(3, {"a": "2", "b": "3"})
    assert [type(row) for row in found] == [UnreadableRow, Row, UnreadableRow]
    assert "(lines 4 to 5)" in str(found[2])


def test_a_quote_never_closed_does_not_swallow_a_large_file(tmp_path: Path) -> None:
    rows = "".join(f"{number},some text of a row\n" for number in range(100_000))
    path = write(tmp_path / "t.csv", f'a,b\n"oh,dear\n{rows}')
    found = read_all(path)
    bad = [row for row in found if isinstance(row, UnreadableRow)]
    assert len(bad) <= 2
    assert "field larger than field limit" in bad[0].problem
    assert found[-1].number > 50_000


def test_huge_cells_are_read_and_huger_lines_are_not(tmp_path: Path) -> None:
    long = "x" * (text_files.MAX_LINE_CHARACTERS + 10)
    path = write(tmp_path / "t.csv", f"a,b\n1,{long[:900_000]}\n{long[:500]},{long}\n2,3\n")
    found = read_all(path)
    assert [type(row) for row in found] == [Row, UnreadableRow, Row]
    path = write(tmp_path / "t.ndjson", f'{{"a": "{long}"}}\n{{"a": 1}}\n')
    assert read_all(path)[1:] == [Row(2, {"a": 1})]


def test_bytes_of_another_encoding_stay_in_their_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", b"a,b\nok,caf\xe9\n")
    assert read_all(path) == [Row(2, {"a": "ok", "b": "caf\udce9"})]


def test_a_file_that_ends_within_a_character_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ("a,b\n" + "1,2\n" * 9000).encode("utf-16") + b"x")
    assert "can't be read" in str(read_all(path)[-1])
    path = write(tmp_path / "t.ndjson", ('{"a": 1}\n' * 9000).encode("utf-16") + b"x")
    assert "can't be read" in str(read_all(path)[-1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no header row"),
        ("\n\n", "no header row"),
        ("a,b,a\n1,2,3\n", "names a column twice: a"),
        (",".join(f"c{at}" for at in range(1001)), "at most 1000"),
        ('"a"b,c\n', "header of t.csv can't be read"),
        (b"caf\xe9,b\n", "name its encoding"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(ImportRefused, match=message):
        read_all(write(tmp_path / "t.csv", content))


def test_a_column_without_a_name_is_still_a_column(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,,b\n1,2,3\n")
    assert read_all(path) == [Row(2, {"a": "1", "(column 2)": "2", "b": "3"})]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2),
        max_size=8,
    )
)
def test_whatever_python_writes_as_csv_is_read_back(tmp_path: Path, rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["a", "b"], *rows])
    path = write(tmp_path / "t.csv", written.getvalue())
    assert read_all(path) == [
        Row(number, {"a": row[0], "b": row[1]}) for number, row in enumerate(rows, start=2)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([".csv", ".ndjson", ".xlsx"]))
def test_no_bytes_break_a_reader(tmp_path: Path, content: bytes, kind: str) -> None:
    path = write(tmp_path / f"t{kind}", content)
    try:
        rows = read_all(path)
    except ImportRefused:
        return
    assert [row.number for row in rows] == sorted(row.number for row in rows)


def test_ndjson_gives_objects_and_tells_bad_lines(tmp_path: Path) -> None:
    lines = [
        '{"a": [1, {"b": null}]}',
        "",
        '{"a": 1',
        "[1]",
        '{"a": NaN}',
        '{"a": 1, "a": 2}',
        '{"a": ' * 100_000,
        "1" * 5000,
        '{"a": 2}',
        r'{"\ud800": 1}',
    ]
    found = read_all(write(tmp_path / "t.ndjson", "\n".join(lines)))
    assert found[0] == Row(1, {"a": [1, {"b": None}]})
    assert found[-2] == Row(9, {"a": 2})
    problems = {row.number: row.problem for row in found if isinstance(row, UnreadableRow)}
    assert problems.keys() == {3, 4, 5, 6, 7, 8, 10}
    assert problems[4] == "is no JSON object"
    assert "NaN" in problems[5]
    assert "twice" in problems[6]
    assert "nested" in problems[7]


def test_an_object_of_too_many_members_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "t.ndjson", ndjson({f"m{at}": at for at in range(1001)}))
    assert "more than 1000 members" in str(read_all(path))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"only .csv"):
        read_all(write(tmp_path / "t.pdf", "%PDF"))
    with pytest.raises(ImportRefused, match="No such file"):
        read_all(tmp_path / "nothing.csv")
    with pytest.raises(ImportRefused, match=r"no .xlsx file"):
        read_all(write(tmp_path / "t.xlsx", "PK, but no more"))


def book(path: Path, fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> Path:
    """Make a workbook."""
    made = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", **options})
    fill(made)
    made.close()
    return path


def test_a_sheet_gives_numbers_dates_and_texts_as_people_read_them(tmp_path: Path) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        clock = made.add_format({"num_format": "[h]:mm:ss"})
        bold = made.add_format({"bold": True})
        sheet.write_row(
            0, 0, ["text", "number", "share", "on", "at", "length", "yes", "sum", "rich"]
        )
        sheet.write_row(2, 0, ["Сталкер", 1979, 0.5])
        sheet.write_datetime(2, 3, dt.datetime(2021, 9, 24))  # noqa: DTZ001  # of no zone
        sheet.write_datetime(2, 4, dt.datetime(2021, 9, 24, 18, 30))  # noqa: DTZ001
        sheet.write_number(2, 5, 163 / 1440, clock)
        sheet.write_boolean(2, 6, True)  # noqa: FBT003
        sheet.write_formula(2, 7, "=1/0", value="#DIV/0!")
        sheet.write_rich_string(2, 8, "so ", bold, "bold")

    found = read_all(book(tmp_path / "t.xlsx", fill))
    assert found == [
        Row(
            3,
            {
                "text": "Сталкер",
                "number": "1979",
                "share": "0.5",
                "on": "2021-09-24",
                "at": "2021-09-24 18:30:00",
                "length": "2:43:00",
                "yes": "true",
                "sum": "#DIV/0!",
                "rich": "so bold",
            },
        )
    ]
    assert isinstance(found[0], Row)
    assert isinstance(found[0].cells["sum"], CellError)


@pytest.mark.parametrize("in_memory", [True, False])
def test_texts_are_read_shared_or_inline(tmp_path: Path, in_memory: bool) -> None:  # noqa: FBT001
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["one\ntwo", "\x07bell"])

    path = book(tmp_path / "t.xlsx", fill, constant_memory=in_memory)
    assert read_all(path) == [Row(2, {"a": "one\ntwo", "b": "\x07bell"})]


def test_dates_since_1904_are_told_apart(tmp_path: Path) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "on")
        sheet.write_datetime(1, 0, dt.datetime(2021, 9, 24))  # noqa: DTZ001

    assert read_all(book(tmp_path / "t.xlsx", fill, date_1904=True)) == [
        Row(2, {"on": "2021-09-24"})
    ]


def test_the_first_sheet_that_shows_is_read_or_the_one_named(tmp_path: Path) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        for name in ("notes", "films", "series"):
            sheet = made.add_worksheet(name)
            sheet.write_column(0, 0, ["title", name])
        made.get_worksheet_by_name("films").activate()
        made.get_worksheet_by_name("notes").hide()

    path = book(tmp_path / "t.xlsx", fill)
    assert read_all(path) == [Row(2, {"title": "films"})]
    assert read_all(path, sheet="series") == [Row(2, {"title": "series"})]
    with pytest.raises(ImportRefused, match="there are: films, series, notes"):
        read_all(path, sheet="people")
    with pytest.raises(ImportRefused, match="no header row"):
        read_all(path, header_row=9)


def damaged(path: Path, **parts: str | None) -> Path:
    """Make a small workbook in which some parts are others."""
    book(path, lambda made: made.add_worksheet().write_column(0, 0, ["title", "Stalker"]))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            new = parts.get(name.rpartition("/")[2].partition(".")[0], data)
            if new is not None:
                archive.writestr(name, new)
    return path


def sheet_of(rows: str, begin: str = "") -> str:
    """Give the XML of a sheet."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'{begin}<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'


HEADER = '<row r="1"><c r="A1" t="str"><v>title</v></c></row>'


def test_a_damaged_sheet_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    row = '<row r="2"><c t="str"><v>Stalker</v></c></row>'
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + row + "<row><c></row>"))
    assert read_all(path)[:1] == [Row(2, {"title": "Stalker"})]
    assert "damaged" in str(read_all(path)[1])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('<row r="2"><c r="A2" t="s"><v>99</v></c></row>', "text 99"),
        ('<row r="2"><c r="A2" t="s"><v>-1</v></c></row>', "text -1"),
        ('<row r="2"><c r="A2"><v>twelve</v></c></row>', "twelve"),
        ('<row r="2"><c r="A2"><v>1E+300</v></c></row>', "1e+300"),
        ('<row r="2"><c r="A2" t="d"><v>2021-09-24T00:00:00</v></c></row>', "2021-09-24"),
        ('<row r="99999999999"><c><v>1</v></c></row>', "1"),
    ],
)
def test_odd_cells_are_read_or_in_error(tmp_path: Path, row: str, found: str) -> None:
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + row))
    assert read_all(path) == [Row(2, {"title": found})]


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="XFD2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="22"><v>1</v></c></row>',
        f'<row r="2"><c r="A2" t="str"><v>{"x" * 1_000_001}</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c></row>',
    ],
)
def test_cells_beyond_any_measure_refuse_their_row(tmp_path: Path, row: str) -> None:
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + row))
    assert [type(found) for found in read_all(path)] == [UnreadableRow]


def test_a_sheet_of_one_cell_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="ALL1048576"><v>1</v></c></row>'
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + far))
    assert [row.number for row in read_all(path)] == [1048576]


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER, begin=bomb))
    with pytest.raises(ImportRefused, match="no spreadsheet program writes"):
        read_all(path)


def test_an_endless_token_is_refused(tmp_path: Path) -> None:
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(f'<row r="{"1" * 3_000_000}"/>'))
    with pytest.raises(ImportRefused, match="no spreadsheet program writes"):
        read_all(path)


def test_phonetic_readings_are_no_part_of_a_text(tmp_path: Path) -> None:
    phonetic = '<rPh sb="0" eb="1"><t>ほうらい</t></rPh>'
    text = f'<row r="2"><c t="inlineStr"><is><t>蓬莱</t>{phonetic}</is></c></row>'
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + text))
    assert read_all(path) == [Row(2, {"title": "蓬莱"})]
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = f"<si><t>title</t></si><si><t>蓬莱</t>{phonetic}</si>"
    path = damaged(tmp_path / "t.xlsx", sharedStrings=f'<sst xmlns="{namespace}">{shared}</sst>')
    assert read_all(path) == [Row(2, {"title": "蓬莱"})]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"workbook": "<no"}, "damaged"),
        ({"workbook": None}, r"no .xlsx workbook"),
        ({"workbook": "<workbook/>"}, "no worksheet"),
        ({"sheet1": None}, "no worksheet"),
        ({"sheet1": sheet_of("")}, "no header row"),
        ({"sheet1": sheet_of('<row r="3"/>')}, "Row 1 of the sheet 'Sheet1' is empty"),
    ],
)
def test_a_workbook_without_what_it_needs_is_refused(
    tmp_path: Path, parts: dict[str, str | None], message: str
) -> None:
    with pytest.raises(ImportRefused, match=message):
        read_all(damaged(tmp_path / "t.xlsx", **parts))


@pytest.mark.slow
def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(workbooks.MAX_UNPACKED // 2**26 + 1):
            part.write(b" " * 2**26)
    assert path.stat().st_size < 10 * 2**20
    with pytest.raises(ImportRefused, match="more than 2 GiB"):
        read_all(path)


def test_a_workbook_that_lies_about_its_size_is_cut_there(tmp_path: Path) -> None:
    path = damaged(tmp_path / "t.xlsx", sheet1=sheet_of(HEADER + "<row/>" * 100_000))
    content = bytearray(path.read_bytes())
    name = b"xl/worksheets/sheet1.xml"
    entry = content.rindex(name) - 46
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(ImportRefused, match="damaged"):
        read_all(write(path, bytes(content)))


@pytest.mark.parametrize("place", [("A1", 0), ("Z9", 25), ("AA10", 26), ("XFD1", 16383)])
def test_addresses_of_cells_are_read(place: tuple[str, int]) -> None:
    assert column_of(place[0]) == place[1]


@pytest.mark.parametrize("place", ["", "1", "ABCD1", "a1", "É1"])
def test_what_is_no_address_has_no_column(place: str) -> None:
    assert column_of(place) == -1


def as_read_here(value: object) -> str:
    """Write a cell of python-calamine's as a cell of ours."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.time):
        return str(value).removeprefix("0")
    return str(value).removesuffix(" 00:00:00")


@pytest.mark.parametrize("path", AVAILS, ids=lambda path: path.name)
def test_real_workbooks_read_as_python_calamine_reads_them(path: Path) -> None:
    theirs = CalamineWorkbook.from_path(path)
    with zipfile.ZipFile(path) as archive:
        workbook = Workbook(archive)
        assert list(workbook.sheets) == theirs.sheet_names
        for name, part in workbook.sheets.items():
            ours = dict(Sheet(workbook, part).rows())
            rows = theirs.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for number, row in enumerate(rows, start=1):
                values = ours.get(number, [])
                values += [""] * (len(row) - len(values))
                assert values == [as_read_here(value) for value in row], (name, number)
