"""A file, cut into batches that each go in as one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.partners.imports.by_name import mapping_by_name
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.mapping import Mapping
from app.partners.imports.plain import Judge
from app.partners.imports.plans import Plan, compile_plan
from app.partners.imports.reports import shortened
from app.partners.imports.rows import Row, Source, UnreadableRow
from app.partners.imports.seen import Seen
from app.partners.imports.titles import Candidate

BATCH_ROWS = 1000
# The first batch is small and each next one twice as large: the database has work sooner.
FIRST_ROWS = 64
MAX_PLANS = 100
MAX_UNUSED = 1000


@dataclass(slots=True)
class Batch:
    """So many rows: those that make titles, and what was found in all of them."""

    rows: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # How much of the file was read by the end of it, from 0 to 1
    done: float = 0.0


class Batches:
    """Reads a source to its end."""

    def __init__(self, source: Source, mapping: Mapping | None) -> None:
        """Prepare.

        Raises:
            ImportRefused: the mapping doesn't fit the file.
        """
        self._source = source
        plan = _plan_of_file(source, mapping)
        self._judge = Judge(plan) if plan else None
        self._judges: dict[tuple[str, ...], Judge] = {}
        self._unused: set[str] = set()
        self._met: set[str] = set()

    def __iter__(self) -> Iterator[Batch]:
        """Give batch after batch."""
        seen = Seen()
        batch = Batch(findings=self._unused_columns())
        size = min(FIRST_ROWS, BATCH_ROWS)
        try:
            for row in self._source.rows():
                self._take(row, batch)
                if batch.rows == size:
                    yield self._finished(batch, seen)
                    batch = Batch()
                    size = min(2 * size, BATCH_ROWS)
            batch.findings += self._columns_never_met()
            yield self._finished(batch, seen)
        finally:
            seen.close()

    def _take(self, row: Row | UnreadableRow, batch: Batch) -> None:
        batch.rows += 1
        if isinstance(row, UnreadableRow):
            batch.findings.append(_unreadable(row))
            return
        judge = self._judge or self._judge_of(row)
        if self._source.columns is None:
            batch.findings += self._unused_members(row, judge.plan)
        judged = judge.judge(row)
        batch.findings += judged.findings
        if judged.candidate:
            batch.candidates.append(judged.candidate)

    def _finished(self, batch: Batch, seen: Seen) -> Batch:
        batch.candidates, found = seen.sift(batch.candidates)
        batch.findings += found
        batch.findings.sort(key=lambda finding: finding.row)
        batch.done = self._source.done()
        return batch

    def _judge_of(self, row: Row) -> Judge:
        """Map a row that names its own columns, by their names."""
        names = tuple(row.cells)
        if (judge := self._judges.get(names)) is None:
            if len(self._judges) == MAX_PLANS:
                self._judges.clear()
            mapping = mapping_by_name(list(names), has_json=True)
            plan = compile_plan(mapping, list(names), by_row=True)
            judge = self._judges[names] = Judge(plan)
        return judge

    def _unused_columns(self) -> list[Finding]:
        if self._judge is None or self._source.columns is None:
            return []
        known = self._judge.plan.used | self._judge.plan.ignored
        return [_unused(0, column) for column in self._source.columns if column not in known]

    def _unused_members(self, row: Row, plan: Plan) -> list[Finding]:
        """Report each name once, where it is met first."""
        self._met |= row.cells.keys() & plan.used
        unused = row.cells.keys() - plan.used - plan.ignored - self._unused
        if not unused or len(self._unused) > MAX_UNUSED:
            return []
        self._unused |= unused
        return [_unused(row.number, name) for name in sorted(unused)]

    def _columns_never_met(self) -> list[Finding]:
        if self._judge is None or self._source.columns is not None:
            return []
        return [
            Finding(
                0,
                "",
                name,
                "",
                "is named by the mapping, and by no row",
                Done.LEFT_OUT,
                Matter.UNUSED_COLUMN,
            )
            for name in sorted(self._judge.plan.used - self._met)
        ]


def _plan_of_file(source: Source, mapping: Mapping | None) -> Plan | None:
    if mapping is not None:
        return compile_plan(mapping, source.columns)
    if source.columns is None:
        return None
    return compile_plan(mapping_by_name(source.columns, has_json=False), source.columns)


def _unreadable(row: UnreadableRow) -> Finding:
    return Finding(
        row.number, "", "", shortened(row.value), row.problem, Done.ROW_REFUSED, Matter.UNREADABLE
    )


def _unused(row: int, column: str) -> Finding:
    problem = "is a column that no field takes; ignore it in the mapping if that is meant"
    return Finding(row, "", column, "", problem, Done.LEFT_OUT, Matter.UNUSED_COLUMN)
