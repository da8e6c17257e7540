"""The values a title is described by: the forms they are met in, and the one they are kept in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue import examples
from app.catalogue.answers import Facets, TitleItem, TitleOut
from app.catalogue.indexing import languages_of
from app.catalogue.rules import (
    WHOLES,
    contradictions,
    default_stage,
    misplacements,
    missing_to_publish,
)
from app.catalogue.schemas import TitleIn, TitlePatch
from app.catalogue.values import normal_country, normal_eidr, normal_isan, normal_language
from app.models import Kind, Stage
from app.money import Money

STALKER = "10.5240/7791-8534-2C23-9030-8610-5"


@pytest.mark.parametrize(
    "text",
    [
        "10.5240/7791-8534-2C23-9030-8610-5",
        "10.5240/7791-8534-2c23-9030-8610-5",
        "urn:eidr:10.5240:7791-8534-2C23-9030-8610-5",
        "https://doi.org/10.5240/7791-8534-2C23-9030-8610-5",
        "doi:10.5240/7791-8534-2C23-9030-8610-5",
        "md:cid:eidr-s:7791-8534-2C23-9030-8610-5",
        "7791-8534-2C23-9030-8610-5",
    ],
)
def test_an_eidr_is_read_in_every_form(text: str) -> None:
    assert normal_eidr(text) == STALKER


@pytest.mark.parametrize("suffix", ["F85A-E100-B068-5B8F-B1C8-T", "7EC7-228A-510A-053E-CBB8-J"])
def test_the_check_character_may_be_a_letter(suffix: str) -> None:
    assert normal_eidr(suffix) == f"10.5240/{suffix}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.5240/",
        "10.5240/7791-8534-2C23-9030-8610-6",
        "10.5240/7791-8534-2C23-9030-8611-5",
        "10.2340/7791-8534-2C23-9030-8610-5",
        "10.5240/7791-8534-2C23-9030-8610",
        "10.5240/7791-8534-2C23-9030-8610-5X",
    ],
)
def test_what_is_no_eidr_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="EIDR"):
        normal_eidr(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0000-0001-8CFA-0000-I-0000-0000-K", "0000-0001-8CFA-0000-I-0000-0000-K"),
        ("ISAN 0000-0001-8CFA-0000-I-0000-0000-K", "0000-0001-8CFA-0000-I-0000-0000-K"),
        ("000000018CFA0000", "0000-0001-8CFA-0000-I"),
        ("1881-66C7-3420-6541-Y-9F3A-0245-O", "1881-66C7-3420-6541-Y-9F3A-0245-O"),
    ],
)
def test_an_isan_gets_its_hyphens_and_checks(text: str, kept: str) -> None:
    assert normal_isan(text) == kept


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("KZ", "KZ"),
        ("kz", "KZ"),
        ("SU", "SU"),
        ("SUHH", "SU"),
        ("YU", "YU"),
        ("YUCS", "YU"),
        ("DDDE", "DD"),
        ("CS", "CS"),
        ("CSHH", "CS"),
        ("CSXX", "CSXX"),
        # Today's Belarus has the two letters of the Byelorussian SSR.
        ("BY", "BY"),
        ("BYAA", "BYAA"),
        ("SKIN", "SKIN"),
    ],
)
def test_countries_that_are_and_that_were(code: str, kept: str) -> None:
    assert normal_country(code) == kept


@pytest.mark.parametrize("code", ["XX", "UK", "SUXX", "ZZZZ"])
def test_what_is_no_country_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="country"):
        normal_country(code)


@pytest.mark.parametrize(
    ("tag", "kept"),
    [("zh_hans", "zh-Hans"), ("PT-br", "pt-BR"), ("iw", "he"), ("rus", "ru"), ("prs", "fa-AF")],
)
def test_a_language_has_one_tag(tag: str, kept: str) -> None:
    assert normal_language(tag) == kept


@pytest.mark.parametrize("tag", ["", "zzz", "123", "en-US-u-ca-x", "klingon"])
def test_what_is_no_language_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="BCP 47"):
        normal_language(tag)


def test_a_language_is_filtered_by_its_shorter_forms_too() -> None:
    row = {
        "original_language": "zh-Hans-CN",
        "audio_languages": ["zh-Hans-CN", "ru"],
        "subtitle_languages": ["pt-BR"],
    }
    assert languages_of(row) == ["zh-Hans-CN", "zh-Hans", "zh", "ru", "pt-BR", "pt"]


FACTS = {
    "kind": Kind.SERIES,
    "stage": Stage.FINANCING,
    "year": None,
    "seasons": 1,
    "episodes": 8,
    "episode_minutes": 45,
    "part_of_id": None,
    "season_number": None,
    "volume_number": None,
    "episode_number": None,
    "seeks": ["pre_sale"],
    "financing": None,
}


@given(kind=st.sampled_from(Kind), stage=st.sampled_from(Stage))
def test_a_title_of_any_kind_can_be_at_any_stage_but_one(kind: Kind, stage: Stage) -> None:
    whole = FACTS | {"seasons": None, "episodes": None, "episode_minutes": None, "seeks": []}
    wrong = dict(contradictions(whole | {"kind": kind, "stage": stage}))
    assert set(wrong) == ({"stage"} if (kind, stage) == ("project", "completed") else set())


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"kind": "feature"}, {"seasons", "episodes", "episode_minutes"}),
        ({"kind": "season", "season_number": 0}, {"seasons"}),
        ({"kind": "series", "part_of_id": 1, "season_number": 1}, {"part_of_id", "season_number"}),
        ({"kind": "volume", "seasons": None, "episode_number": 1}, {"episode_number"}),
        ({"stage": "completed"}, {"seeks"}),
        ({"stage": "completed", "seeks": [], "financing": {"note": "A"}}, {"financing"}),
    ],
)
def test_what_contradicts_the_kind_and_stage_is_named(
    change: dict[str, object], wrong: set[str]
) -> None:
    assert {field for field, _ in contradictions(FACTS | change)} == wrong


def test_the_market_must_know_less_of_what_is_not_finished() -> None:
    assert dict(missing_to_publish(FACTS, texts=1)) == {}
    done = FACTS | {"stage": Stage.COMPLETED}
    assert {field for field, _ in missing_to_publish(done, texts=0)} == {"texts", "year"}


def test_a_part_is_published_as_part_of_something_and_is_as_old_as_that() -> None:
    done = FACTS | {"kind": Kind.SEASON, "stage": Stage.COMPLETED, "seeks": []}
    assert {field for field, _ in missing_to_publish(done, texts=1)} == {"year", "part_of_id"}
    assert dict(missing_to_publish(done | {"part_of_id": 1}, texts=1)) == {}


@pytest.mark.parametrize(
    ("kind", "wholes"),
    [
        ("season", {"series", "microdrama", "documentary", "animation"}),
        ("episode", {"series", "microdrama", "documentary", "animation", "season"}),
        ("volume", {"series", "microdrama", "documentary", "animation", "season"}),
        ("supplement", set(Kind) - {"supplement"}),
        ("feature", set()),
        ("collection", set()),
    ],
)
def test_each_kind_of_part_has_its_place(kind: Kind, wholes: set[str]) -> None:
    facts = {"kind": kind, "season_number": None}
    assert {whole for whole in Kind if not list(misplacements(facts, whole))} == wholes


def test_no_chain_of_parts_comes_back_to_where_it_began() -> None:
    def above(kind: Kind) -> int:
        return 1 + max((above(whole) for whole in WHOLES.get(kind, ())), default=0)

    assert max(above(kind) for kind in Kind) == 4


def test_the_season_of_an_episode_has_the_seasons_number() -> None:
    facts = {"kind": Kind.EPISODE, "season_number": 1}
    assert dict(misplacements(facts, Kind.SERIES)) == {}
    assert set(dict(misplacements(facts, Kind.SEASON))) == {"season_number"}


def test_a_project_begins_and_anything_else_is_there() -> None:
    assert default_stage(Kind.PROJECT) is Stage.IN_DEVELOPMENT
    assert default_stage(Kind.FEATURE) is Stage.COMPLETED
    assert default_stage(None) is Stage.COMPLETED


@pytest.mark.parametrize(
    ("amount", "kept"), [("12500", "12500.00"), ("0.5", "0.50"), (7, "7.00"), ("1e3", "1000.00")]
)
def test_money_is_written_with_two_places(amount: object, kept: str) -> None:
    money = Money.model_validate({"amount": amount, "currency": "USD"})
    assert money.model_dump(mode="json") == {"amount": kept, "currency": "USD"}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("-1", "USD"), ("0.001", "USD"), ("NaN", "USD"), ("1e30", "USD"), ("1", "XYZ"), ("1", "usd")],
)
def test_what_is_no_money_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Money.model_validate({"amount": amount, "currency": currency})


def test_the_documentation_tells_of_a_title_that_can_be() -> None:
    TitleIn.model_validate(examples.TOLD)
    TitlePatch.model_validate(examples.PATCH)
    for model, example in ((TitleOut, examples.WHOLE), (Facets, examples.FACETS)):
        assert set(example) == set(model.model_fields)
        model.model_validate(example)
    assert set(examples.ITEM) == set(TitleItem.model_fields)
