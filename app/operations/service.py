"""Operations: begun, watched, cancelled by the people of one organisation."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, jobs
from app.actors import Actor
from app.errors import Conflict, NotFound
from app.models.base import JsonObject
from app.models.operations import Operation, OperationFinding, OperationState
from app.operations.reads import visible_operations
from app.pagination import PageRequest, bounded_int

# What the worker knows the work by
TASK = "run_operation"
MAX_UNENDED = 20
ORDER, FINDINGS_ORDER = "id", "number"


async def begin(session: AsyncSession, actor: Actor, kind: str, wanted: JsonObject) -> Operation:
    """Have the worker do work of a kind, once this transaction is committed.

    `wanted` is JSON, kept as `Operation.input` and handed to the kind's handler; nobody else reads
    it. What the work is done with (a file) lies in the store or the database by then.

    Raises:
        Conflict: the organisation has 20 operations that have not ended.
    """
    await _require_room(session, actor)
    operation = Operation(
        organisation_id=actor.organisation_id, person_id=actor.person_id, kind=kind, input=wanted
    )
    session.add(operation)
    await session.flush()
    record(session, actor, operation, "created")
    await defer(session, operation.id)
    return operation


async def _require_room(session: AsyncSession, actor: Actor) -> None:
    unended = await session.scalar(
        select(func.count())
        .select_from(Operation)
        .where(Operation.organisation_id == actor.organisation_id, Operation.ended_at.is_(None))
    )
    if (unended or 0) >= MAX_UNENDED:
        raise Conflict(
            f"Your organisation has {MAX_UNENDED} operations that have not ended: wait for one, or "
            "cancel it.",
            code="too_many_operations",
        )


async def get_operation(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> Operation:
    """Give an operation of one's organisation.

    Raises:
        NotFound: it isn't there, or is another organisation's.
    """
    statement = visible_operations(actor).where(Operation.id == id_)
    found = await session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("operation")
    return found


async def list_operations(
    session: AsyncSession,
    actor: Actor,
    page: PageRequest,
    kind: str | None,
    state: OperationState | None,
) -> tuple[list[Operation], str | None]:
    """Give a page of one's organisation's operations, newest first."""
    statement = visible_operations(actor).order_by(Operation.id.desc()).limit(page.fetch)
    if kind is not None:
        statement = statement.where(Operation.kind == kind)
    if state is not None:
        statement = statement.where(Operation.state == state)
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(Operation.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


async def list_findings(
    session: AsyncSession, actor: Actor, id_: int, page: PageRequest
) -> tuple[list[OperationFinding], str | None]:
    """Give a page of what an operation found, in the order it was found.

    Raises:
        NotFound: the operation isn't there, or is another organisation's.
    """
    operation = await get_operation(session, actor, id_)
    statement = (
        select(OperationFinding)
        .where(OperationFinding.operation_id == operation.id)
        .order_by(OperationFinding.number)
        .limit(page.fetch)
    )
    if (after := page.after(FINDINGS_ORDER, bounded_int)) is not None:
        statement = statement.where(OperationFinding.number > after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, FINDINGS_ORDER, lambda row: (row.number,))


async def cancel_operation(session: AsyncSession, actor: Actor, id_: int) -> Operation:
    """Have an operation stop: at once where it waits, else as soon as its handler looks.

    Raises:
        NotFound: it isn't there, or is another organisation's.
        Conflict: it has ended otherwise.
    """
    operation = await get_operation(session, actor, id_, lock=True)
    if operation.state in {OperationState.SUCCEEDED, OperationState.FAILED}:
        raise Conflict(
            f"The operation has {operation.state} already; there is nothing left to cancel.",
            code="operation_ended",
            state=operation.state,
        )
    if operation.cancel_requested_at is None:
        operation.cancel_requested_at = datetime.now(UTC)
        if operation.state is OperationState.QUEUED:
            operation.state = OperationState.CANCELLED
            operation.ended_at = operation.cancel_requested_at
            record(session, actor, operation, "cancelled")
        else:
            record(session, actor, operation, "cancel_requested")
        await session.flush()
    return operation


async def defer(session: AsyncSession, id_: int) -> None:
    """Have the worker run an operation."""
    await jobs.defer(session, TASK, queue=jobs.LONG, operation_id=str(id_))


def record(session: AsyncSession, actor: Actor | None, operation: Operation, what: str) -> None:
    """Write a fact about an operation, for its organisation to know."""
    events.record(
        session,
        actor,
        f"operation.{what}",
        operation.id,
        organisation_ids=[operation.organisation_id],
        data={"kind": operation.kind},
    )
