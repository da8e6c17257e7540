"""Rows of which each column is one member, by its name; checked by a schema."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from app.partners.bulk.schemas import Referred
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.reports import shortened
from app.partners.imports.rows import CellError, Row, Source, UnreadableRow

BATCH_ROWS = 500
Wanted = TypeVar("Wanted", bound=Referred)


@dataclass(slots=True)
class PlainBatch(Generic[Wanted]):
    """So many rows: what they want, and what was found in all of them."""

    rows: int = 0
    wanted: list[tuple[int, Wanted]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    done: float = 0.0


class PlainRows(Generic[Wanted]):
    """Reads a source to its end."""

    def __init__(self, source: Source, schema: type[Wanted]) -> None:
        """Prepare."""
        self._source = source
        self._schema = schema
        # Rows by what they refer to: companies and their people are thousands, not millions.
        self._seen: dict[str, int] = {}
        self._unused: set[str] = set()

    def __iter__(self) -> Iterator[PlainBatch[Wanted]]:
        """Give batch after batch."""
        batch: PlainBatch[Wanted] = PlainBatch()
        for row in self._source.rows():
            batch.rows += 1
            if isinstance(row, UnreadableRow):
                value = shortened(row.value)
                batch.findings.append(
                    _refused(row.number, "", "", value, row.problem, Matter.UNREADABLE)
                )
            else:
                self._take(row, batch)
            if batch.rows == BATCH_ROWS:
                batch.done = self._source.done()
                yield batch
                batch = PlainBatch()
        batch.done = self._source.done()
        yield batch

    def _take(self, row: Row, batch: PlainBatch[Wanted]) -> None:
        said = {_name(column): cell for column, cell in row.cells.items() if not _is_empty(cell)}
        for name in sorted(said.keys() - self._schema.model_fields.keys()):
            del said[name]
            if name not in self._unused:
                self._unused.add(name)
                batch.findings.append(_unused(row.number, name))
        reference = str(said.get("reference", ""))
        try:
            wanted = self._schema.model_validate(said)
        except ValidationError as error:
            batch.findings += _faults(row.number, reference, error)
            return
        if before := self._seen.get(wanted.reference):
            problem = f"is the reference of row {before}"
            batch.findings.append(
                _refused(
                    row.number, reference, "reference", reference, problem, Matter.SAME_REFERENCE
                )
            )
            return
        self._seen[wanted.reference] = row.number
        batch.wanted.append((row.number, wanted))


def _name(column: str) -> str:
    return column.strip().casefold().replace(" ", "_")


def _is_empty(cell: Any) -> bool:  # noqa: ANN401  # of any file
    return cell is None or isinstance(cell, CellError) or (isinstance(cell, str) and not cell)


def _faults(row: int, reference: str, error: ValidationError) -> Iterator[Finding]:
    for fault in error.errors(include_url=False):
        name = ".".join(str(part) for part in fault["loc"])
        missing = fault["type"] == "missing"
        value = "" if missing else shortened(str(fault["input"]))
        problem = "is missing" if missing else fault["msg"].removeprefix("Value error, ")
        matter = Matter.MISSING if missing else Matter.IMPOSSIBLE
        yield _refused(row, reference, name, value, problem, matter)


def _refused(  # as a finding
    row: int, reference: str, name: str, value: str, problem: str, matter: Matter
) -> Finding:
    return Finding(row, reference, name, value, problem, Done.ROW_REFUSED, matter)


def _unused(row: int, name: str) -> Finding:
    problem = "is a column that is not known here"
    return Finding(row, "", name, "", problem, Done.LEFT_OUT, Matter.UNUSED_COLUMN)
