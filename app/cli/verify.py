"""`filmmart verify ledger` and `filmmart verify audit`."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli.console import err, out
from app.cli.installation import DATA, Data, installation
from app.cli.schema_checks import require_head
from app.db import snapshot
from app.screeners.ledger.checking import Fault
from app.screeners.ledger.keys import ledger_key
from app.screeners.ledger.verifying import MOST_TOLD, Verdict, expected, verify
from app.sequencing import verifying as journal
from app.sequencing.chain import journal_key
from app.settings import Settings

BROKEN = 1


def _head_of(value: str) -> str:
    if re.fullmatch("[0-9a-f]{64}", value.lower()) is None:
        raise typer.BadParameter("must be the 64 hexadecimal digits that a verification printed.")
    return value.lower()


Head = Annotated[
    str | None,
    typer.Option(
        help="A head that you noted: what was there then must be there still.",
        parser=_head_of,
        metavar="HASH",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")]


def ledger(head: Head = None, *, as_json: AsJson = False, data: Data = DATA) -> None:
    """Verify the ledger of viewings: that nothing in it was changed, removed, added or moved.

    Reads all of it, while the market goes on. Prints the first thing that is wrong with each
    viewing, and the head: note it where nobody who runs this house can change it, and give it the
    next time. Ends with 0 when all is whole, 1 when it is not.
    """
    with installation(data) as settings:
        require_head(settings.database_url)
        verdict = asyncio.run(_verify(settings, head))
    if as_json:
        out.print_json(json.dumps(_document(verdict)))
    else:
        _tell(verdict)
    raise typer.Exit(0 if verdict.is_whole else BROKEN)


async def _verify(settings: Settings, head: str | None) -> Verdict:
    noted = bytes.fromhex(head) if head else None
    async with snapshot(settings.database_url) as connection:
        with _progress("entries", await expected(connection)) as told:
            return await verify(connection, ledger_key(settings), noted, told)


@contextmanager
def _progress(of: str, total: int) -> Iterator[Callable[[int], None]]:
    bar = Progress(
        TextColumn(f"Verifying {{task.completed:,}} {of}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def _document(verdict: Verdict) -> dict[str, Any]:
    sealed_at = verdict.sealed_at.isoformat() if verdict.sealed_at else None
    return {
        "whole": verdict.is_whole,
        "viewings": verdict.viewings,
        "entries": verdict.entries,
        "seals": verdict.seals,
        "unsealed_entries": verdict.unsealed,
        "head": verdict.head,
        "sealed_at": sealed_at,
        "fault_count": verdict.fault_count,
        "faults": [_told(fault) for fault in verdict.faults],
    }


def _told(fault: Fault) -> dict[str, Any]:
    told = asdict(fault)
    return told | {"viewing_id": str(fault.viewing_id) if fault.viewing_id else None}


def _tell(verdict: Verdict) -> None:
    for fault in verdict.faults:
        where = f"Viewing {fault.viewing_id}: " if fault.viewing_id else ""
        out.print(f"{where}{fault.problem}", markup=False, soft_wrap=True)
    if (more := verdict.fault_count - len(verdict.faults)) > 0:
        out.print(f"… and {more:,} more; the first {MOST_TOLD} are told.")
    found = f"{verdict.entries:,} entries of {verdict.viewings:,} viewings, {verdict.seals:,} seals"
    out.print(f"{found}: {'all whole.' if verdict.is_whole else 'NOT WHOLE.'}", soft_wrap=True)
    if verdict.unsealed:
        out.print(f"{verdict.unsealed:,} entries are not sealed yet; the worker does each minute.")
    if verdict.head:
        out.print(f"Head, to note elsewhere: {verdict.head}", soft_wrap=True)


def audit(head: Head = None, *, as_json: AsJson = False, data: Data = DATA) -> None:
    """Verify the journal: that no fact in it was changed, removed, added or moved.

    Reads all of it, while the market goes on. Prints what is wrong and the head: note it where
    nobody who runs this house can change it, and give it the next time. Ends with 0 when all is
    whole, 1 when it is not.
    """
    with installation(data) as settings:
        require_head(settings.database_url)
        verdict = asyncio.run(_verify_journal(settings, head))
    if as_json:
        out.print_json(json.dumps({"whole": verdict.is_whole, **asdict(verdict)}))
    else:
        _tell_of_journal(verdict)
    raise typer.Exit(0 if verdict.is_whole else BROKEN)


async def _verify_journal(settings: Settings, head: str | None) -> journal.Verdict:
    noted = bytes.fromhex(head) if head else None
    async with snapshot(settings.database_url) as connection:
        with _progress("facts", await journal.expected(connection)) as told:
            return await journal.verify(connection, journal_key(settings), noted, told)


def _tell_of_journal(verdict: journal.Verdict) -> None:
    for fault in verdict.faults:
        out.print(fault.problem, markup=False, soft_wrap=True)
    if (more := verdict.fault_count - len(verdict.faults)) > 0:
        out.print(f"… and {more:,} more; the first {journal.MOST_TOLD} are told.")
    out.print(f"{verdict.facts:,} facts: {'all whole.' if verdict.is_whole else 'NOT WHOLE.'}")
    if verdict.unchained:
        out.print(f"{verdict.unchained:,} facts have no position yet: the worker gives it.")
    if verdict.head:
        out.print(f"Head, to note elsewhere: {verdict.head}", soft_wrap=True)
