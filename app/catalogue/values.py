"""The values a title is described by, each read in the forms it is met in and kept in one."""

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Annotated, TypeVar

import langcodes
import pycountry
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from stdnum import isan
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

Item = TypeVar("Item", bound=Hashable)

# The one former code that two countries bore: CS is Czechoslovakia, CSXX Serbia and Montenegro.
_AMBIGUOUS = "CSXX"
_FORMER = {country.alpha_4 for country in pycountry.historic_countries}
_FORMER_SHORT = {code[:2] for code in _FORMER}
_EIDR = re.compile(
    r"(?:(?:https?://(?:dx\.)?doi\.org/|doi:|urn:eidr:)?10\.5240[/:]|(?:md:cid:)?eidr-s:)?"
    r"((?:[0-9A-F]{4}-){5}[0-9A-Z])",
    re.IGNORECASE,
)
_EIDR_PREFIX = "10.5240/"


@lru_cache(maxsize=4096)
def normal_language(tag: str) -> str:
    """Give the normal form of a BCP 47 tag: `zh_hans` is `zh-Hans`.

    Raises:
        ValueError: no such language.
    """
    try:
        normal = langcodes.standardize_tag(tag)
    except ValueError:
        normal = ""
    if not normal or not langcodes.tag_is_valid(normal):
        raise ValueError("must be a BCP 47 language tag, as zh or pt-BR")
    return normal


@lru_cache(maxsize=4096)
def normal_country(code: str) -> str:
    """Give the code a country is kept under.

    Two letters of ISO 3166-1, or those a former country had by ISO 3166-3 (`SU`, `YU`, `DD`,
    `CS`); its four letters are taken too, and kept where the two mean another country today
    (`BYAA`, `SKIN`, `CSXX`).

    Raises:
        ValueError: no such country.
    """
    wanted = code.upper()
    if pycountry.countries.get(alpha_2=wanted):
        return wanted
    short = wanted[:2]
    if wanted not in (_FORMER_SHORT if wanted == short else _FORMER):
        raise ValueError("must be a country of ISO 3166-1 or 3166-3, by two letters, as KZ or SU")
    is_taken = wanted == _AMBIGUOUS or pycountry.countries.get(alpha_2=short) is not None
    return wanted if is_taken else short


def normal_eidr(text: str) -> str:
    """Give an EIDR as `10.5240/…`; `urn:eidr:`, `doi:`, https and `md:cid:eidr-s:` forms are read.

    Raises:
        ValueError: it is none, or its check character (ISO 7064 Mod 37,36) is wrong.
    """
    found = _EIDR.fullmatch(text)
    if found is None:
        raise ValueError("must be an EIDR, as 10.5240/7791-8534-2C23-9030-8610-5")
    suffix = found[1].upper()
    if not mod_37_36.is_valid(suffix.replace("-", "")):
        raise ValueError("is no EIDR: its check character does not fit the rest")
    return _EIDR_PREFIX + suffix


def normal_isan(text: str) -> str:
    """Give an ISAN with hyphens and check characters, which it may come without.

    Raises:
        ValueError: it is none, or a check character is wrong.
    """
    bare = re.sub(r"^(urn:)?isan[: ]", "", text, flags=re.IGNORECASE)
    try:
        checked: str = isan.format(isan.validate(bare), add_check_digits=True)
    except ValidationError:
        raise ValueError("must be an ISAN, as 0000-0001-8CFA-0000-I-0000-0000-K") from None
    return checked


def once(values: list[Item]) -> list[Item]:
    """Keep the first of what is said twice."""
    return list(dict.fromkeys(values))


Language = Annotated[
    str,
    StringConstraints(max_length=35, pattern="^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$"),
    AfterValidator(normal_language),
    Field(description="BCP 47.", examples=["ru"]),
]
Country = Annotated[
    str,
    StringConstraints(max_length=4, pattern="^([A-Za-z]{2}|[A-Za-z]{4})$"),
    AfterValidator(normal_country),
    Field(description="ISO 3166-1 alpha-2, or ISO 3166-3 for a former country.", examples=["SU"]),
]
Eidr = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(normal_eidr),
    Field(examples=["10.5240/7791-8534-2C23-9030-8610-5"]),
]
Isan = Annotated[
    str,
    StringConstraints(max_length=60),
    AfterValidator(normal_isan),
    Field(examples=["0000-0001-8CFA-0000-I-0000-0000-K"]),
]
Year = Annotated[int, Field(strict=True, ge=1870, le=2200, examples=[1979])]


def empty_for_null(value: object) -> object:
    """Read the null of a merge patch, which empties a list."""
    return [] if value is None else value


EmptyForNull = BeforeValidator(empty_for_null)
