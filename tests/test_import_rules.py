"""The rules that make values of cells, one by one."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.partners.imports.fields import WORDS, number, word
from app.partners.imports.mapping import read_mapping
from app.partners.imports.patterns import compile_pattern, compile_split, minutes_of
from app.partners.imports.plans import compile_plan
from app.partners.imports.rows import CellError, Row
from app.partners.imports.rules import Log, one_line, trimmed
from app.partners.imports.titles import judge

MUST = {"reference": "ref", "kind": {"value": "feature"}, "original_title": {"value": "A title"}}
NONE: frozenset[str] = frozenset()
VALUE = frozenset({"value"})


def read(rule: Any, cells: dict[str, Any], field: str = "keywords", **said: Any) -> list[Any]:
    """Give what a rule makes of a row's cells."""
    mapping = read_mapping({"fields": MUST | {field: rule}, **said})
    plan = compile_plan(mapping, None)
    return next(choice for choice in plan.fields if choice.field == field).read(cells, Log())


def told(rule: Any, cells: dict[str, Any], field: str, **said: Any) -> list[tuple[str, str, str]]:
    """Give field, value and problem of everything that is found in a row."""
    mapping = read_mapping({"fields": MUST | {field: rule}, **said})
    findings = judge(compile_plan(mapping, None), Row(2, {"ref": "1", **cells})).findings
    return [(finding.field, finding.value, finding.problem) for finding in findings]


@pytest.mark.parametrize(
    ("rule", "cells", "values"),
    [
        ("a", {"a": " x "}, ["x"]),
        ("a", {"a": "N/A"}, []),
        ("a", {}, []),
        ("a", {"a": None}, []),
        ("a", {"a": 7}, ["7"]),
        ("a", {"a": ["x", None, "y"]}, ["x", "y"]),
        ({"columns": ["a", "b"]}, {"a": " ", "b": "x"}, ["x"]),
        ({"columns": ["a", "b"]}, {"a": "x", "b": "y"}, ["x"]),
        (["a", {"column": "b", "split": ","}], {"a": "", "b": "x,y"}, ["x", "y"]),
        ({"value": "always"}, {}, ["always"]),
        ({"value": "{a} ({b})"}, {"a": "x", "b": "1"}, ["x (1)"]),
        ({"value": "{a} ({b})"}, {"a": "x", "b": ""}, []),
        ({"column": "a", "default": "none said"}, {"a": ""}, ["none said"]),
        ({"column": "a", "split": [",", ";"]}, {"a": ", x,y ;; z,"}, ["x", "y", "z"]),
        (
            {"column": "a", "split": ",", "unsplit": [", Jr."]},
            {"a": "Louis Gossett,  Jr., Erik,Jr.,X"},
            ["Louis Gossett, Jr.", "Erik,Jr.", "X"],
        ),
        ({"column": "a", "pattern": "about {value}"}, {"a": "About   the steppe"}, ["the steppe"]),
        ({"column": "a", "pattern": "about {value}"}, {"a": "of the steppe"}, []),
        (
            {"column": "a", "split": ",", "translate": "t"},
            {"a": "ONE,two, three "},
            ["1", "3", "4"],
        ),
        (
            {"column": "a", "split": ",", "translate": "t", "others": "leave_out"},
            {"a": "one,four"},
            ["1"],
        ),
        ({"column": "a", "translate": ["t", "@languages.en"]}, {"a": "Tajik"}, ["tg"]),
        ({"column": "a", "translate": "t", "pattern": "{value}"}, {"a": [True]}, [True]),
        ({"column": "a", "pattern": "{value}"}, {"a": "x" * 301}, []),
        ({"column": "a", "pattern": "x{value}", "when": {"b": "1"}}, {"a": "xy", "b": 1}, ["y"]),
        ({"column": "a", "when": {"b": ["X", "y"]}}, {"a": "1", "b": "x"}, ["1"]),
        ({"column": "a", "when": {"b": ["X", "y"]}}, {"a": "1", "b": "z"}, []),
    ],
)
def test_a_rule_reads(rule: Any, cells: dict[str, Any], values: list[Any]) -> None:
    table = {"One": "1", "two": [], "three": ["3", 4]}
    assert read(rule, cells, empty=["N/A"], translate={"t": table}) == values


@pytest.mark.parametrize(
    ("pattern", "text", "minutes"),
    [
        ("{value} min", "90 min", 90),
        ("{value} min", "90   MIN", 90),
        ("{value} min", "90min", None),
        ("{hours} h {minutes} min", "1 h 52 min", 112),
        ("{hours}:{minutes}:{seconds}", "1:56:20", 116),
        ("{minutes}'{seconds}", "0'40", 1),
        ("{seconds} s", "5400 s", 90),
        ("{value}", "-5", None),
    ],
)
def test_durations_are_read(pattern: str, text: str, minutes: int | None) -> None:
    rule = {"column": "a", "pattern": pattern}
    found = read(rule, {"a": text}, field="runtime_minutes")
    assert [number(value) for value in found] == ([] if minutes is None else [minutes])


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_minutes_are_rounded(hours: int, minutes: int, seconds: int) -> None:
    whole = minutes_of({"hours": str(hours), "minutes": str(minutes), "seconds": str(seconds)})
    exact = hours * 60 + minutes + seconds / 60
    assert abs(whole - exact) <= 0.5 or (whole == 1 and 0 < exact < 1)


def test_a_text_that_no_pattern_fits_is_told_unless_another_field_takes_it() -> None:
    said: dict[str, Any] = {"column": "a", "pattern": "{value} min"}
    others = {"seasons": {"column": "a", "pattern": "{value} Seasons"}, "kind": {"value": "series"}}
    for text, found in (("90 min", []), ("2 Seasons", []), ("two", ["two"]), ("", [])):
        mapping = read_mapping({"fields": {**MUST, "runtime_minutes": said, **others}})
        findings = judge(compile_plan(mapping, None), Row(2, {"ref": "1", "a": text})).findings
        assert [finding.value for finding in findings] == found
    assert told(said, {"a": "two"}, "runtime_minutes", ignore=["a"]) == []


def test_a_text_left_by_a_condition_is_told_unless_another_rule_takes_it() -> None:
    rule = {"column": "a", "when": {"b": "film"}}
    assert told(rule, {"a": "90", "b": "film"}, "runtime_minutes") == []
    assert told(rule, {"a": "90", "b": "series"}, "runtime_minutes") == [
        ("runtime_minutes", "90", "in column a fits no rule of runtime_minutes")
    ]
    rules = [rule, {"column": "a", "when": {"b": "series"}}]
    assert told(rules, {"a": "90", "b": "series"}, "runtime_minutes") == []


def test_a_cell_in_error_or_with_a_nul_is_told() -> None:
    assert told("a", {"a": CellError("#REF!")}, "year") == [
        ("year", "#REF!", "the cell of a is in error")
    ]
    assert told("a", {"a": "19\x0079"}, "year") == [
        ("year", "19\x0079", "holds the character U+0000")
    ]


def test_a_note_of_the_mapping_is_told() -> None:
    table = {"t": {"West Germany": {"to": "DE", "note": "so it was coded"}}}
    rule = {"column": "a", "split": ",", "translate": "t"}
    assert told(rule, {"a": "France,West Germany"}, "countries", translate=table)[0] == (
        "countries",
        "West Germany",
        "taken as DE: so it was coded",
    )


def test_several_values_where_one_fits_are_told() -> None:
    rule = {"column": "a", "split": "/"}
    assert told(rule, {"a": "1979/1979"}, "year") == []
    assert told(rule, {"a": "1979/1980"}, "year") == [
        ("year", "1979 | 1980", "holds one value only")
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a \t b\r\nc ", "a b c"),
        ("\u200b\u200bGoli Soda 2\ufeff ", "Goli Soda 2"),
        ("Fary\u00a0: Hexagone", "Fary\u00a0: Hexagone"),
        ("می\u200cشود", "می\u200cشود"),
        ("\u200b", ""),
    ],
)
def test_white_space_is_put_in_order(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text())
def test_a_text_in_order_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert "\n" not in line
    assert not line[:1].isspace()
    assert not line[-1:].isspace()
    assert "".join(line.split()) in "".join(trimmed(text).split())


@given(st.lists(st.text(st.characters(exclude_characters=",\x00"), max_size=8), max_size=6))
def test_what_is_joined_is_split_again(pieces: list[str]) -> None:
    rule = {"column": "a", "split": ","}
    found = read(rule, {"a": ",".join(pieces)})
    assert found == [line for piece in pieces if (line := one_line(piece))]


PATTERNS = ["{value}", "{value} min", "a{value}b", "{any}-{value}"]


@given(st.text(max_size=40), st.sampled_from(PATTERNS))
def test_a_pattern_takes_what_stands_in_its_place(text: str, pattern: str) -> None:
    line = one_line(text)
    if found := compile_pattern(pattern, NONE, VALUE).fullmatch(line):
        literals = [part.strip() for part in re.split(r"\{\w+\}", pattern)]
        assert found["value"] in line
        assert all(part.casefold() in line.casefold() for part in literals)


@given(st.integers(0, 10**9 - 1), st.sampled_from(["{value} Seasons", "Vol. {value}", "({value})"]))
def test_a_number_is_found_in_its_pattern(value: int, pattern: str) -> None:
    text = pattern.replace("{value}", str(value))
    found = compile_pattern(pattern, VALUE, NONE).fullmatch(text)
    assert found is not None
    assert number(found["value"]) == value


def test_no_pattern_takes_for_ever() -> None:
    hard = compile_pattern(
        "{name}a{category}a{result}b", NONE, frozenset({"name", "category", "result"})
    )
    began = time.perf_counter()
    assert hard.fullmatch("a" * 300) is None
    assert time.perf_counter() - began < 2


def test_what_shall_not_be_split_is_taken_literally() -> None:
    assert compile_split(["|"], ["| (x)"]).split("a| (x)|b") == ["a| (x)", "b"]


@pytest.mark.parametrize(
    ("text", "read"),
    [("1979", 1979), ("1979.0", 1979), ("١٩٧٩", 1979), ("1979.5", "1979.5"), ("-3", "-3"),
     ("1e3", "1e3"), ("", ""), ("9" * 40, "9" * 40), ("²", "²")],
)  # fmt: skip
def test_numbers_are_whole_or_stay_texts(text: str, read: int | str) -> None:
    assert number(text) == read


def test_the_markets_words_may_be_spelled_freely() -> None:
    assert word("Science-Fiction", WORDS["genres"]) == "science_fiction"
    assert word("Stand Up", WORDS["genres"]) == "stand_up"
    assert word("Stand-Upp", WORDS["genres"]) == "Stand-Upp"
