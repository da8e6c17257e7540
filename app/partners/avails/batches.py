"""A file of avails, cut into batches of understood rows that each go in as one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from app.partners.avails import vocabulary
from app.partners.avails.dates import AT_EST, Days
from app.partners.avails.files import AvailsFile
from app.partners.avails.meaning import Avail, judge, scope_of
from app.partners.avails.rows import AvailRow
from app.partners.avails.seen import Seen
from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.reports import shortened
from app.partners.imports.rows import UnreadableRow

BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Keyed:
    """An avail, and the key that its offering has."""

    avail: Avail
    scope: str
    key: str


@dataclass(slots=True)
class Batch:
    """So many rows: the avails among them, and what was found in all of them."""

    rows: int = 0
    avails: list[Keyed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refused: int = 0
    repeated: int = 0
    # How much of the file was read by the end of it, from 0 to 1
    done: float = 0.0


class Batches:
    """Reads a file to its end."""

    def __init__(self, file: AvailsFile, seen: Seen, today: date) -> None:
        """Prepare."""
        self._file = file
        self._seen = seen
        self._today = today
        # What was said of the row of the last territory: those of one place say it once.
        self._place = ""
        self._said: set[Finding] = set()

    def __iter__(self) -> Iterator[Batch]:
        """Give batch after batch."""
        batch = Batch(findings=list(self._file.notes))
        for row in self._file.rows():
            batch.rows += 1
            if isinstance(row, UnreadableRow):
                batch.refused += 1
                batch.findings.append(_unreadable(row))
                self._seen.keep("")
            else:
                self._take(row, batch)
            if batch.rows == BATCH_ROWS:
                yield self._finished(batch)
                batch = Batch()
        yield self._finished(batch)

    def _take(self, row: AvailRow, batch: Batch) -> None:
        judged = judge(row, self._today)
        alid = row.get("ALID")
        findings = [remark.of(row.number, alid, row.sheet) for remark in judged.remarks]
        batch.findings += self._unsaid(f"{row.sheet}!{row.number}", findings)
        if judged.avail is None:
            batch.refused += 1
            said = scope_of(row)
            self._seen.keep(self._seen.scope(said) if said else "")
            return
        self._keep(judged.avail, batch)

    def _keep(self, avail: Avail, batch: Batch) -> None:
        row, scope = avail.row, self._seen.scope(avail.scope)
        is_full = avail.entry_type in {vocabulary.FULL_EXTRACT, vocabulary.FULL_DELETE}
        if is_full:
            self._seen.replace(scope, is_named=avail.entry_type == vocabulary.FULL_DELETE)
        if avail.offered is None:
            # What is of a whole is swept away at the end, unless other rows of the file say it.
            batch.avails += [] if is_full else [Keyed(avail, scope, "")]
            return
        place = f"{row.sheet}!{row.number}" if row.sheet else str(row.number)
        key, before = self._seen.key(avail, scope, place)
        if before is None:
            batch.avails.append(Keyed(avail, scope, key))
            return
        batch.repeated += 1
        problem = f"says the same as row {before}"
        batch.findings.append(
            Finding(
                row.number,
                row.get("ALID"),
                "",
                "",
                problem,
                Done.LEFT_OUT,
                Matter.REPEATED,
                row.sheet,
            )
        )

    def _unsaid(self, place: str, findings: list[Finding]) -> list[Finding]:
        if place != self._place:
            self._place, self._said = place, set()
        new = [finding for finding in findings if finding not in self._said]
        self._said.update(new)
        return new

    def _finished(self, batch: Batch) -> Batch:
        batch.avails = _ended_pre_orders(batch)
        batch.done = self._file.done()
        return batch


def _ended_pre_orders(batch: Batch) -> list[Keyed]:
    """End pre-orders where the sale begins: they stand together in a file."""
    begins: dict[tuple[str, str], date] = {}
    for keyed in batch.avails:
        row, offered = keyed.avail.row, keyed.avail.offered
        if row.get("LicenseType") == "EST" and offered:
            place = (keyed.scope, row.get("Territory"))
            begins[place] = min(offered.days.first, begins.get(place, date.max))
    return [_ended(keyed, begins, batch) for keyed in batch.avails]


def _ended(keyed: Keyed, begins: dict[tuple[str, str], date], batch: Batch) -> Keyed:
    avail, row, offered = keyed.avail, keyed.avail.row, keyed.avail.offered
    if row.get("End") != AT_EST or offered is None or offered.days.last is not None:
        return keyed
    sale = begins.get((keyed.scope, row.get("Territory")))
    if sale is None or sale <= offered.days.first:
        problem = "is the start of a sale that is not near in this file: taken as open"
        batch.findings.append(
            Finding(
                row.number,
                row.get("ALID"),
                "End",
                AT_EST,
                problem,
                Done.TAKEN,
                Matter.NOTE,
                row.sheet,
            )
        )
        return keyed
    days = Days(offered.days.first, sale - timedelta(days=1))
    return replace(keyed, avail=replace(avail, offered=replace(offered, days=days)))


def _unreadable(row: UnreadableRow) -> Finding:
    return Finding(
        row.number,
        "",
        "",
        shortened(row.value),
        row.problem,
        Done.ROW_REFUSED,
        Matter.UNREADABLE,
        row.sheet,
    )
