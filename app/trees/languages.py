"""Languages: BCP 47 tags as numbers, so that `zh` holds `zh-Hans`, and `es-419` holds `es-MX`.

A number has three digits: the language's letters (27-ary), one of 64 scripts, one of 1024 places,
which are the numbers of the territories. A tag with a place and no script has the script that CLDR
finds likely: `pt-BR` is `pt-Latn-BR`, and `zh-TW` is `zh-Hant-TW`.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from itertools import chain
from typing import Final

import langcodes
import pycountry
from langcodes.tag_parser import LanguageTagError

from app.trees.groups import Group, GroupTree, Member
from app.trees.multiranges import Multirange, covers, difference, intersection, normal
from app.trees.territories import TERRITORIES
from app.trees.tree import Tree, shown

_REMEMBERED = 4096
_PLACES = 1024
_LANGUAGE = 64 * _PLACES
_END: Final = 2**31 - 1
_LETTERS: Final = " abcdefghijklmnopqrstuvwxyz"

# A script's place in this list is its number. It is stored: append, never reorder. The first is
# no script: only a whole language has it, which is how a whole one is told.
_SCRIPTS: Final = (  # noqa: SIM905
    "Zyyy Latn Cyrl Arab Hans Hant Jpan Kore Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh "
    "Thai Laoo Khmr Mymr Tibt Mong Geor Armn Hebr Grek Ethi Thaa Tfng Cans Cher Nkoo Vaii Yiii "
    "Olck Mtei Adlm Java Bali Sund Syrc Rohg Lisu Hani Brai"
).split()
_NO_ONE_LANGUAGE: Final = {"und", "mul", "mis", "root"}
# Countries' codes that are taken for languages' codes
_ALSO: Final = {
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gr": "el",
    "jp": "ja",
    "kr": "ko",
    "kz": "kk",
    "ua": "uk",
}
# CLDR says nb where it means Norwegian; the trade does too.
_SAME: Final = {"nb": "no"}

_REGIONS: Final = {
    group.un: Group(group.un, group.name, tuple(map(Member, TERRITORIES.members_of(group.code))))
    for group in TERRITORIES.groups.values()
    if group.un
}
# What a tag may name as its place: countries, and regions by their numbers in UN M49
PLACES: Final = GroupTree(
    "territories",
    "territory",
    numbers={code: low for code, (low, _) in TERRITORIES.leaves.items()},
    end=_PLACES,
    groups=_REGIONS,
    order=[*_REGIONS, *sorted(TERRITORIES.leaves)],
)


class LanguageTree(Tree):
    """BCP 47, as far as rights are sold by it: language, script, and country or region."""

    name = "languages"
    one = "language"
    root = "ALL"
    everything = ((0, _END),)

    def find(self, code: str, on: date | None = None) -> Multirange:  # noqa: ARG002
        """Give what one tag stands for.

        Raises:
            ValueError: it is unknown, or tells apart what rights are not sold by.
        """
        return self.everything if code.upper() == self.root else _find(code)

    def write(self, found: Multirange, on: date | None = None) -> list[str]:  # noqa: ARG002
        """Write a set of languages, in the order of the alphabet."""
        try:
            return list(_write(found))
        except (IndexError, ValueError):
            raise ValueError(f"{found} is no set of languages") from None


@lru_cache(_REMEMBERED)
def _find(code: str) -> Multirange:
    language, script, place = _read(code)
    low = _number_of(language) * _LANGUAGE
    if script is None and place is None:
        return ((low, low + _LANGUAGE),)
    script = script or _likely_script(f"{language}-{place}")
    if script not in _SCRIPTS[1:]:
        raise ValueError(f'"{shown(code)}" names a script that no rights are sold in.')
    low += _SCRIPTS.index(script) * _PLACES
    return _moved(PLACES.find(place or PLACES.root), low)


def _read(code: str) -> tuple[str, str | None, str | None]:
    try:
        tag = langcodes.Language.get(code)
    except LanguageTagError:
        raise ValueError(_unknown(code)) from None
    if tag.extlangs or tag.variants or tag.extensions or tag.private:
        raise ValueError(
            f'"{shown(code)}" says more than rights are sold by: a language, a script and a '
            "territory, as in zh-Hant-TW."
        )
    if not (tag.language and tag.is_valid() and _is_one_language(tag.language)):
        raise ValueError(_unknown(code))
    # `macro` makes one of what are two tags for one language: cmn is zh, arb is ar.
    language = langcodes.standardize_tag(tag.language, macro=True)
    return _SAME.get(language, language), tag.script, tag.territory


def _is_one_language(subtag: str) -> bool:
    """Tell a language of its own from several, from none known, and from private use."""
    in_private_use = subtag.startswith("x-") or "qaa" <= subtag <= "qtz"
    return not in_private_use and subtag not in _NO_ONE_LANGUAGE


def _likely_script(tag: str) -> str | None:
    script: str | None = langcodes.Language.get(tag).maximize().script
    return script


def _unknown(code: str) -> str:
    wanted = code.strip().casefold()
    near = _ALSO.get(wanted) or _tags_by_name().get(wanted)
    known = f"Did you mean {near}?" if near else "It is written as zh, pt-BR or es-419."
    return f'"{shown(code)}" is no language of BCP 47. {known}'


@cache
def _tags_by_name() -> dict[str, str]:
    """Know the languages with two letters by their English names."""
    return {
        part.strip().casefold(): language.alpha_2
        for language in pycountry.languages
        if hasattr(language, "alpha_2")
        for part in language.name.partition("(")[0].split(",")
    }


def _number_of(language: str) -> int:
    number = 0
    for letter in f"{language:3}":
        number = number * 27 + _LETTERS.index(letter)
    return number


def _letters_of(number: int) -> str:
    return "".join(_LETTERS[number // 27**place % 27] for place in (2, 1, 0)).rstrip()


# Writing ---------------------------------------------------------------------------------------


@lru_cache(_REMEMBERED)
def _write(found: Multirange) -> tuple[str, ...]:
    everything = LanguageTree.everything
    if not covers(everything, found):
        raise ValueError
    # Number 0 is no language: only everything has it.
    if not covers(found, ((0, 1),)):
        return tuple(_tags(found))
    return (LanguageTree.root, *map(_opposite, _tags(difference(everything, found))))


def _tags(found: Multirange) -> Iterator[str]:
    for number, part in _parts(found, _LANGUAGE):
        yield from _tags_of(_letters_of(number), part)


def _tags_of(language: str, found: Multirange) -> list[str]:
    whole = ((0, _LANGUAGE),)
    if _read(language)[0] != language:
        raise ValueError
    if covers(found, ((0, 1),)):
        return [language, *map(_opposite, _in_scripts(language, difference(whole, found)))]
    return list(_in_scripts(language, found))


def _in_scripts(language: str, found: Multirange) -> Iterator[str]:
    for number, part in _parts(found, _PLACES):
        for place in PLACES.write(part):
            tag = _tag(language, _SCRIPTS[number], place.removeprefix("-"))
            yield f"-{tag}" if place.startswith("-") else tag


def _tag(language: str, script: str, place: str) -> str:
    if place == PLACES.root:
        return f"{language}-{script}"
    short = f"{language}-{place}"
    return short if _likely_script(short) == script else f"{language}-{script}-{place}"


def _opposite(tag: str) -> str:
    return tag.removeprefix("-") if tag.startswith("-") else f"-{tag}"


def _parts(found: Multirange, length: int) -> Iterator[tuple[int, Multirange]]:
    """Cut a set into blocks of one length: each block's number, and what the set has of it."""
    blocks = (range(low // length, (high - 1) // length + 1) for low, high in found)
    for number in dict.fromkeys(chain.from_iterable(blocks)):
        block = ((number * length, (number + 1) * length),)
        yield number, _moved(intersection(found, block), -number * length)


def _moved(found: Multirange, by: int) -> Multirange:
    return normal((low + by, high + by) for low, high in found)


LANGUAGES: Final = LanguageTree()
