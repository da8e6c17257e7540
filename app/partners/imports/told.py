"""What was found in a file, as operations say it."""

from collections.abc import Iterable

from app.models.operations import Severity
from app.operations.handling import Finding as Told
from app.partners.imports.findings import Done, Finding, Matter


def told(findings: Iterable[Finding]) -> list[Told]:
    """Say what was found as `GET /v1/operations/{id}/findings` gives it."""
    return [
        Told(
            severity=_severity_of(finding),
            problem=finding.problem,
            sheet=finding.sheet or None,
            row=finding.row or None,
            column=finding.field or None,
            value=finding.value or None,
            done=finding.done.value,
        )
        for finding in findings
    ]


def _severity_of(finding: Finding) -> Severity:
    if finding.done is Done.ROW_REFUSED:
        return Severity.ERROR
    return Severity.INFO if finding.matter is Matter.NOTE else Severity.WARNING
