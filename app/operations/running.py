"""Running operations in the worker: at least once, by one run at a time, and always to an end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.authentication import find_person
from app.errors import Forbidden, Problem, problem_document
from app.models.base import JsonObject
from app.models.operations import Operation, OperationFinding, OperationState
from app.operations.handling import Handler, Means, Progress, Run, Superseded, is_current
from app.operations.service import TASK, defer, record

# How often an operation is begun, whatever ended the runs before: an exception, or the worker's
# death. The worker's own retries are more.
MAX_ATTEMPTS = 5
KEPT = timedelta(days=90)
BATCH = 100
SERVER_ERROR = 500
logger = structlog.get_logger("app.operations")

INTERNAL_ERROR = problem_document(
    SERVER_ERROR,
    "internal_error",
    "Something broke on our side, each time it was tried. What was done before that stays done. "
    "Ask for it again; if it breaks again, quote the operation's id to the operator.",
)


async def run_operation(means: Means, handlers: Mapping[str, Handler], id_: int) -> None:
    """Run an operation, from its start, unless it has ended.

    A handler's `Problem` ends it; after anything else that is raised it waits as `queued` for the
    worker's next try, which the exception calls for. The last try ends it in any case.
    """
    async with means.transaction() as session:
        run = await _begin(session, id_)
    if run is None:
        return
    try:
        await _run_to_an_end(means, handlers, run)
    except Superseded:
        logger.warning("operation_superseded", operation_id=run.id, attempt=run.attempt)


async def _run_to_an_end(means: Means, handlers: Mapping[str, Handler], run: Run) -> None:
    try:
        await _run(means, handlers, run)
    except Superseded:
        raise
    except Exception as error:
        is_refusal = isinstance(error, Problem) and error.status < SERVER_ERROR
        if not is_refusal and run.attempt < MAX_ATTEMPTS:
            await _wait(means, run)
            raise
        if not is_refusal:
            logger.exception("operation_failed", operation_id=run.id, kind=run.kind)
        problem = error.document() if isinstance(error, Problem) else INTERNAL_ERROR
        await _fail(means, run, problem)


async def _run(means: Means, handlers: Mapping[str, Handler], run: Run) -> None:
    progress = Progress(means, run)
    # A version of the worker that doesn't know the kind leaves it, by a KeyError, to one that does.
    result = await handlers[run.kind](means, run, progress)
    async with means.transaction() as session:
        operation = await _current(session, run)
        operation.result = result
        if progress.has_seen_cancel:
            _end(session, operation, OperationState.CANCELLED)
        else:
            operation.progress = 1
            _end(session, operation, OperationState.SUCCEEDED)


async def _begin(session: AsyncSession, id_: int) -> Run | None:
    """Begin anew, with nothing told; None where there is nothing to do."""
    operation = await session.get(Operation, id_, with_for_update=True)
    if operation is None or operation.ended_at is not None:
        return None
    actor = await find_person(session, operation.person_id)
    if operation.cancel_requested_at is not None:
        _end(session, operation, OperationState.CANCELLED)
        return None
    operation.started_at = datetime.now(UTC)
    if operation.attempts >= MAX_ATTEMPTS:
        _end(session, operation, OperationState.FAILED, INTERNAL_ERROR)
        return None
    if actor is None or not actor.in_market:
        _end(session, operation, OperationState.FAILED, _refusal(actor).document())
        return None
    operation.state = OperationState.RUNNING
    operation.attempts += 1
    operation.progress, operation.counts, operation.findings = 0, {}, 0
    of_before = OperationFinding.operation_id == operation.id
    await session.execute(delete(OperationFinding).where(of_before))
    record(session, None, operation, "started")
    return Run(operation.id, operation.kind, actor, operation.input, operation.attempts)


def _refusal(actor: Actor | None) -> Problem:
    if actor is None:
        return Forbidden("Whoever asked for this was removed meanwhile.", code="person_removed")
    return Forbidden(
        "Your organisation was suspended meanwhile. Ask the organisers of the market.",
        code="organisation_suspended",
    )


async def _current(session: AsyncSession, run: Run) -> Operation:
    operation = await session.scalar(select(Operation).where(*is_current(run)).with_for_update())
    if operation is None:
        raise Superseded
    return operation


async def _fail(means: Means, run: Run, problem: JsonObject) -> None:
    async with means.transaction() as session:
        operation = await _current(session, run)
        _end(session, operation, OperationState.FAILED, problem)


async def _wait(means: Means, run: Run) -> None:
    async with means.transaction() as session:
        operation = await _current(session, run)
        operation.state, operation.started_at = OperationState.QUEUED, None


def _end(
    session: AsyncSession,
    operation: Operation,
    state: OperationState,
    problem: JsonObject | None = None,
) -> None:
    operation.state, operation.problem = state, problem
    operation.ended_at = datetime.now(UTC)
    record(session, None, operation, state)


# What the clock brings ------------------------------------------------------------------------

_ABANDONED = text(
    "SELECT o.id FROM operations o WHERE o.ended_at IS NULL AND NOT EXISTS ("
    "SELECT FROM procrastinate_jobs j WHERE j.task_name = :task "
    "AND j.status IN ('todo', 'doing') AND j.args ->> 'operation_id' = o.id::text"
    ") LIMIT :batch"
)


async def rescue_operations(session: AsyncSession) -> None:
    """Have the worker run what has not ended and that no job is about: its job failed in dying."""
    for id_ in await session.scalars(_ABANDONED, {"task": TASK, "batch": BATCH}):
        logger.warning("operation_rescued", operation_id=id_)
        await defer(session, id_)


async def forget_operations(session: AsyncSession) -> None:
    """Delete operations that ended long ago, with their findings."""
    old = select(Operation.id).where(Operation.ended_at < func.now() - KEPT).limit(BATCH)
    await session.execute(delete(Operation).where(Operation.id.in_(old)))
