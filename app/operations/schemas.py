"""What goes out of operations."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.ids import Id
from app.models.operations import OperationState, Severity

_EXAMPLE: dict[str, JsonValue] = {
    "id": "116823110451200009",
    "kind": "avails.import",
    "state": "running",
    "progress": 0.4,
    "counts": {"rows": 4000, "created": 120},
    "findings": 3,
    "result": None,
    "problem": None,
    "person_id": "116823110451200002",
    "created_at": "2026-11-21T09:00:00Z",
    "started_at": "2026-11-21T09:00:01Z",
    "ended_at": None,
    "cancel_requested_at": None,
}
_FINDING: dict[str, JsonValue] = {
    "number": 1,
    "severity": "warning",
    "sheet": "AllAvails",
    "row": 7,
    "column": "ALID",
    "value": "10.5240/AAAA-AAAA-AAAA-AAAA-AAAA-B",
    "problem": "is no EIDR: its check character does not fit the rest",
    "done": "taken as it is",
}


class OperationOut(BaseModel):
    """Long work, and how far it is."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: Id
    kind: str = Field(description="What is done, as `avails.import`.")
    state: OperationState = Field(
        description="`queued` also between two tries. `succeeded`, `failed` and `cancelled` stay."
    )
    progress: float = Field(
        ge=0, le=1, description="How much of the work is done; begins anew when it is run again."
    )
    counts: dict[str, float] = Field(description="What the kind counts on the way.")
    findings: int = Field(description="How many findings there are; the first 100,000 are kept.")
    result: dict[str, Any] | None = Field(description="What came of it, as the kind says.")
    problem: dict[str, Any] | None = Field(
        description="Why it failed: a problem document, as an answer would have been (RFC 9457)."
    )
    person_id: Id = Field(description="Who asked for it.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None


class FindingOut(BaseModel):
    """One thing that was found in what an operation was given."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [_FINDING]}, populate_by_name=True
    )

    number: int = Field(description="From 1, in the order they were found.")
    severity: Severity
    sheet: str | None
    row: int | None = Field(
        validation_alias="row_number", description="As a spreadsheet shows it, from 1."
    )
    column: str | None = Field(validation_alias="column_name")
    value: str | None = Field(description="What stands there, its first 500 characters.")
    problem: str = Field(description="What is wrong with it.")
    done: str | None = Field(description="What was done about it.")
