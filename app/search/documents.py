"""What a text is indexed by: a `tsvector` whose words carry a tag for where they stood.

The tag, one capital before the folded word (which has none), takes the place of tsvector's own
weights: those are not in the index, so that `'word:A'` would read every row that has the word
anywhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from app.search.folding import MAX_WORD, chunks_of, is_unspaced, runs_of, words_of_chunk
from app.search.romanisation import MAX_KEY, keys_of, sound_key

# Bounds of one document; what is longer is found by its beginning.
MAX_TITLES = 200
MAX_WORDS = 3000
MAX_CHARACTERS = 20_000
MAX_WHOLE = 100
# Beginnings of up to so many letters are words of their own.
MAX_BEGINNING = 3


class Tag(StrEnum):
    """Where a word stood, and in what form it is kept."""

    WHOLE = "E"  # a whole title, as one word
    WHOLE_KEY = "F"  # … by its sound key
    TITLE = "A"
    TITLE_KEY = "K"
    TITLE_SKELETON = "S"
    NAME = "B"
    NAME_KEY = "L"
    NAME_SKELETON = "T"
    TEXT = "D"


class Beginnings(NamedTuple):
    """How short beginnings of words are kept, for those who have not typed to the end."""

    tag: str
    # Shorter ones begin too many words there to be looked for.
    least: int


BEGINNINGS = {
    Tag.TITLE: Beginnings("P", 1),
    Tag.TITLE_KEY: Beginnings("M", 1),
    Tag.TITLE_SKELETON: Beginnings("U", 2),
    Tag.NAME: Beginnings("Q", 2),
    Tag.NAME_KEY: Beginnings("N", 2),
    Tag.NAME_SKELETON: Beginnings("V", 2),
    Tag.TEXT: Beginnings("R", 3),
}


class Cuts(NamedTuple):
    """What a word is kept as: itself behind one tag, its beginnings behind another."""

    tag: str
    begun: str
    least: int
    longest: int


def _cuts(tag: Tag, longest: int) -> Cuts:
    return Cuts(tag.value, BEGINNINGS[tag].tag, BEGINNINGS[tag].least, longest)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a text stands, as what becomes of its words, and of what they sound like."""

    native: Cuts
    sounds: tuple[Cuts, ...]


def _place(native: Tag, *sounds: Tag) -> Place:
    return Place(_cuts(native, MAX_WORD), tuple(_cuts(tag, MAX_KEY) for tag in sounds))


TITLES = _place(Tag.TITLE, Tag.TITLE_KEY, Tag.TITLE_SKELETON)
NAMES = _place(Tag.NAME, Tag.NAME_KEY, Tag.NAME_SKELETON)
TEXTS = _place(Tag.TEXT)
WHOLE, WHOLE_KEY = Tag.WHOLE.value, Tag.WHOLE_KEY.value


def document(
    titles: Iterable[str],
    names: Iterable[str] = (),
    texts: Iterable[str] = (),
    facets: Iterable[str] = (),
) -> str:
    """Write the `tsvector` of something with titles, names that belong to it, and longer texts.

    `facets` are words of the caller's own that no query of a person can hit: they begin in lower
    case and hold neither spaces nor any of `':&|!()<`.
    """
    words = set(facets)
    said = _Said(words)
    for title in dict.fromkeys(islice(titles, MAX_TITLES)):
        chunks = chunks_of(title[:MAX_CHARACTERS])
        said.add(chunks, TITLES)
        words.update(_whole(chunks))
    said.add(chunks_of(" ".join([name[:MAX_CHARACTERS] for name in names])), NAMES)
    for text in texts:
        said.add(chunks_of(text[:MAX_CHARACTERS]), TEXTS)
    return said.written()


class _Said:
    """Collects the words of a document: most are plain, and written all at once at the end."""

    def __init__(self, words: set[str]) -> None:
        """Begin with words that have their tags."""
        self._words = words
        self._plain: dict[Place, set[str]] = {TITLES: set(), NAMES: set(), TEXTS: set()}

    def add(self, chunks: list[str], place: Place) -> None:
        """Add what chunks are found by, where they stand."""
        room = MAX_WORDS - len(self._words) - sum(map(len, self._plain.values()))
        if room <= 0:
            return
        plain = self._plain[place]
        for chunk in chunks[:room]:
            if not chunk.isascii():
                self._words |= _words(chunk, place)
            elif "-" in chunk:
                plain.update(words_of_chunk(chunk))
            else:
                plain.add(chunk[:MAX_WORD])

    def written(self) -> str:
        """Write all as a `tsvector`."""
        groups = list(self._words)
        for place, plain in self._plain.items():
            groups += _written(plain, place.native)
        return " ".join(groups)


def _written(words: Collection[str], cuts: Cuts) -> list[str]:
    """Write words, cut to the longest, and their beginnings, each behind its tag."""
    if not words:
        return []
    written = [cuts.tag + f" {cuts.tag}".join(words)]
    if long := [word for word in words if len(word) >= cuts.least]:
        # Words that are shorter than a beginning are among the shorter beginnings.
        begun = {word[:length] for length in range(cuts.least, MAX_BEGINNING + 1) for word in long}
        written.append(cuts.begun + f" {cuts.begun}".join(begun))
    return written


def _whole(chunks: Sequence[str]) -> list[str]:
    """Give the words that only the same title, typed from end to end, is found by."""
    whole = "".join(chunks).replace("-", "")[:MAX_WHOLE]
    if not whole:
        return []
    if whole.isascii():
        return [WHOLE + whole]
    return [WHOLE + whole, WHOLE_KEY + whole_key(chunks)]


def whole_key(chunks: Iterable[str]) -> str:
    """Give the sound key of a whole title."""
    return "".join(sound_key(chunk) for chunk in chunks)[:MAX_WHOLE]


@lru_cache(maxsize=2**17)
def _words(chunk: str, place: Place) -> frozenset[str]:
    """Give every word that a chunk beyond ASCII is found by, each with its tag."""
    words: set[str] = set()
    heard = _heard(chunk) if place.sounds else ()
    forms = (words_of_chunk(chunk), *heard)
    for cuts, found in zip((place.native, *place.sounds), forms, strict=False):
        unspaced = [word for word in found if is_unspaced(word)]
        spaced = [word[: cuts.longest] for word in found if not is_unspaced(word)]
        words.update(" ".join(_written(spaced, cuts)).split())
        # A single letter of these begins nothing longer than a pair.
        words.update([cuts.tag + word for word in unspaced])
        words.update([cuts.begun + word[:1] for word in unspaced])
    return frozenset(words)


def _heard(chunk: str) -> tuple[list[str], list[str]]:
    """Give the sound keys and the skeletons of a chunk's parts, and of the whole of it."""
    keys: list[str] = []
    skeletons: list[str] = []
    for part in (*chunk.split("-"), chunk.replace("-", "")):
        for run in runs_of(part):
            of_run = keys_of(run)
            keys += of_run[0]
            skeletons += of_run[1]
    return keys, skeletons
