"""What became of the rows of a batch: the lines of the report, as they are kept and given out."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pydantic_core import from_json, to_json

from app.partners.imports.findings import Done, Finding, Matter
from app.partners.imports.reports import shortened

Line = dict[str, Any]
_LEVEL = 1


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one row that could be read."""

    row: int
    reference: str
    outcome: str
    id: int | None = None
    # What else whoever imports must know of it, and nobody later
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Landed:
    """A batch that is in: a line for each of its rows, and everything that was found."""

    lines: list[Line]
    findings: list[Finding]

    @classmethod
    def of(cls, fates: Iterable[Fate], findings: list[Finding]) -> "Landed":
        """Say of each row what became of it, and why."""
        problems: dict[int, list[Finding]] = defaultdict(list)
        for finding in findings:
            problems[finding.row].append(finding)
        lines = [_line(fate, problems.get(fate.row, [])) for fate in fates]
        known = {line["row"] for line in lines}
        for row, found in problems.items():
            if row not in known and any(each.done is Done.ROW_REFUSED for each in found):
                reference = next((each.reference for each in found if each.reference), "")
                lines.append(_line(Fate(row, reference, Outcome.REFUSED), found))
        return cls(sorted(lines, key=lambda line: int(line["row"])), findings)

    @property
    def outcomes(self) -> Counter[str]:
        """Count what became of the rows."""
        return Counter(line["outcome"] for line in self.lines)

    def packed(self) -> bytes:
        """Give it as it is kept."""
        findings = [
            {name: _whole(said) if isinstance(said, str) else said for name, said in each.items()}
            for each in map(asdict, self.findings)
        ]
        return zlib.compress(to_json({"lines": self.lines, "findings": findings}), _LEVEL)

    @classmethod
    def unpacked(cls, kept: bytes) -> "Landed":
        """Read it again."""
        read = from_json(zlib.decompress(kept))
        return cls(read["lines"], [_finding(each) for each in read["findings"]])

    def ndjson(self) -> bytes:
        """Give the lines of the report."""
        return b"".join(to_json(line) + b"\n" for line in self.lines)


def _line(fate: Fate, found: Iterable[Finding]) -> Line:
    return {
        "row": fate.row,
        "reference": _whole(fate.reference),
        "outcome": str(fate.outcome),
        "id": None if fate.id is None else str(fate.id),
        "problems": [
            {
                "field": _whole(each.field),
                "value": _whole(shortened(each.value)),
                "problem": _whole(each.problem),
                "done": each.done.value,
            }
            for each in found
        ],
        **fate.more,
    }


def _whole(text: str) -> str:
    """Give a text of any file's as JSON can hold it."""
    return text.encode("utf-8", "replace").decode()


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(**kept | {"done": Done(kept["done"]), "matter": Matter(kept["matter"])})
