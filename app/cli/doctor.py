"""`filmmart doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import os
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from app.cli import checks
from app.cli.checks import Finding, State
from app.cli.console import out, sentences
from app.cli.fence_check import check_fences
from app.cli.installation import DATA, Data, installation
from app.cli.scratch_check import check_scratch
from app.cli.storage_check import check_storage
from app.settings import Settings

_MARKS = {State.FINE: "[green]fine[/]", State.DOUBTFUL: "[yellow]look[/]", State.BAD: "[red]bad[/]"}


def doctor(
    data: Data = DATA,
    *,
    strict: Annotated[bool, typer.Option(help="Fail on what is merely doubtful, too.")] = False,
) -> None:
    """Say what is wrong with this installation, and what to do about it.

    Checks the settings and the strength of the secret, PostgreSQL (reached, version, encoding,
    schema at head, connections, clock), the read replica, the object store (a real multipart
    upload, read back and deleted; clock), a live worker, what keeps the programs that open films
    off the network, and the disk. Changes nothing else. Exits with 1 if something is bad.
    """
    findings = checks.unknown_variables(os.environ)
    try:
        with installation(data) as settings, out.status("Looking …"):
            findings += _examine(settings, data)
    except ValidationError as error:
        findings += [
            Finding(
                "settings", State.BAD, sentence, "Set it; docs/settings.md tells each variable."
            )
            for sentence in sentences(error)
        ]
    _print(findings)
    bad = {State.BAD, State.DOUBTFUL} if strict else {State.BAD}
    raise typer.Exit(any(finding.state in bad for finding in findings))


def _examine(settings: Settings, data: Data) -> list[Finding]:
    return [
        *checks.check_settings(settings),
        *checks.check_database(settings),
        *checks.check_read_replica(settings),
        *asyncio.run(check_storage(settings)),
        asyncio.run(check_fences()),
        check_scratch(settings),
        *checks.check_disk(data),
    ]


def _print(findings: list[Finding]) -> None:
    table = Table("", "what", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(_MARKS[finding.state], finding.what, finding.found, finding.remedy)
    out.print(table)
