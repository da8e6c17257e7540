"""Folding: what is the same to a reader becomes the same string; then words."""

import re
import unicodedata
from functools import lru_cache

from app.search.han import SIMPLIFIED

# Longer words are cut, in texts and queries alike.
MAX_WORD = 40
# What has more parts ("a-b-c-…") is no compound: its parts count alone.
MAX_PARTS = 6

# People write it joined or apart: Spider-Man, O'Brien, oʻzbek, می‌شود, S.W.A.T., WALL·E, AC/DC.
_JOINERS = frozenset("'-./_*&·‧・`´ʹʻʼʽˈ‐‑‒‘’‛′＇﹣־׳״\u200c")

# Letters that differ by a stroke that is no diacritic to Unicode, or by a habit of spelling.
_SAME = {
    # Latin
    "l": "ł", "o": "ø", "d": "đð", "h": "ħ", "t": "ŧ", "i": "ı", "e": "əɛ", "b": "ɓ", "k": "ƙ",
    "n": "ŋ", "ae": "æ", "oe": "œ", "th": "þ",
    # Kazakh, Kyrgyz, Tajik, Uzbek and Ukrainian letters, as a Russian keyboard has them
    "к": "қҝҡ", "г": "ғґ", "н": "ңӊ", "у": "үұ", "о": "ө", "х": "һҳ", "а": "ә", "и": "і", "ч": "ҷҹ",
    "е": "є",
    # Arabic, Persian and Urdu letters that look alike or sound alike
    "ی": "يىےېۍ", "ک": "كڪ", "ه": "ةہھۂۀە", "ا": "ٱ", "ن": "ں",
    # Devanagari: the two ways to write a nasal
    "\u0902": "\u0901",
}  # fmt: skip
_DROPPED = frozenset("\u00ad\u034f\u0640\u0621\u02b9\u02ba")  # soft hyphen, tatweel, lone hamza …

# Scripts written without spaces: Thai, Lao, Burmese, Khmer, Kana, Han, Hangul.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
is_unspaced = re.compile(f"[{_UNSPACED}]").match
_RUNS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+").findall

_NUKTA, _VIRAMA, _VOICED = 7, 9, 8


class _Letters(dict[int, str]):
    """A translation table that learns each character when it meets it."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded_letter(chr(code))
        return folded


def _folded_letter(letter: str) -> str:
    """Give what a character of a decomposed, case-folded text becomes."""
    if letter in _JOINERS:
        return "-"
    category = unicodedata.category(letter)
    if letter in _DROPPED or category in {"Cf", "Me"} or "\ufe00" <= letter <= "\ufe0f":
        return ""
    if category in {"Mn", "Mc"}:
        return letter if unicodedata.combining(letter) in {0, _VIRAMA, _VOICED} else ""
    if category == "Nd":
        return str(unicodedata.digit(letter))
    return letter if category[0] in "LN" else " "


_TABLE = _Letters(
    {ord(letter): same for same, letters in _SAME.items() for letter in letters}
    | {ord(old): new for old, new in SIMPLIFIED.items()}
)
# Bytes are translated ten times as fast.
_ASCII = bytes(ord(_TABLE[ord(chr(code).lower())]) for code in range(128)).ljust(256)


def fold(text: str) -> str:
    """Fold case, width, diacritics, digits and spellings; what is no letter or digit is a space.

    Joiners (apostrophe, hyphen, zero-width non-joiner …) become `-`. Folding twice changes nothing.
    """
    if text.isascii():
        return text.encode().translate(_ASCII).decode()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", folded.translate(_TABLE))


def chunks_of(text: str) -> list[str]:
    """Give what stands between spaces, in order; a compound keeps its `-`."""
    folded = fold(text)
    if "-" not in folded:
        return folded.split()
    return [chunk for part in folded.split() if (chunk := part.strip("-"))]


@lru_cache(maxsize=2**16)
def compounds_of(chunk: str) -> tuple[tuple[str, ...], str | None]:
    """Give the parts of a chunk, and the same written as one word if it has several."""
    parts = tuple(part for part in chunk.split("-") if part)
    if 1 < len(parts) <= MAX_PARTS:
        return parts, "".join(parts)
    return parts, None


def runs_of(part: str) -> list[str]:
    """Cut a part where scripts with and without spaces meet: `2046之恋` is `2046` and `之恋`."""
    return [part] if part.isascii() else _RUNS(part)


def pairs_of(run: str) -> list[str]:
    """Give the overlapping pairs of a run without spaces, and its last letter.

    Pairs find any string of two letters or more; the last letter lets a prefix find a single one.
    """
    return [run[at : at + 2] for at in range(len(run))]


@lru_cache(maxsize=2**17)
def words_of_chunk(chunk: str) -> tuple[str, ...]:
    """Give every word that a chunk of a text is found by."""
    if chunk.isascii() and "-" not in chunk:
        return (chunk[:MAX_WORD],)  # as most are
    parts, joined = compounds_of(chunk)
    words: dict[str, None] = {}
    for part in (*parts, joined) if joined else parts:
        for run in runs_of(part):
            found = pairs_of(run) if is_unspaced(run) else [run[:MAX_WORD]]
            words.update(dict.fromkeys(found))
    return tuple(words)
