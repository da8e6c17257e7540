"""The report of an import: a CSV file with a line for everything that was found."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from defusedcsv import csv

from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.rows import ImportRefused

COLUMNS = ("row", "reference", "field", "value", "problem", "done")
MAX_VALUE_CHARACTERS = 500
SHOWN = 10


class Report:
    """Counts what is found, keeps the first of it, and writes all of it to a file if there is one.

    Cells that a spreadsheet program would run as a formula are written as text.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Begin, over the report of an earlier import.

        Raises:
            ImportRefused: the file can't be written.
        """
        self.counts: Counter[tuple[Matter, Done]] = Counter()
        self.first: list[Finding] = []
        self._file = None
        if path is None:
            return
        try:
            # The byte order mark tells Excel that it is UTF-8.
            self._file = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        except OSError as error:
            raise ImportRefused(f"{path} can't be written: {error.strerror}.") from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def add(self, findings: Iterable[Finding]) -> None:
        """Take what was found."""
        for finding in findings:
            self.counts[finding.matter, finding.done] += 1
            if len(self.first) < SHOWN:
                self.first.append(finding)
            if self._file is not None:
                self._writer.writerow(_cells(finding))

    def flush(self) -> None:
        """Put on disk what was found so far."""
        if self._file is not None:
            self._file.flush()


def _cells(finding: Finding) -> tuple[object, ...]:
    return (
        finding.place,
        finding.reference,
        finding.field,
        shortened(finding.value),
        finding.problem,
        finding.done.value,
    )


def shortened(text: str, length: int = MAX_VALUE_CHARACTERS) -> str:
    """Cut a text that is too long to read, and say so by an ellipsis."""
    text = text.replace("\x00", "␀")
    return text if len(text) <= length else f"{text[:length]}…"
