"""What a text is indexed by: a `tsvector` whose words carry a tag for where they stood.

The tag, one capital before the folded word (which has none), takes the place of tsvector's own
weights: those are not in the index, so that `'word:A'` would read every row that has the word
anywhere.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache

from app.search.folding import chunks_of, runs_of, words_of_chunk
from app.search.romanisation import keys_of, sound_key

# Bounds of one document; what is longer is found by its beginning.
MAX_TITLES = 200
MAX_WORDS = 3000
MAX_CHARACTERS = 20_000
MAX_WHOLE = 100


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


Analyser = Callable[[str], tuple[str, ...]]


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
    for title in list(titles)[:MAX_TITLES]:
        _add(words, title, _title_words)
        words.update(_whole(chunks_of(title[:MAX_CHARACTERS])))
    for name in names:
        _add(words, name, _name_words)
    for text in texts:
        _add(words, text, _text_words)
    return " ".join(words)


def _add(words: set[str], text: str, analyse: Analyser) -> None:
    room = MAX_WORDS - len(words)
    if room > 0:
        words.update(*map(analyse, chunks_of(text[:MAX_CHARACTERS])[:room]))


def _whole(chunks: list[str]) -> list[str]:
    """Give the words that only the same title, typed from end to end, is found by."""
    whole = "".join(chunks).replace("-", "")[:MAX_WHOLE]
    if not whole:
        return []
    if whole.isascii():
        return [Tag.WHOLE + whole]
    return [Tag.WHOLE + whole, Tag.WHOLE_KEY + whole_key(chunks)]


def whole_key(chunks: list[str]) -> str:
    """Give the sound key of a whole title."""
    return "".join(sound_key(chunk) for chunk in chunks)[:MAX_WHOLE]


def _tagged(chunk: str, native: Tag, key: Tag, bones: Tag) -> tuple[str, ...]:
    words = [native + word for word in words_of_chunk(chunk)]
    if not chunk.isascii():
        for part in (*chunk.split("-"), chunk.replace("-", "")):
            for run in runs_of(part):
                keys, skeletons = keys_of(run)
                words += [key + word for word in keys]
                words += [bones + word for word in skeletons]
    return tuple(words)


@lru_cache(maxsize=2**16)
def _title_words(chunk: str) -> tuple[str, ...]:
    return _tagged(chunk, Tag.TITLE, Tag.TITLE_KEY, Tag.TITLE_SKELETON)


@lru_cache(maxsize=2**16)
def _name_words(chunk: str) -> tuple[str, ...]:
    return _tagged(chunk, Tag.NAME, Tag.NAME_KEY, Tag.NAME_SKELETON)


@lru_cache(maxsize=2**16)
def _text_words(chunk: str) -> tuple[str, ...]:
    return tuple(Tag.TEXT + word for word in words_of_chunk(chunk))
