"""What territories are called, in the reader's language, as CLDR has it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from babel import Locale

from app.trees.territories import TERRITORIES

ENGLISH: Final = "en"
# What names are given in. Babel keeps a megabyte for every locale that was ever asked for.
_GIVEN_IN: Final = {
    tag.lower(): tag
    for tag in (
        *("ar", "az", "be", "de", "en", "es", "fa", "fr", "he", "hi", "hy", "id", "it", "ja", "ka"),
        *("kk", "ko", "ky", "mn", "pt", "ru", "tg", "th", "tr", "uk", "ur", "uz", "vi", "zh"),
        *("zh-Hant", "zh-HK", "zh-TW"),
    )
}


def language_of_names(wanted: Sequence[str]) -> str:
    """Choose the first of the tags (in lower case) that names are given in, else English."""
    return next((_GIVEN_IN[tag] for tag in wanted if tag in _GIVEN_IN), ENGLISH)


@lru_cache(maxsize=len(_GIVEN_IN))
def names_in(language: str) -> Mapping[str, str]:
    """Name every territory and group; a group that the UN has no name for is named in English."""
    known = Locale.parse(language, sep="-").territories
    countries = {code: known.get(code, code) for code in TERRITORIES.leaves}
    groups = {
        code: group.name if language == ENGLISH else known.get(group.un or "", group.name)
        for code, group in TERRITORIES.groups.items()
    }
    return groups | countries
