"""What the handler of a kind of operation meets: means, its run, and a place to tell of progress.

Whatever is told stands in the database at once, in a short transaction of its own, for others to
see. A run that was given up for dead and begun again elsewhere learns of it by `Superseded`, which
it lets pass.
"""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.db import Database
from app.models.base import JsonObject
from app.models.operations import Operation, OperationFinding, OperationState, Severity
from app.s3 import Store

MAX_FINDINGS = 100_000
MAX_TEXT = 500


class Means(Protocol):
    """What the worker works with."""

    @property
    def database(self) -> Database:
        """Give both paths to PostgreSQL."""
        ...

    @property
    def store(self) -> Store:
        """Give the object store."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session that commits when it is left without an exception."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """An operation as it was begun, for the first time or again."""

    id: int
    kind: str
    # Who asked for it, as they stand now; `session_id` is 0
    actor: Actor
    # What was given to `begin`
    input: JsonObject
    # From 1
    attempt: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; texts are shortened to 500 characters, rows count from 1."""

    severity: Severity
    problem: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    done: str | None = None


class Handler(Protocol):
    """Does the work of one kind of operation."""

    def __call__(
        self, means: Means, run: Run, progress: "Progress", /
    ) -> Awaitable[JsonObject | None]:
        """Work to the end, and give the operation's result as JSON.

        Raises:
            Problem: it can't be done; below 500, trying again would not help.
        """
        ...


class Superseded(Exception):  # noqa: N818  # a fact, not a fault
    """This run was given up for dead, and another one does its work."""


class Progress:
    """Tells of one run, while it goes on."""

    def __init__(self, means: Means, run: Run) -> None:
        """Begin with nothing told."""
        self._means = means
        self._run = run
        self._found = 0
        # Whether the handler knows that it was to stop
        self.has_seen_cancel = False

    async def tell(self, done: float, counts: Mapping[str, float] | None = None) -> None:
        """Say how much of the work is done, from 0 to 1, and what was counted so far.

        Raises:
            Superseded: another run does the work.
        """
        values: dict[str, object] = {"progress": min(1.0, max(0.0, done))}
        if counts is not None:
            values["counts"] = dict(counts)
        async with self._means.transaction() as session:
            await self._note(session, values)

    async def find(self, findings: Sequence[Finding]) -> None:
        """Keep what was found, after what was found before; past 100,000 it is only counted.

        Raises:
            Superseded: another run does the work.
        """
        if not findings:
            return
        kept = findings[: max(0, MAX_FINDINGS - self._found)]
        rows = [self._row(number, each) for number, each in enumerate(kept, self._found + 1)]
        async with self._means.transaction() as session:
            await self._note(session, {"findings": self._found + len(findings)})
            if rows:
                await session.execute(insert(OperationFinding), rows)
        self._found += len(findings)

    async def is_cancelled(self) -> bool:
        """Tell whether the work is to stop: then clean up, and return what there is.

        Raises:
            Superseded: another run does the work.
        """
        async with self._means.transaction() as session:
            asked = await session.execute(
                select(Operation.cancel_requested_at).where(*is_current(self._run))
            )
        row = asked.one_or_none()
        if row is None:
            raise Superseded
        self.has_seen_cancel = row[0] is not None
        return self.has_seen_cancel

    async def _note(self, session: AsyncSession, values: dict[str, object]) -> None:
        noted = await session.execute(
            update(Operation).where(*is_current(self._run)).values(values).returning(Operation.id)
        )
        if noted.one_or_none() is None:
            raise Superseded

    def _row(self, number: int, finding: Finding) -> dict[str, object]:
        return {
            "operation_id": self._run.id,
            "number": number,
            "severity": finding.severity,
            "sheet": _kept(finding.sheet),
            "row_number": finding.row,
            "column_name": _kept(finding.column),
            "value": _kept(finding.value),
            "problem": _kept(finding.problem) or "",
            "done": _kept(finding.done),
        }


def is_current(run: Run) -> list[ColumnElement[bool]]:
    """Tell of an operation whether this run is the one that does its work."""
    return [
        Operation.id == run.id,
        Operation.attempts == run.attempt,
        Operation.state == OperationState.RUNNING,
    ]


def _kept(text: str | None) -> str | None:
    """Give a text of any file's as PostgreSQL can keep it, and no longer than people read it."""
    if text is None:
        return None
    whole = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    whole = whole.encode("utf-8", "replace").decode()
    return whole if len(whole) <= MAX_TEXT else whole[: MAX_TEXT - 1] + "…"
