"""What a query looks for: `tsquery`s from the best match to the farthest."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from app.search.documents import MAX_WHOLE, Tag, whole_key
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
# Fewer letters begin too many words: they are a beginning in titles, and a whole word elsewhere.
MIN_PREFIX_OF_NAME = 2
MIN_PREFIX_OF_TEXT = 3
# Collecting all words that begin so costs an index more than testing what the other words find.
MAX_SHORT_PREFIX = 4
STAR = ":*"

_TITLES = ((Tag.TITLE, Tag.TITLE_KEY, Tag.TITLE_SKELETON, 1),)
_NAMES = (*_TITLES, (Tag.NAME, Tag.NAME_KEY, Tag.NAME_SKELETON, MIN_PREFIX_OF_NAME))
_TEXTS = (*_NAMES, (Tag.TEXT, None, None, MIN_PREFIX_OF_TEXT))

_Place = tuple[Tag, Tag | None, Tag | None, int]
# What to look for instead of a word, which may be followed by a star
_Forms = Callable[[str, str], str]


class Tier(NamedTuple):
    """The rows of one rank, as three `tsquery`s that an index is asked differently."""

    # What is meant: no row is in two tiers
    exact: str
    # The same without what nearer tiers have: costs an index less, finds their rows too
    broad: str
    # The same without short beginnings of words, where there are others: costs less, finds more
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
        broad = _all(chunks, forms, unfinished=unfinished)
        if broad != nearer:
            besides = f"&!{nearer}" if nearer else ""
            probe = _probe(chunks, forms) if unfinished else broad
            found.append(Tier(f"{broad}{besides}&!{whole}", broad, probe))
        nearer = broad
    return found


def anywhere(text: str) -> Tier | None:
    """Give one tier of all that `tiers` would find; None when the text has no word."""
    chunks = _chunks(text)
    if not chunks:
        return None
    broad = _all(chunks, _WIDENING[-1], unfinished=True)
    return Tier(broad, broad, _probe(chunks, _WIDENING[-1]))


def with_facets(tier: Tier, facets: Iterable[str]) -> Tier:
    """Ask the index for rows that have every facet as well; a facet may be several in `(a|b)`."""
    words = "".join(f"{facet}&" for facet in facets)
    return Tier(tier.exact, words + tier.broad, words + tier.probe)


def _chunks(text: str) -> list[str]:
    return chunks_of(text[:MAX_QUERY])[:MAX_WORDS]


def _probe(chunks: list[str], forms: _Forms) -> str:
    """Look for the words that an index finds at little cost, if there are any such."""
    last = len(chunks) - 1
    cheap = [at for at, chunk in enumerate(chunks) if not _is_costly(chunk, is_last=at == last)]
    if not cheap:
        return _all(chunks, forms, unfinished=True)
    return _all([chunks[at] for at in cheap], forms, unfinished=cheap[-1] == last)


def _is_costly(chunk: str, *, is_last: bool) -> bool:
    """Tell whether a chunk is the beginning of many words."""
    end = runs_of(chunk.rpartition("-")[2])[-1]
    if is_unspaced(end):
        return len(chunk) == 1
    return is_last and len(end) <= MAX_SHORT_PREFIX


def _whole(chunks: list[str]) -> str:
    whole = "".join(chunks).replace("-", "")[:MAX_WHOLE]
    if not whole.isascii():
        return Tag.WHOLE + whole
    return f"({Tag.WHOLE}{whole}|{Tag.WHOLE_KEY}{whole_key(chunks)})"


def _all(chunks: list[str], forms: _Forms, *, unfinished: bool) -> str:
    last = len(chunks) - 1
    terms = [
        _compound(chunk, forms, unfinished=unfinished and at == last)
        for at, chunk in enumerate(chunks)
    ]
    return _group(terms, "&")


def _compound(chunk: str, forms: _Forms, *, unfinished: bool) -> str:
    """Look for the parts of a compound, or for the same as one word."""
    parts, joined = compounds_of(chunk)
    apart = [
        _part(part, forms, unfinished=unfinished and at == len(parts) - 1)
        for at, part in enumerate(parts)
    ]
    if joined is None:
        return _group(apart, "&")
    return _group([_group(apart, "&"), _part(joined, forms, unfinished=unfinished)], "|")


def _part(part: str, forms: _Forms, *, unfinished: bool) -> str:
    runs = runs_of(part)
    words: list[str] = []
    for at, run in enumerate(runs):
        if is_unspaced(run):
            pairs = [pair for pair in pairs_of(run) if len(pair) > 1][:MAX_PAIRS]
            words += [forms(pair, "") for pair in pairs] or [forms(run, STAR)]
        else:
            is_last = unfinished and at == len(runs) - 1
            words.append(forms(run[:MAX_WORD], STAR if is_last else ""))
    return _group(words, "&")


def _exact(word: str, star: str) -> str:
    """Look for the word in titles, as it is or plainly in Latin."""
    found = [Tag.TITLE + word + star]
    if not word.isascii() and not is_unspaced(word) and (latin := in_latin(word)):
        found.append(Tag.TITLE + latin)
    return _group(found, "|")


def _anyhow(places: tuple[_Place, ...]) -> _Forms:
    """Look for the word in some places, in every form."""

    def forms(word: str, star: str) -> str:
        found: list[str] = []
        for native, key, bones, least in places:
            end = star if len(word) >= least or is_unspaced(word) else ""
            found += [native + spelling + end for spelling in _spellings(word)]
            if key and bones:
                found += _by_sound(word, key, bones, end)
        return _group(list(dict.fromkeys(found)), "|")

    return forms


_WIDENING = tuple(_anyhow(places) for places in (_TITLES, _NAMES, _TEXTS))


def _spellings(word: str) -> list[str]:
    """Give the word, and its plain form in Latin: for Сталкер also `stalker`."""
    if word.isascii() or is_unspaced(word):
        return [word]
    latin = in_latin(word)
    return [word, latin] if latin else [word]


def _by_sound(word: str, key: Tag, bones: Tag, star: str) -> list[str]:
    if is_unspaced(word) or not (sound := sound_key(word)) or sound.isdigit():
        return []
    found = [key + sound + star]
    if word.isascii() and len(consonants := skeleton(word)) >= MIN_SKELETON:
        found.append(bones + consonants + star)
    return found


def _group(terms: list[str], operator: str) -> str:
    return terms[0] if len(terms) == 1 else f"({operator.join(terms)})"
