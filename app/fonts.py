"""The fonts of what is printed and drawn: cut down, for a document, to the letters it needs.

They come whole and variable; HarfBuzz cuts one of 17 MB to a weight and a few hundred letters in a
tenth of a second, where taking it as it is would take many.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import uharfbuzz


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    package: str
    path: str


# The first one that has a letter writes it. Noto Sans has the Devanagari ones, too.
_FAMILIES = (
    Family("Noto Sans", "justmytype_western_core", "notosans/NotoSans[wdth,wght].ttf"),
    Family(
        "Noto Sans Arabic",
        "justmytype_intl_rtl",
        "notosansarabic/NotoSansArabic[wdth,wght].ttf",
    ),
    Family("Noto Sans SC", "justmytype_intl_cjk", "notosanssc/NotoSansSC[wght].ttf"),
)
MAIN = _FAMILIES[0].name
REGULAR = (("wght", 400), ("wdth", 100))
# Stands for a letter that no font has.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@cache
def face_of(family: Family) -> tuple[uharfbuzz.Face, frozenset[int]]:
    """Open a font, and tell which letters it has."""
    with as_file(files(family.package).joinpath("fonts", "ofl", family.path)) as path:
        face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path))
    return face, frozenset(face.unicodes)


def writable(text: str) -> str:
    """Put a sign in the place of each letter that no font has."""
    known = {letter for letter in set(text) if family_of(letter) is not None}
    return "".join(letter if letter in known else UNKNOWN for letter in text)


def family_of(letter: str, preferred: Family | None = None) -> Family | None:
    """Give the font that writes a letter: the `preferred` one, if it can."""
    some = _FAMILIES if preferred is None else (preferred, *_FAMILIES)
    return next((family for family in some if ord(letter) in face_of(family)[1]), None)


def cut(letters: Collection[str]) -> dict[str, bytes]:
    """Give the fonts that write some letters, each with those it writes, by name."""
    codes: dict[Family, set[int]] = {_FAMILIES[0]: set()}
    for letter in letters:
        family = family_of(letter)
        if family is not None:
            codes.setdefault(family, set()).add(ord(letter))
    return {family.name: _cut(face_of(family)[0], some) for family, some in codes.items()}


def _cut(face: uharfbuzz.Face, codes: Collection[int]) -> bytes:
    wanted = uharfbuzz.SubsetInput()
    wanted.unicode_set.update(codes)
    for axis, value in REGULAR:
        wanted.pin_axis_location(face, axis, value)
    written: bytes = uharfbuzz.subset(face, wanted).blob.data
    return written
