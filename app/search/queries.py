"""What a query looks for: `tsquery`s from the best match to the farthest."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from app.search.documents import BEGINNINGS, MAX_BEGINNING, MAX_WHOLE, Tag, whole_key
from app.search.folding import MAX_WORD, chunks_of, compounds_of, is_unspaced, pairs_of, runs_of
from app.search.romanisation import (
    MIN_SKELETON,
    in_latin,
    skeleton,
    sound_key,
)

# Longer queries are refused by the API; of what is left, so many words count.
MAX_QUERY = 200
MAX_WORDS = 10
MAX_PAIRS = 12
# Collecting all words that begin so costs an index more than it saves; their own beginnings are
# words of the index, which it finds at once.
MAX_SHORT_PREFIX = 4
STAR = ":*"


class _Place(NamedTuple):
    """Where a word may stand, as the tags of its forms."""

    native: Tag
    key: Tag | None
    bones: Tag | None


# How the index is asked for words that begin so
_Begins = Callable[[Tag, str], str]
# What to look for instead of a word, which may be unfinished
_Forms = Callable[[str, _Begins | None], str]


def _starred(tag: Tag, letters: str) -> str:
    return tag + letters + STAR


def _begun(tag: Tag, letters: str) -> str:
    """Look for short beginnings as the words they are: finds more where they were cut."""
    if len(letters) > MAX_SHORT_PREFIX:
        return _starred(tag, letters)
    return BEGINNINGS[tag].tag + letters[:MAX_BEGINNING]


class Tier(NamedTuple):
    """The rows of one rank, as three `tsquery`s that an index is asked differently."""

    # What is meant: no row is in two tiers
    exact: str
    # The same without what nearer tiers have: costs an index less, finds their rows too
    broad: str
    # The same with short beginnings as words of their own: costs less, finds more
    probe: str


def tiers(text: str) -> list[Tier]:
    """Give what to look for, best first; nothing when the text has no word.

    1. the whole title; 2. its words are in the titles; 3. the same with the last word unfinished,
    or in another script; 4. in the names as well; 5. anywhere.
    """
    chunks = _chunks(text)
    if not chunks:
        return []
    whole = _whole(chunks)
    found = [Tier(whole, whole, whole)]
    nearer = ""
    for forms in (_exact, *_WIDENING):
        unfinished = forms is not _exact
        broad = _all(chunks, forms, _starred, unfinished=unfinished)
        if broad != nearer:
            besides = f"&!{nearer}" if nearer else ""
            probe = _all(chunks, forms, _begun, unfinished=unfinished)
            found.append(Tier(f"{broad}{besides}&!{whole}", broad, probe))
        nearer = broad
    return found


def anywhere(text: str) -> Tier | None:
    """Give one tier of all that `tiers` would find; None when the text has no word."""
    chunks = _chunks(text)
    if not chunks:
        return None
    broad, probe = (
        _all(chunks, _WIDENING[-1], begins, unfinished=True) for begins in (_starred, _begun)
    )
    return Tier(broad, broad, probe)


def with_facets(tier: Tier, facets: Iterable[str]) -> Tier:
    """Ask the index for rows that have every facet as well; a facet may be several in `(a|b)`."""
    words = "".join(f"{facet}&" for facet in facets)
    return Tier(tier.exact, words + tier.broad, words + tier.probe)


def _chunks(text: str) -> list[str]:
    return chunks_of(text[:MAX_QUERY])[:MAX_WORDS]


def _whole(chunks: list[str]) -> str:
    whole = "".join(chunks).replace("-", "")[:MAX_WHOLE]
    if not whole.isascii():
        return Tag.WHOLE + whole
    return f"({Tag.WHOLE}{whole}|{Tag.WHOLE_KEY}{whole_key(chunks)})"


def _all(chunks: list[str], forms: _Forms, begins: _Begins, *, unfinished: bool) -> str:
    last = len(chunks) - 1
    terms = [
        _compound(chunk, forms, begins, unfinished=unfinished and at == last)
        for at, chunk in enumerate(chunks)
    ]
    return _group(terms, "&")


def _compound(chunk: str, forms: _Forms, begins: _Begins, *, unfinished: bool) -> str:
    """Look for the parts of a compound, or for the same as one word."""
    parts, joined = compounds_of(chunk)
    apart = [
        _part(part, forms, begins, unfinished=unfinished and at == len(parts) - 1)
        for at, part in enumerate(parts)
    ]
    if joined is None:
        return _group(apart, "&")
    together = _part(joined, forms, begins, unfinished=unfinished)
    return _group([_group(apart, "&"), together], "|")


def _part(part: str, forms: _Forms, begins: _Begins, *, unfinished: bool) -> str:
    runs = runs_of(part)
    words: list[str] = []
    for at, run in enumerate(runs):
        if is_unspaced(run):
            pairs = [pair for pair in pairs_of(run) if len(pair) > 1][:MAX_PAIRS]
            words += [forms(pair, None) for pair in pairs] or [forms(run, begins)]
        else:
            is_last = unfinished and at == len(runs) - 1
            words.append(forms(run[:MAX_WORD], begins if is_last else None))
    return _group(words, "&")


def _exact(word: str, begins: _Begins | None) -> str:
    """Look for the word in titles, as it is or plainly in Latin."""
    found = [begins(Tag.TITLE, word) if begins else Tag.TITLE + word]
    if not word.isascii() and not is_unspaced(word) and (latin := in_latin(word)):
        found.append(Tag.TITLE + latin)
    return _group(found, "|")


def _anyhow(places: tuple[_Place, ...]) -> _Forms:
    """Look for the word in some places, in every form."""

    def forms(word: str, begins: _Begins | None) -> str:
        found = [
            begins(tag, said)
            if begins and (len(said) >= BEGINNINGS[tag].least or is_unspaced(said))
            else tag + said
            for place in places
            for tag, said in _said(word, place)
        ]
        return _group(list(dict.fromkeys(found)), "|")

    return forms


def _said(word: str, place: _Place) -> list[tuple[Tag, str]]:
    """Give the forms of a word that a place may have, each with its tag."""
    said = [(place.native, spelling) for spelling in _spellings(word)]
    if place.key and place.bones:
        said += _by_sound(word, place.key, place.bones)
    return said


_TITLES = (_Place(Tag.TITLE, Tag.TITLE_KEY, Tag.TITLE_SKELETON),)
_NAMES = (*_TITLES, _Place(Tag.NAME, Tag.NAME_KEY, Tag.NAME_SKELETON))
_TEXTS = (*_NAMES, _Place(Tag.TEXT, None, None))
_WIDENING = tuple(_anyhow(places) for places in (_TITLES, _NAMES, _TEXTS))


def _spellings(word: str) -> list[str]:
    """Give the word, and its plain form in Latin: for Сталкер also `stalker`."""
    if word.isascii() or is_unspaced(word):
        return [word]
    latin = in_latin(word)
    return [word, latin] if latin else [word]


def _by_sound(word: str, key: Tag, bones: Tag) -> list[tuple[Tag, str]]:
    if is_unspaced(word) or not (sound := sound_key(word)) or sound.isdigit():
        return []
    found = [(key, sound)]
    if word.isascii() and len(consonants := skeleton(word)) >= MIN_SKELETON:
        found.append((bones, consonants))
    return found


def _group(terms: list[str], operator: str) -> str:
    return terms[0] if len(terms) == 1 else f"({operator.join(terms)})"
