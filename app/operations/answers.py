"""The answer to a request for long work: 202, where to look, and when."""

from datetime import UTC, datetime
from typing import Any

from fastapi import Response

from app.models.operations import Operation
from app.operations.rules import seconds_to_wait
from app.operations.schemas import OperationOut


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


# For the `responses=` of an endpoint that begins an operation, and of those that show one
ACCEPTED: dict[int | str, dict[str, Any]] = {202: {"headers": _headers("Location", "Retry-After")}}
SHOWN: dict[int | str, dict[str, Any]] = {200: {"headers": _headers("Retry-After")}}


def accepted(operation: Operation, response: Response) -> OperationOut:
    """Answer a request that began an operation; the endpoint has `status_code=202`."""
    response.headers["Location"] = f"/v1/operations/{operation.id}"
    return shown(operation, response)


def shown(operation: Operation, response: Response) -> OperationOut:
    """Show an operation, and when to ask again while it has not ended."""
    if operation.ended_at is None:
        wait = seconds_to_wait(operation.created_at, datetime.now(UTC))
        response.headers["Retry-After"] = str(wait)
    return OperationOut.model_validate(operation)
