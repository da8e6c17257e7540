"""Which references and titles a file has brought already: on disk, however many there are."""

import sqlite3

from pydantic_core import to_json

from app.models.vocabulary import Kind
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.titles import Candidate
from app.search import fold

_CACHE_KIB = 16 * 1024
_SCHEMA = f"""
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE_KIB};
CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
"""


class Seen:
    """Remembers the rows of one file; SQLite keeps what does not fit a small memory on disk."""

    def __init__(self) -> None:
        """Begin with nothing, in a database without a name: it is gone when it is closed."""
        # The rows are read in threads, one after the other.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def sift(self, candidates: list[Candidate]) -> tuple[list[Candidate], list[Finding]]:
        """Refuse every row whose reference an earlier row has; tell which ones look alike."""
        kept: list[Candidate] = []
        findings: list[Finding] = []
        keys = [_keys(candidate) for candidate in candidates]
        rows = self._earlier([key for both in keys for key in both])
        added: dict[str, int] = {}
        for candidate, (reference, like) in zip(candidates, keys, strict=True):
            if row := rows.get(reference):
                findings.append(_same_reference(candidate, row))
                continue
            kept.append(candidate)
            rows[reference] = added[reference] = candidate.row
            if row := rows.get(like):
                findings.append(_lookalike(candidate, row))
            else:
                rows[like] = added[like] = candidate.row
        self._remember(added)
        return kept, findings

    def _earlier(self, keys: list[str]) -> dict[str, int]:
        """Give the rows that had these keys before."""
        sought = "SELECT key, row FROM seen WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(sought, (to_json(keys).decode(),)))

    def _remember(self, rows: dict[str, int]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO seen VALUES (?, ?)", rows.items())
        self._database.execute("COMMIT")


def _keys(candidate: Candidate) -> tuple[str, str]:
    """Give what a reference is known by, and what titles that look alike have in common."""
    title = candidate.title
    like = likeness(title.kind, title.year, title.original_title)
    return f"r{candidate.reference}", f"t{like}"


def likeness(kind: Kind, year: int | None, original_title: str) -> str:
    """Give what two descriptions of the same title have in common."""
    letters = "".join(fold(original_title).split()).replace("-", "")
    return f"{kind.value} {year or ''} {letters}"


def _same_reference(candidate: Candidate, row: int) -> Finding:
    return Finding(
        candidate.row,
        candidate.reference,
        "reference",
        candidate.reference,
        f"is the reference of row {row}",
        Done.ROW_REFUSED,
        Matter.SAME_REFERENCE,
    )


def _lookalike(candidate: Candidate, row: int) -> Finding:
    return Finding(
        candidate.row,
        candidate.reference,
        "original_title",
        candidate.title.original_title,
        f"has kind, year and title of row {row}",
        Done.TAKEN,
        Matter.LOOKALIKE,
    )
