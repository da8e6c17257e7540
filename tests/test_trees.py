"""Sets of territories, media and languages: as the trade writes them, read and written again."""

import re
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.trees import LANGUAGES, MEDIA, TERRITORIES, Tree
from app.trees.groups import GroupTree
from app.trees.multiranges import (
    Multirange,
    covers,
    difference,
    intersection,
    overlaps,
    union,
)
from app.trees.writing import shortest

TAGS = [
    *("zh", "zh-Hans", "zh-Hant", "zh-TW", "zh-HK", "yue", "es", "es-419", "es-MX", "es-ES", "pt"),
    *("pt-BR", "pt-PT", "en", "en-GB", "en-US", "en-Latn", "en-001", "en-150", "sr", "sr-Latn"),
    *("sr-RS", "kk", "kk-CN", "kk-Cyrl", "ru", "uz", "uz-AF", "ar", "ar-EG", "nb", "no", "zxx"),
]
TODAY = date(2026, 11, 21)
TREES: list[Tree] = [TERRITORIES, MEDIA, LANGUAGES]


def codes_of(tree: Tree) -> st.SearchStrategy[str]:
    codes = [*tree.groups, *tree.leaves] if isinstance(tree, GroupTree) else [*TAGS, "ALL"]
    return st.builds(str.__add__, st.sampled_from(["", "-"]), st.sampled_from(codes))


def few_codes(tree: Tree) -> st.SearchStrategy[list[str]]:
    return st.lists(codes_of(tree), min_size=1, max_size=6)


def read(tree: Tree, text: str) -> list[str]:
    return tree.write(tree.parse(text.split()))


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@settings(deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_as_the_same_set(tree: Tree, data: st.DataObject) -> None:
    try:
        found = tree.parse(data.draw(few_codes(tree)))
    except ValueError:
        return  # nothing is left of it
    written = tree.write(found)

    assert tree.parse(written) == found
    assert tree.write(found) == written
    assert tree.parse([code.lower() for code in written]) == found
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@settings(deadline=None)
@given(data=st.data())
def test_what_is_computed_from_sets_can_be_written(tree: Tree, data: st.DataObject) -> None:
    one, other = (
        union(*(tree.find(code.removeprefix("-")) for code in data.draw(few_codes(tree))))
        for _ in range(2)
    )
    for found in (difference(one, other), intersection(one, other), union(one, other)):
        written = tree.write(found)
        assert bool(written) == bool(found)
        assert not found or tree.parse(written) == found


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@settings(deadline=None)
@given(data=st.data())
def test_codes_are_read_from_left_to_right(tree: Tree, data: st.DataObject) -> None:
    codes = data.draw(few_codes(tree))
    found = tree.everything if codes[0].startswith("-") else ()
    for code in codes:
        named = tree.find(code.removeprefix("-"))
        found = difference(found, named) if code.startswith("-") else union(found, named)
    try:
        assert tree.parse(codes) == found
    except ValueError:
        assert not found


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@settings(deadline=None)
@given(data=st.data())
def test_two_codes_are_never_written_in_more(tree: Tree, data: st.DataObject) -> None:
    one, other = data.draw(codes_of(tree)).removeprefix("-"), data.draw(codes_of(tree))
    try:
        found = tree.parse([one, other])
    except ValueError:
        return
    assert len(tree.write(found)) <= 2


@settings(max_examples=50, deadline=None)
@given(st.lists(codes_of(TERRITORIES), min_size=1, max_size=5))
def test_a_set_is_seldom_written_longer_than_it_came(codes: list[str]) -> None:
    try:
        found = TERRITORIES.parse(codes)
    except ValueError:
        return
    came = len(codes) + codes[0].startswith("-")
    assert len(TERRITORIES.write(found)) <= came + 1


def test_what_three_codes_of_media_can_say_is_written_in_as_few_as_can_be() -> None:
    named = [MEDIA.find(code) for code in (*MEDIA.groups, *MEDIA.leaves)]
    shortest: dict[Multirange, int] = {(): 0}
    for length in (1, 2, 3):
        for found, code in product(list(shortest), named):
            shortest.setdefault(union(found, code), length)
            shortest.setdefault(difference(found, code), length)
    assert len(shortest) > 1000
    assert {found: len(MEDIA.write(found)) for found in shortest} == shortest


@pytest.mark.parametrize(
    ("tree", "written", "shortest"),
    [
        (TERRITORIES, "WORLD -CN -SCO", "WORLD -SCO"),
        (TERRITORIES, "world -cn", "WORLD -CN"),
        (TERRITORIES, "-CN -US", "WORLD -CN -US"),
        (TERRITORIES, "KZ KG TJ TM UZ", "CENTRAL_ASIA"),
        (TERRITORIES, "SCO KZ", "SCO"),
        (TERRITORIES, "KZ SCO BALTICS", "SCO BALTICS"),
        (TERRITORIES, "MENA AFRICA -EG", "AFRICA MENA -EG"),
        (TERRITORIES, "EUROPE -EU", "EUROPE -EU"),
        (TERRITORIES, "WORLD -ASIA CN", "WORLD -ASIA CN"),
        (TERRITORIES, "SCO -BY -IR", "SCO -BY -IR"),
        (TERRITORIES, "US GB FR", "FR GB US"),
        (TERRITORIES, " SCO@2022-01-01 ", "SCO -BY -IR"),
        (TERRITORIES, "EU@2019-06-30", "EU GB"),
        (TERRITORIES, "AFRICA AMERICAS ASIA EUROPE OCEANIA AQ", "WORLD"),
        (MEDIA, "svod avod", "SVOD AVOD"),
        (MEDIA, "PAY_TV SVOD", "SVOD PAY_TV"),
        (MEDIA, "AVOD_ON_DEMAND FAST", "AVOD"),
        (MEDIA, "EST TVOD PHYSICAL", "HOME_ENTERTAINMENT"),
        (MEDIA, "-THEATRICAL", "ALL -THEATRICAL"),
        (LANGUAGES, "ru KK", "kk ru"),
        (LANGUAGES, "ZH-hANS zh-tw", "zh-Hans zh-TW"),
        (LANGUAGES, "zh-Hant zh-TW", "zh-Hant"),
        (LANGUAGES, "zh zh-Hant", "zh"),
        (LANGUAGES, "zh -zh-Hans", "zh -zh-Hans"),
        (LANGUAGES, "-ru", "ALL -ru"),
        (LANGUAGES, "ALL -zh zh-Hant", "ALL -zh zh-Hant"),
        (LANGUAGES, "es -es-419 es-MX", "es -es-419 es-MX"),
        (LANGUAGES, "pt-Latn-BR", "pt-BR"),
        (LANGUAGES, "sr-Latn-RS sr-RS", "sr-Latn-RS sr-RS"),
        (LANGUAGES, "cmn nb arb", "ar no zh"),
        (LANGUAGES, "rus kaz", "kk ru"),
        (LANGUAGES, "en_GB en-UK", "en-GB"),
    ],
)
def test_a_set_is_written_in_its_shortest_form(tree: Tree, written: str, shortest: str) -> None:
    assert tree.write(tree.parse(written.split(), TODAY), TODAY) == shortest.split()


def test_a_group_that_later_ones_make_needless_is_left_out() -> None:
    leaves = {str(place): 1 << place for place in range(28)}
    groups = {"A": 0b00001111, "B": 0b00110011, "C": 0b11001100, "ALL": (1 << 28) - 1}
    found = shortest(0b11111111, groups | leaves, list(leaves))
    assert found == [("B", False), ("C", False)]


# Refusals --------------------------------------------------------------------------------------

SEE_TERRITORIES = "GET /v1/territories lists them all."
AS_OF_A_DAY = "the members of a day are written SCO@2022-01-01."
AS_TAGS = "It is written as zh, pt-BR or es-419."
A_WHOLE_TAG = "a language, a script and a territory, as in zh-Hant-TW."


@pytest.mark.parametrize(
    ("tree", "code", "sentence"),
    [
        (TERRITORIES, "uk", '"uk" is no territory. Did you mean GB?'),
        (TERRITORIES, "-UK", '"UK" is no territory. Did you mean GB?'),
        (TERRITORIES, "Kazakhstan", '"Kazakhstan" is no territory. Did you mean KZ?'),
        (TERRITORIES, "KAZ", '"KAZ" is no territory. Did you mean KZ?'),
        (TERRITORIES, "Hong Kong", '"Hong Kong" is no territory. Did you mean HK?'),
        (
            TERRITORIES,
            "latin america",
            '"latin america" is no territory. Did you mean LATIN_AMERICA?',
        ),
        (TERRITORIES, "SCOO", '"SCOO" is no territory. Did you mean SCO?'),
        (TERRITORIES, "ATLANTIS", f'"ATLANTIS" is no territory. {SEE_TERRITORIES}'),
        (TERRITORIES, "", f'"" is no territory. {SEE_TERRITORIES}'),
        (TERRITORIES, "ß", f'"ß" is no territory. {SEE_TERRITORIES}'),
        (TERRITORIES, "\0", f'"\0" is no territory. {SEE_TERRITORIES}'),
        (TERRITORIES, "X" * 50, f'"{"X" * 40}…" is no territory. {SEE_TERRITORIES}'),
        (TERRITORIES, "SCO@2022-13-01", f'"2022-13-01" is no day: {AS_OF_A_DAY}'),
        (TERRITORIES, "KZ@2022-01-01", "KZ is one territory: only a group is named as of a day."),
        (TERRITORIES, "EAEU@2014-12-31", "EAEU@2014-12-31 had no members on 2014-12-31."),
        (MEDIA, "PVOD", '"PVOD" is no medium. Did you mean TVOD?'),
        (MEDIA, "free tv", '"free tv" is no medium. Did you mean FREE_TV?'),
        (MEDIA, "vinyl", '"vinyl" is no medium. GET /v1/media lists them all.'),
        (LANGUAGES, "Kazakh", '"Kazakh" is no language of BCP 47. Did you mean kk?'),
        (LANGUAGES, "kz", '"kz" is no language of BCP 47. Did you mean kk?'),
        (LANGUAGES, "und", f'"und" is no language of BCP 47. {AS_TAGS}'),
        (LANGUAGES, "qaa", f'"qaa" is no language of BCP 47. {AS_TAGS}'),
        (LANGUAGES, "x-dothraki", f'"x-dothraki" is no language of BCP 47. {AS_TAGS}'),
        (LANGUAGES, "sq-XK", f'"XK" is no territory. {SEE_TERRITORIES}'),
        (LANGUAGES, "egy-Egyp", '"egy-Egyp" names a script that no rights are sold in.'),
        (LANGUAGES, "de-1996", f'"de-1996" says more than rights are sold by: {A_WHOLE_TAG}'),
    ],
)
def test_an_unknown_code_is_refused_in_a_sentence_that_helps(
    tree: Tree, code: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        tree.parse([code])


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_a_set_of_nothing_is_refused(tree: Tree) -> None:
    with pytest.raises(ValueError, match=f"^Name at least one {tree.one}, or {tree.root}.$"):
        tree.parse([])
    with pytest.raises(
        ValueError,
        match=f"^No {tree.one} is left: all that is named is taken away again.$",
    ):
        tree.parse([f"-{tree.root}"])
    assert tree.write(()) == []


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_is_a_code_or_refused(tree: Tree, text: str) -> None:
    try:
        found = tree.parse([text])
    except ValueError:
        with pytest.raises(ValueError, match=r"[.?]$"):
            tree.parse([text])
    else:
        assert covers(tree.everything, found)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
@pytest.mark.parametrize("found", [((0, 1),), ((3, 5),), ((-4, 0),), ((1, 2**40),)])
def test_what_is_no_set_of_the_tree_is_not_written(tree: Tree, found: Multirange) -> None:
    with pytest.raises(ValueError, match=f"is no set of {tree.name}$"):
        tree.write(found)


def test_a_tag_that_stands_for_another_has_no_numbers_of_its_own() -> None:
    mandarin = ((3 * 27 + 13) * 27 + 14) << 16  # cmn, which is read as zh
    with pytest.raises(ValueError, match=r"is no set of languages$"):
        LANGUAGES.write(((mandarin, mandarin + 65536),))


# Languages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("zh", "zh-Hans"),
        ("zh", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-Hant", "zh-HK"),
        ("zh-Hans", "zh-CN"),
        ("pt", "pt-BR"),
        ("es", "es-419"),
        ("es-419", "es-MX"),
        ("es-419", "es-005"),
        ("en", "en-Latn"),
        ("kk-Arab", "kk-CN"),
        ("ALL", "zxx"),
    ],
)
def test_a_language_holds_its_scripts_and_places(wide: str, narrow: str) -> None:
    assert covers(LANGUAGES.find(wide), LANGUAGES.find(narrow))
    assert not covers(LANGUAGES.find(narrow), LANGUAGES.find(wide))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zh", "yue"),
        ("zh-Hans", "zh-Hant"),
        ("zh-Hans", "zh-TW"),
        ("es-419", "es-ES"),
        ("pt-BR", "pt-PT"),
        ("kk", "ky"),
        ("kk-Cyrl", "kk-CN"),
    ],
)
def test_languages_that_are_sold_apart_have_nothing_in_common(one: str, other: str) -> None:
    assert not overlaps(LANGUAGES.find(one), LANGUAGES.find(other))


def test_languages_are_numbers_of_four_bytes() -> None:
    assert LANGUAGES.everything == ((0, 2**31 - 1),)
    assert LANGUAGES.find("zzj")[-1][1] <= 2**31 - 1
    # Stored: letters, script, place
    assert LANGUAGES.find("kk") == (
        ((11 * 27 + 11) * 27 * 65536, ((11 * 27 + 11) * 27 + 1) * 65536),
    )
    kazakhstan = TERRITORIES.leaves["KZ"][0]
    assert LANGUAGES.find("kk-KZ")[0][0] == (11 * 27 + 11) * 27 * 65536 + 2 * 1024 + kazakhstan
