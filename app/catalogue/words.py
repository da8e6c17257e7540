"""Filters as words of the search index, which may find more than is meant: the columns decide."""

from collections.abc import Iterable, Iterator

from app.catalogue.filters import EARLIEST, LATEST, LONGEST, TitleFilters
from app.catalogue.indexing import DECADE, facet, runtime_steps

# A range that most titles lie in is many long lists of rows, and costs an index more than it saves:
# few titles are older than this century, and few much shorter or longer than an evening.
CENTURY, FEW_YEARS = 2000, 10
SHORT, LONG, FEW_STEPS = 60, 150, 3


def index_words(filters: TitleFilters) -> list[str]:
    """Give the words that find few titles; where there is none, those that find many."""
    words = narrow_words(filters)
    return words or [word for word, _ in _ranges(filters)]


def narrow_words(filters: TitleFilters) -> list[str]:
    """Give the words that find few titles, for a question that has others beside them."""
    words = [
        _any(name, getattr(filters, name))
        for name in ("kind", "genre", "country", "language", "stage")
        if getattr(filters, name)
    ]
    if filters.seller_id is not None:
        words.append(facet("seller", filters.seller_id))
    return words + [word for word, is_narrow in _ranges(filters) if is_narrow]


def _ranges(filters: TitleFilters) -> Iterator[tuple[str, bool]]:
    """Give the words of each range, and whether it is narrow."""
    if filters.year_min is not None or filters.year_max is not None:
        first, last = filters.year_min or EARLIEST, filters.year_max or LATEST
        yield _group(_years(first, last)), last < CENTURY or last - first < FEW_YEARS
    if filters.runtime_min is not None or filters.runtime_max is not None:
        least, most = filters.runtime_min or 1, filters.runtime_max or LONGEST
        steps = runtime_steps(least, most)
        is_narrow = most < SHORT or least > LONG or len(steps) <= FEW_STEPS
        yield _any("runtime", steps), is_narrow


def _any(name: str, values: Iterable[object]) -> str:
    return _group([facet(name, value) for value in values])


def _group(words: Iterable[str]) -> str:
    """Join words by "or"; none of them is a word that nothing has."""
    found = list(words)
    if not found:
        return facet("nothing", "")
    return found[0] if len(found) == 1 else f"({'|'.join(found)})"


def _years(first: int, last: int) -> Iterator[str]:
    """Cover a range of years by whole decades and the single years at its ends."""
    year = first
    while year <= last:
        if year % DECADE == 0 and year + DECADE - 1 <= last:
            yield facet("decade", year // DECADE)
            year += DECADE
        else:
            yield facet("year", year)
            year += 1
