"""The short way from a row to a title leads where the long way leads."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.partners.imports.files import open_file
from app.partners.imports.mapping import load_mapping, read_mapping
from app.partners.imports.plain import Judge
from app.partners.imports.plans import Plan, compile_plan
from app.partners.imports.rows import CellError, Row
from app.partners.imports.titles import Judged, judge
from tests.imports import EXAMPLES, real_file

PLAN = compile_plan(
    read_mapping(
        {
            "fields": {
                "reference": "ref",
                "kind": ["kind", {"value": "feature"}],
                "stage": "stage",
                "original_title": "title",
                "year": "year",
                "runtime_minutes": {"columns": ["long", "note"], "pattern": "{value} min"},
                "seasons": {"column": "long", "pattern": "{value} Seasons"},
                "season_number": "season",
                "countries": {"column": "where", "split": ",", "translate": "countries"},
                "keywords": {"column": "note", "when": {"kind": "series"}, "split": ";"},
                "seeks": "seeks",
            },
            "texts": {"en": {"title": "english", "synopsis": "note"}},
            "credits": [
                {"role": "director", "column": "who", "split": ","},
                {"role": "cast", "column": "cast", "pattern": ["{value} as {character}"]},
            ],
            "translate": {"countries": {"West Germany": {"to": "DE", "note": "is no more"}}},
            "empty": ["-"],
        }
    ),
    None,
)
OFTEN: list[Any] = [
    None,
    "",
    "-",
    " two  words ",
    "x" * 201,
    "x" * 501,
    "two\nlines",
    "a\x00b",
    "a\ud800",
    "\u200bfilm\ufeff",
    "0",
    "1",
]
CELLS: dict[str, list[Any]] = {
    "ref": ["s1", "s2", " s3 "],
    "kind": ["feature", "Series", "season", "project", "opera"],
    "stage": ["completed", "In development"],
    "title": ["Сталкер", "Stalker\u00a0 2"],
    "year": ["1979", "1979.0", 1979, 1979.0, True, "1492"],
    "long": ["90 min", "2 Seasons", "0 min", "two hours"],
    "season": ["0", "7"],
    "where": ["SU,KZ", "SU,SU", "West Germany", "Narnia"],
    "note": ["one; two", "45 min", CellError("#REF!")],
    "seeks": ["financing", "pre_sale"],
    "english": ["Stalker"],
    "who": ["Andrei Tarkovsky", "A, B", "A, A", "N" * 61],
    "cast": ["Natasha as Ama", "Natasha"],
}
rows = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([*said, *OFTEN]) for name, said in CELLS.items()}
)


def same(short: Judged, long: Judged) -> bool:
    """Tell whether two judgements are one, to the members that were given and their order."""
    if short != long or short.candidate is None or long.candidate is None:
        return short == long
    one, other = short.candidate.title, long.candidate.title
    return (
        one.model_dump_json() == other.model_dump_json()
        and list(one.__dict__) == list(other.__dict__)
        and one.model_fields_set == other.model_fields_set
    )


@given(st.lists(rows, min_size=1, max_size=4))
@settings(deadline=None, max_examples=400)
def test_whatever_a_row_holds_the_short_way_finds_what_the_long_way_finds(
    given_rows: list[dict[str, Any]],
) -> None:
    judges = Judge(PLAN)
    # Twice: what is remembered is what was found
    for cells in given_rows * 2:
        row = Row(2, cells)
        assert same(judges.judge(row), judge(PLAN, row))


def test_what_is_alike_to_a_dictionary_is_not_taken_for_another() -> None:
    judges = Judge(PLAN)
    for year in (1, "1", 1.0, True, 1979, "1979", 1979.0):
        row = Row(2, {"ref": "s1", "title": "Stalker", "year": year})
        assert same(judges.judge(row), judge(PLAN, row))


@pytest.mark.parametrize("name", ["netflix_titles", "sco_titles"])
def test_real_files_make_the_same_titles_either_way(name: str) -> None:
    mapping = load_mapping(EXAMPLES / f"{name}.toml")
    with open_file(real_file(f"titles/{name}.csv"), mapping.options()) as source:
        plan: Plan = compile_plan(mapping, source.columns)
        judges = Judge(plan)
        read = [row for row in source.rows() if isinstance(row, Row)][:2000]
    assert read
    assert all(same(judges.judge(row), judge(plan, row)) for row in read)


def test_what_was_remembered_is_let_go_and_found_again() -> None:
    judges = Judge(PLAN)
    for number in range(2**14 + 10):
        judged = judges.judge(Row(number, {"ref": f"s{number}", "title": "Stalker"}))
        assert judged.candidate is not None
        assert judged.candidate.reference == f"s{number}"
