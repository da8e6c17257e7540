"""Which references and titles a file has brought already: on disk, however many there are."""

import sqlite3

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
        self._database.execute("BEGIN")
        for candidate in candidates:
            if row := self._earlier(f"r{candidate.reference}", candidate.row):
                findings.append(_same_reference(candidate, row))
                continue
            kept.append(candidate)
            title = candidate.title
            like = likeness(title.kind, title.year, title.original_title)
            if row := self._earlier(f"t{like}", candidate.row):
                findings.append(_lookalike(candidate, row))
        self._database.execute("COMMIT")
        return kept, findings

    def _earlier(self, key: str, row: int) -> int | None:
        """Remember a key; give the row that had it before."""
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, row))
        if added.rowcount:
            return None
        found = self._database.execute("SELECT row FROM seen WHERE key = ?", (key,))
        earlier: int = found.fetchone()[0]
        return earlier


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
