"""A mapping that can't be used is told so, fault by fault, before the first row is read."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.catalogue.schemas import TitleIn
from app.models.vocabulary import CreditRole, Genre, Kind, Sought, Stage
from app.partners.imports.by_name import mapping_by_name
from app.partners.imports.fields import FIELDS
from app.partners.imports.mapping import FileSaid, Mapping, Rule, load_mapping, read_mapping
from app.partners.imports.names import built_in
from app.partners.imports.plans import compile_plan
from app.partners.imports.rows import FileOptions, ImportRefused
from tests.imports import EXAMPLES, write

COLUMNS = ["ref", "type", "title", "length", "people"]
MUST = {"reference": "ref", "kind": "type", "original_title": "title"}


def refusal(said: dict[str, Any], columns: list[str] | None = COLUMNS) -> str:
    """Give what is said of a mapping that can't be used."""
    with pytest.raises(ImportRefused) as refused:
        compile_plan(read_mapping(said), columns)
    return str(refused.value)


def with_field(name: str, rule: Any) -> dict[str, Any]:
    return {"fields": MUST | {name: rule}}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_a_mapping(path: Path) -> None:
    compile_plan(load_mapping(path), None)


def test_every_field_of_a_title_can_be_filled() -> None:
    assert {name.partition(".")[0] for name in FIELDS} == TitleIn.model_fields.keys()


def test_everything_a_mapping_can_say_is_documented() -> None:
    told = (EXAMPLES.parent / "importing.md").read_text(encoding="utf-8")
    words = [*Rule.model_fields, *Mapping.model_fields, *FileSaid.model_fields, *FIELDS]
    words += [*Kind, *Stage, *Genre, *Sought, *CreditRole, *FIELDS]
    missing = [word for word in words if not re.search(rf"\b{word}\b", told)]
    assert missing == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (with_field("runtme_minutes", "length"), "did you mean runtime_minutes?"),
        (with_field("year", "yeer"), "the file has no column 'yeer'; it has ref, type"),
        (with_field("year", "lenght"), "did you mean 'length'?"),
        (with_field("year", {"value": "{born}"}), "no column 'born'"),
        (with_field("year", {"column": "length", "when": {"sort": "x"}}), "no column 'sort'"),
        (with_field("year", {"colum": "length"}), "no such word (did you mean column?)"),
        (with_field("year", {"column": "length", "value": "x"}), "says both column and value"),
        (with_field("year", {"translate": "x"}), "names no column"),
        (with_field("year", []), "at least 1 item"),
        (with_field("year", {"column": "a", "others": "leave_out"}), "others without translate"),
        (with_field("genres", {"column": "length", "translate": "g"}), "no table [translate.g]"),
        (with_field("genres", {"column": "length", "translate": "@genres.en"}), "always there are"),
        (with_field("genres", {"column": "length", "translate": "@countries.qq"}), "not known in"),
        (with_field("year", {"column": "length", "pattern": "min"}), "has no placeholder"),
        (with_field("year", {"column": "length", "pattern": "{hours} h"}), "{hours} is none of"),
        (with_field("year", {"column": "length", "pattern": "{value}{any}"}), "between two"),
        (with_field("year", {"column": "length", "pattern": "{value} {value}"}), "twice"),
        (
            with_field("genres", {"column": "length", "pattern": "{any}-{any}-{any}-{value}"}),
            "at most 3 placeholders",
        ),
        (
            with_field("genres", {"column": "people", "split": ",", "unsplit": [" Jr."]}),
            "must begin with one of the texts of split",
        ),
        ({"fields": {"kind": "type"}}, "fields.original_title: nothing fills it"),
        ({"fields": MUST, "texts": {"klingonese": {"title": "title"}}}, "BCP 47"),
        ({"fields": MUST, "texts": {"en": {"titel": "title"}}}, "title, logline, synopsis only"),
        ({"fields": MUST, "credits": [{"role": "actor", "column": "people"}]}, "credits.0.role"),
        ({"fields": MUST, "ignore": ["nothing"]}, "ignore: no column 'nothing'"),
        ({"fields": MUST, "file": {"delimiter": ",,"}}, "file.delimiter"),
        ({"fields": MUST, "translate": {"t": {"a": {"note": "x"}}}}, "translate.t.a.to"),
        ({"fields": MUST, "translate": {"t": {"A": "x", "a ": "y"}}}, "twice, but for its case"),
        ({"fields": MUST | {"kind": {"column": "type", "translate": "k"}},
          "translate": {"k": {"a": ["short", "feature"]}}}, "several values where one fits"),
        ({"fields": 3}, "fields: should be a valid dictionary"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mapping_is_told(said: dict[str, Any], fault: str) -> None:
    assert fault in refusal(said)


def test_all_faults_are_told_at_once() -> None:
    told = refusal({"fields": {"kind": "typ", "year": "yeer"}, "ignore": ["x"]})
    assert told.count("\n  - ") == 5


@pytest.mark.parametrize(
    ("content", "fault"),
    [("= 1", "is no TOML"), ("a = 1\n" * 200_000, "larger than"), ("\xff", "is no TOML")],
)
def test_what_is_no_mapping_file_is_refused(tmp_path: Path, content: str, fault: str) -> None:
    with pytest.raises(ImportRefused, match=fault):
        load_mapping(write(tmp_path / "m.toml", content.encode("latin-1")))
    with pytest.raises(ImportRefused, match="can't be opened"):
        load_mapping(tmp_path / "nothing.toml")


def test_what_is_said_at_the_command_line_counts_more() -> None:
    said = read_mapping({"file": {"encoding": "cp1251", "sheet": "films"}})
    assert said.options(sheet="series", encoding=None) == FileOptions("cp1251", None, "series", 1)


def test_columns_that_bear_the_names_of_fields_need_no_mapping() -> None:
    columns = ["Reference", "Kind", "original title", "title_EN", "synopsis_pt-br", "directors"]
    said = mapping_by_name([*columns, "title_xqx", "rating", "awards"], has_json=False)
    assert said.fields.keys() == {"reference", "kind", "original_title"}
    assert said.texts.keys() == {"en", "pt-BR"}
    assert [rule.role for rule in said.credits] == ["director"]
    assert mapping_by_name(["awards"], has_json=True).fields.keys() == {"awards"}


def test_fields_within_fields_may_be_tables() -> None:
    said = read_mapping({"fields": {"financing": {"note": "n", "budget": {"amount": "b"}}}})
    assert said.fields.keys() == {"financing.note", "financing.budget.amount"}
    assert read_mapping({"fields": {"financing": "json"}}).fields.keys() == {"financing"}


def test_names_of_countries_and_languages_are_known_in_many_languages() -> None:
    assert built_in("@countries.en")["uzbekistan"] == "UZ"
    assert built_in("@countries.ru")["казахстан"] == "KZ"
    assert built_in("@countries.zh")["巴基斯坦"] == "PK"
    assert built_in("@languages.en")["kyrgyz"] == "ky"
    assert "world" not in built_in("@countries.en")
