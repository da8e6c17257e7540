"""Tables that every mapping can use: countries and languages by their names (Unicode CLDR).

`@countries.ru` knows Казахстан as KZ, `@languages.en` Kazakh as kk.
"""

from collections.abc import Mapping
from functools import lru_cache

import pycountry
from babel import Locale, UnknownLocaleError

_LISTS = {"@countries": "territories", "@languages": "languages"}


@lru_cache(maxsize=64)
def built_in(name: str) -> Mapping[str, str]:
    """Give a table by its name, its keys folded as `folded` does.

    Raises:
        ValueError: there is no such table.
    """
    what, _, locale = name.partition(".")
    if what not in _LISTS or not locale:
        raise ValueError(
            f"{name!r}: the tables that are always there are @countries.xx and @languages.xx, "
            "xx being a language, as @countries.en"
        )
    try:
        found = getattr(Locale.parse(locale.replace("-", "_")), _LISTS[what])
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(f"{name!r}: the names are not known in {locale!r}") from None
    return _unmistakable(
        [(said, code) for code, said in found.items() if what == "@languages" or _is_country(code)]
    )


def _is_country(code: str) -> bool:
    return pycountry.countries.get(alpha_2=code) is not None


def _unmistakable(names: list[tuple[str, str]]) -> dict[str, str]:
    """Leave out names that mean two things."""
    table: dict[str, str] = {}
    twice: set[str] = set()
    for said, code in names:
        key = folded(said)
        if key in table:
            twice.add(key)
        table[key] = code.replace("_", "-")
    return {key: code for key, code in table.items() if key not in twice}


@lru_cache(maxsize=2**14)
def folded(text: str) -> str:
    """Give what is alike for a table: case and the length of white space don't count."""
    return " ".join(text.casefold().split())
