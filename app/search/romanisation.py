"""Romanisation: one key for the many ways a name is written in Latin letters.

Solaris and Solyaris, Eisenstein and Eyzenshteyn, Tchaikovsky and Chaykovskiy. Nothing here is
right by any standard; it only has to map what people type and what anyascii makes of the original
to the same key.
"""

import re
from functools import lru_cache

from anyascii import anyascii

from app.search.folding import MAX_WORD, is_unspaced

_RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        # Consonants with several spellings; C and S stand for ч and ш until the end
        (r"s?h?t?s?ch", "C"),  # ch, tch, sch, shch, tsch
        (r"(?<=[aeiouy])j(?=[knst])|(?<=[iy])j$", "i"),  # Tarkovskij, Chajkovskij
        (r"kh|x(?=h)", "h"),
        (r"x", "ks"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"gh", "g"),
        (r"bh", "b"),
        (r"dh", "d"),
        (r"zh|dzh|dj", "j"),
        (r"sh", "s"),
        (r"cz|ts|tz|c(?=[eiy])", "s"),
        (r"ck|[cq]", "k"),
        (r"z", "s"),
        (r"w", "v"),
        (r"(?<=[oe])ff?$", "v"),  # Rachmaninoff
        # Vowels: softened ones lose the softness, glides become i
        (r"yo", "e"),  # Gorbachyov
        (r"(?:y|i)e|(?<=[aeiouy])je", "e"),
        (r"i?ya|ia", "a"),
        (r"(?:y|i)u", "u"),
        (r"ee", "i"),
        (r"oo|ou", "u"),
        (r"[ae][iy]", "e"),
        (r"y", "i"),
        (r"(.)\1+", r"\1"),
    ]
]
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_VOWELS = re.compile(r"(?<!^)[aeiouv]")
# Hebrew, Arabic and the scripts of India leave vowels out, or to the reader.
_VOWELLESS = ((0x0590, 0x08FF), (0x0900, 0x0DFF))
MIN_SKELETON = 2
MAX_KEY = 80


@lru_cache(maxsize=2**17)
def in_latin(word: str) -> str:
    """Write a word in plain a-z and 0-9."""
    return _NOT_ALNUM.sub("", anyascii(word).lower())[:MAX_KEY]


@lru_cache(maxsize=2**17)
def sound_key(word: str) -> str:
    """Give what the romanisations of a word have in common; empty when it has no Latin form."""
    key = in_latin(word)
    if key.isdigit():
        return key
    for pattern, replacement in _RULES:
        key = pattern.sub(replacement, key)
    return key.lower()


def skeleton(word: str) -> str:
    """Give the consonants of the key, for scripts that write little else: Nader is `ndr`.

    Hindi tells j from z by a dot that is often left out.
    """
    return _VOWELS.sub("", sound_key(word).rstrip("h").replace("j", "s"))


def is_vowelless(word: str) -> bool:
    """Tell whether a word is in a script that writes few vowels."""
    return any(low <= ord(word[0]) <= high for low, high in _VOWELLESS)


def keys_of(run: str) -> tuple[list[str], list[str]]:
    """Give the sound keys and the skeletons that a run of a title or name is also found by.

    Latin needs none. A run without spaces gives each syllable, each pair and the whole: nobody
    knows where a reader of Pinyin puts the spaces.
    """
    run = run[:MAX_WORD]
    if run.isascii():
        return [], []
    if is_unspaced(run):
        pairs = [run[at : at + length] for at in range(len(run)) for length in (1, 2)]
        return [key for piece in (*pairs, run) if (key := sound_key(piece))], []
    if is_vowelless(run) and len(bones := skeleton(run)) >= MIN_SKELETON:
        return [], [bones]
    key = sound_key(run)
    return [key] if key else [], []


@lru_cache(maxsize=2**13)
def latin_order(text: str) -> str:
    """Give what a text is sorted by among texts of any script: its plain Latin form."""
    latin = text if text.isascii() else anyascii(text)
    return _NOT_ALNUM.sub(" ", latin.lower()).strip()[:100]
