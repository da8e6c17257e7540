"""What can't be is left out and told, row by row and field by field; the rest makes a title."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.partners.imports.findings import Done, Finding, Matter
from tests.imports import csv_text, judged, ndjson, write

HEADER = [
    "reference", "kind", "stage", "original_title", "original_language", "year", "runtime_minutes",
    "seasons", "countries", "genres", "eidr", "isan", "title_en", "synopsis_en",
]  # fmt: skip
GOOD = dict(
    zip(
        HEADER,
        ["s1", "Series", "", "Сталкер", "ru", "1979", "163", "", "SU;ru", "Science fiction;drama",
         "", "", "Stalker", "A guide leads two men."],
        strict=True,
    )
)  # fmt: skip


def row_of(**cells: str) -> list[str]:
    """Give a good row, but for some cells."""
    return list((GOOD | cells).values())


def file_of(tmp_path: Path, *rows: list[str]) -> Path:
    return write(tmp_path / "titles.csv", csv_text(HEADER, *rows))


def brief(finding: Finding) -> tuple[str, str, Matter, Done]:
    return finding.field, finding.value, finding.matter, finding.done


def test_a_good_row_makes_a_title_and_nothing_is_told(tmp_path: Path) -> None:
    (candidate,), findings = judged(file_of(tmp_path, row_of()))
    assert findings == []
    assert (candidate.row, candidate.reference) == (2, "s1")
    title = candidate.title.model_dump(mode="json", exclude_unset=True)
    assert title == {
        "reference": "s1",
        "kind": "series",
        "stage": "completed",
        "original_title": "Сталкер",
        "original_language": "ru",
        "year": 1979,
        "runtime_minutes": 163,
        "seasons": None,
        "countries": ["SU", "RU"],
        "genres": ["science_fiction", "drama"],
        "eidr": None,
        "isan": None,
        "texts": {"en": {"title": "Stalker", "synopsis": "A guide leads two men."}},
    }


@pytest.mark.parametrize(
    ("cells", "told", "left"),
    [
        ({"year": "1492"}, ("year", "1492", Matter.IMPOSSIBLE), {"year": None}),
        ({"year": "soon"}, ("year", "soon", Matter.IMPOSSIBLE), {"year": None}),
        ({"runtime_minutes": "0"}, ("runtime_minutes", "0", Matter.IMPOSSIBLE),
         {"runtime_minutes": None}),
        ({"stage": "half done"}, ("stage", "half done", Matter.UNKNOWN), {"stage": "completed"}),
        ({"original_language": "Russian"}, ("original_language", "Russian", Matter.UNKNOWN),
         {"original_language": None}),
        ({"countries": "SU;Narnia;KZ"}, ("countries", "Narnia", Matter.UNKNOWN),
         {"countries": ["SU", "KZ"]}),
        ({"genres": "drama;Dramas"}, ("genres", "Dramas", Matter.UNKNOWN), {"genres": ["drama"]}),
        ({"eidr": "10.5240/7791-8534-2C23-9030-8610-6"},
         ("eidr", "10.5240/7791-8534-2C23-9030-8610-6", Matter.IMPOSSIBLE), {"eidr": None}),
        ({"isan": "1"}, ("isan", "1", Matter.IMPOSSIBLE), {"isan": None}),
        ({"kind": "feature", "seasons": "2"}, ("seasons", "2", Matter.IMPOSSIBLE),
         {"seasons": None}),
        ({"synopsis_en": "x" * 10_001}, ("texts.en.synopsis", "x" * 10_001, Matter.TOO_LONG),
         {"texts": {"en": {"title": "Stalker"}}}),
        ({"title_en": ""}, ("texts.en.title", "", Matter.MISSING), {"texts": {}}),
        ({"title_en": "x" * 501}, ("texts.en.title", "x" * 501, Matter.TOO_LONG), {"texts": {}}),
    ],
)  # fmt: skip
def test_an_optional_value_that_cannot_be_is_left_out_and_told(
    tmp_path: Path, cells: dict[str, str], told: tuple[str, str, Matter], left: dict[str, Any]
) -> None:
    (candidate,), findings = judged(file_of(tmp_path, row_of(**cells)))
    assert [brief(finding) for finding in findings] == [(*told, Done.LEFT_OUT)]
    assert all(finding.row == 2 and finding.reference == "s1" for finding in findings)
    title = candidate.title.model_dump(mode="json", exclude_unset=True)
    assert {name: title[name] for name in left} == left


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"reference": " "}, ("reference", "", Matter.MISSING)),
        ({"reference": "x" * 201}, ("reference", "x" * 201, Matter.TOO_LONG)),
        ({"kind": ""}, ("kind", "", Matter.MISSING)),
        ({"kind": "opera"}, ("kind", "opera", Matter.UNKNOWN)),
        ({"original_title": ""}, ("original_title", "", Matter.MISSING)),
        ({"original_title": "x" * 501}, ("original_title", "x" * 501, Matter.TOO_LONG)),
        ({"original_title": "a\x00b"}, ("original_title", "a\x00b", Matter.IMPOSSIBLE)),
    ],
)
def test_a_row_without_what_every_title_needs_is_refused(
    tmp_path: Path, cells: dict[str, str], told: tuple[str, str, Matter]
) -> None:
    candidates, findings = judged(file_of(tmp_path, row_of(**cells), row_of(reference="s2")))
    assert [candidate.reference for candidate in candidates] == ["s2"]
    assert brief(findings[0])[:3] == told
    assert findings[-1].done is Done.ROW_REFUSED
    assert {finding.row for finding in findings} == {2}


def test_a_sheet_may_hold_what_is_no_text(tmp_path: Path) -> None:
    objects = [{"reference": "1", "kind": "short", "original_title": "A\ud800"}]
    candidates, findings = judged(write(tmp_path / "t.ndjson", json.dumps(objects[0])))
    assert candidates == []
    assert findings[0].problem == "is not in the encoding the file was read by"


def test_everything_wrong_in_a_row_is_told(tmp_path: Path) -> None:
    bad = row_of(year="1", runtime_minutes="-", countries="XX;YY", genres="?")
    worse = row_of(reference="s2", title_en="", synopsis_en="x" * 10_001)
    (candidate, other), findings = judged(file_of(tmp_path, bad, worse))
    assert sorted(found.value for found in findings if found.row == 2) == [
        "-",
        "1",
        "?",
        "XX",
        "YY",
    ]
    assert [found.field for found in findings if found.row == 3] == [
        "texts.en.title",
        "texts.en.synopsis",
    ]
    assert candidate.title.countries == []
    assert other.title.texts == {}


def test_bytes_of_another_encoding_are_told_where_they_are(tmp_path: Path) -> None:
    text = csv_text(HEADER, row_of(synopsis_en="CAF"), row_of(reference="s2", year="1980"))
    path = write(tmp_path / "t.csv", text.encode().replace(b"CAF", b"caf\xe9"))
    candidates, findings = judged(path)
    assert len(candidates) == 2
    assert [(finding.field, finding.problem) for finding in findings] == [
        ("texts.en.synopsis", "is not in the encoding the file was read by")
    ]


def test_a_reference_used_twice_refuses_the_later_row(tmp_path: Path) -> None:
    rows = [row_of(), row_of(original_title="Solaris"), row_of(reference="s3", original_title="X")]
    candidates, findings = judged(file_of(tmp_path, *rows))
    assert [candidate.row for candidate in candidates] == [2, 4]
    assert [(found.row, found.problem) for found in findings] == [(3, "is the reference of row 2")]


def test_rows_that_look_alike_go_in_and_are_told(tmp_path: Path) -> None:
    rows = [row_of(), row_of(reference="s2", original_title="СТАЛКЕР!"), row_of(reference="s3")]
    candidates, findings = judged(file_of(tmp_path, *rows))
    assert len(candidates) == 3
    assert [brief(found)[2:] for found in findings] == [(Matter.LOOKALIKE, Done.TAKEN)] * 2


def test_a_duplicate_is_found_across_batches(tmp_path: Path) -> None:
    rows = [row_of(reference=f"s{at}", original_title=f"Film {at}") for at in range(2500)]
    candidates, findings = judged(file_of(tmp_path, *rows, rows[0]))
    assert len(candidates) == 2500
    assert [(found.row, found.problem) for found in findings] == [
        (2502, "is the reference of row 2")
    ]


def test_a_row_that_cannot_be_read_is_refused_among_the_others(tmp_path: Path) -> None:
    path = file_of(tmp_path, row_of(), ["only one cell"], row_of(reference="s3"))
    candidates, findings = judged(path)
    assert [candidate.row for candidate in candidates] == [2, 4]
    assert [brief(finding) for finding in findings if finding.matter is Matter.UNREADABLE] == [
        ("", "only one cell", Matter.UNREADABLE, Done.ROW_REFUSED)
    ]


def test_a_column_that_no_field_takes_is_told_once(tmp_path: Path) -> None:
    header = ["reference", "kind", "original_title", "rating", "seen"]
    rows = [["1", "feature", "A", "PG", "x"], ["2", "feature", "B", "R", "y"]]
    path = write(tmp_path / "t.csv", csv_text(header, *rows))
    _, findings = judged(path)
    assert [(found.row, found.field) for found in findings] == [(0, "rating"), (0, "seen")]
    said = {"fields": {name: name for name in header[:3]}, "ignore": ["rating", "seen"]}
    assert judged(path, said)[1] == []


def test_people_named_twice_are_taken_once_and_told(tmp_path: Path) -> None:
    header = ["reference", "kind", "original_title", "director", "cast"]
    cast = "Ann;Bob;Ann"
    path = write(tmp_path / "t.csv", csv_text(header, ["1", "short", "A", "Ann", cast]))
    (candidate,), findings = judged(path)
    assert [(each.role, each.name) for each in candidate.title.credits][:3] == [
        ("director", "Ann"),
        ("cast", "Ann"),
        ("cast", "Bob"),
    ]
    assert [(found.matter, found.done) for found in findings] == [(Matter.REPEATED, Done.LEFT_OUT)]


def test_a_sentence_among_the_names_is_taken_and_told(tmp_path: Path) -> None:
    header = ["reference", "kind", "original_title", "cast", "production_company"]
    long = "This documentary follows the plight of 18 whales kept in captivity for years."
    path = write(tmp_path / "t.csv", csv_text(header, ["1", "short", "A", long, long]))
    (candidate,), findings = judged(path)
    assert len(candidate.title.credits) == 2
    assert [(found.matter, found.done) for found in findings] == [(Matter.SUSPICIOUS, Done.TAKEN)]


def test_more_people_than_are_kept_are_told(tmp_path: Path) -> None:
    cast = ";".join(f"Extra {number}" for number in range(600))
    header = ["reference", "kind", "original_title", "cast"]
    path = write(tmp_path / "t.csv", csv_text(header, ["1", "short", "A", cast]))
    (candidate,), findings = judged(path)
    assert len(candidate.title.credits) == 500
    assert findings[0].problem == "has 600 entries: the first 500 stay"


def test_people_and_awards_are_read_by_patterns(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "fields": {
            "reference": "id",
            "kind": {"value": "feature"},
            "original_title": "title",
            "awards": {
                "column": "won",
                "split": ";",
                "pattern": ["{name} {year}: {category} ({result})", "{name} ({result})"],
            },
            "financing.budget.amount": "budget",
            "financing.budget.currency": {"value": "USD"},
            "financing.note": "note",
            "stage": {"value": "financing"},
        },
        "credits": [
            {"role": "cast", "column": "cast", "split": ",",
             "pattern": ["{value} as {character}", "{value}"]},
            {"role": "writer", "column": "by", "split": ["&"]},
        ],
    }  # fmt: skip
    header = ["id", "title", "won", "cast", "by", "budget", "note"]
    rows = [
        ["1", "A", "Golden Goblet 2019: Best film (won);Silk Road (selected);Oscars (lost)",
         '"Ann as Queen, Bob"', "Cy & Di", "12500.5", ""],
        ["2", "B", "", "", "", "a lot", "half is there"],
    ]  # fmt: skip
    (first, second), findings = judged(write(tmp_path / "t.csv", csv_text(header, *rows)), said)
    made = first.title.model_dump(mode="json", exclude_none=True)
    assert made["awards"] == [
        {"name": "Golden Goblet", "category": "Best film", "year": 2019, "result": "won"},
        {"name": "Silk Road", "result": "selected"},
    ]
    assert made["credits"] == [
        {"role": "cast", "name": "Ann", "character": "Queen"},
        {"role": "cast", "name": "Bob"},
        {"role": "writer", "name": "Cy"},
        {"role": "writer", "name": "Di"},
    ]
    assert made["financing"] == {"budget": {"amount": "12500.50", "currency": "USD"}}
    assert second.title.model_dump(mode="json", exclude_none=True)["financing"] == {
        "note": "half is there"
    }
    assert [(found.row, found.field) for found in findings] == [
        (2, "awards.result"),
        (3, "financing.budget.amount"),
    ]


def test_objects_of_ndjson_may_be_titles_as_the_api_takes_them(tmp_path: Path) -> None:
    title = {
        "reference": "s1",
        "kind": "feature",
        "original_title": "Сталкер",
        "year": 1979,
        "countries": ["SU"],
        "credits": [{"role": "director", "name": "Андрей Тарковский"}],
        "texts": {"zh": {"title": "潜行者"}},
        "awards": [{"name": "Cannes", "result": "won", "year": 1980}],
    }
    (candidate,), findings = judged(write(tmp_path / "t.ndjson", ndjson(title)))
    assert findings == []
    assert candidate.title.model_dump(mode="json", exclude_unset=True) == title


def test_objects_of_ndjson_differ_in_their_members(tmp_path: Path) -> None:
    objects = [
        {"reference": "1", "kind": "short", "original_title": "A", "rating": "R", "year": None},
        {"reference": 2, "kind": "short", "original_title": "B", "rating": "R", "year": "1979"},
        {"reference": "3", "original_title": "C"},
        {"reference": "4", "kind": ["short"], "original_title": "D", "year": True, "texts": 4},
        {"reference": "5", "kind": "short", "original_title": "E", "texts": {"en": {"title": 5}}},
        {"reference": "6", "kind": "short", "original_title": "F", "texts": {"xxxxx": {}}},
        {"reference": "7", "kind": "short", "original_title": "G", "credits": [{"a\x00": 1}]},
        {"reference": "8", "kind": "short", "original_title": "H",
         "credits": [{"role": "cast", "name": "Ann", "age": 9}]},
    ]  # fmt: skip
    path = write(tmp_path / "t.ndjson", ndjson(*objects))
    candidates, findings = judged(path)
    assert [candidate.reference for candidate in candidates] == ["1", "2", "4", "5", "6", "8"]
    assert [(found.row, found.field, found.done) for found in findings] == [
        (1, "rating", Done.LEFT_OUT),
        (3, "kind", Done.ROW_REFUSED),
        (4, "year", Done.LEFT_OUT),
        (4, "texts", Done.LEFT_OUT),
        (5, "texts.en.title", Done.LEFT_OUT),
        (6, "texts.xxxxx", Done.LEFT_OUT),
        (6, "texts.xxxxx.title", Done.LEFT_OUT),
        (7, "", Done.ROW_REFUSED),
        (8, "credits.age", Done.LEFT_OUT),
    ]


def test_members_that_a_mapping_names_and_no_object_has_are_told(tmp_path: Path) -> None:
    said = {
        "fields": {"reference": "id", "kind": {"value": "short"}, "original_title": "name",
                   "year": "made"},
    }  # fmt: skip
    path = write(tmp_path / "t.ndjson", ndjson({"id": 1, "name": "A"}, {"id": 2, "name": "B"}))
    candidates, findings = judged(path, said)
    assert len(candidates) == 2
    assert [(found.row, found.field) for found in findings] == [(0, "made")]


@pytest.mark.parametrize("many", [1, 150])
def test_objects_of_ever_new_members_take_no_memory(tmp_path: Path, many: int) -> None:
    objects = [
        {"reference": str(at), "kind": "short", "original_title": f"T{at}", f"m{at}": at}
        for at in range(many)
    ]
    candidates, findings = judged(write(tmp_path / "t.ndjson", ndjson(*objects)))
    assert len(candidates) == len(findings) == many
