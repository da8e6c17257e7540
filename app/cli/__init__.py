"""The `filmmart` command: what an operator does; and `upload`, a client of any market over HTTP."""

import atexit
import gc
import sys

import typer
from pydantic import ValidationError

from app.cli.console import refuse
from app.cli.installation import ConfigurationError
from app.cli.lazy import lazy, nothing
from app.local import LocalError
from app.schema import SchemaNotAtHeadError, WrongMarketError

imports = typer.Typer(
    cls=lazy({"titles": "app.cli.imports:titles", "avails": "app.cli.avails:import_avails"}),
    callback=nothing,
    no_args_is_help=True,
    add_completion=False,
    help="Bring in what other systems hold.",
)
exports = typer.Typer(
    cls=lazy({"avails": "app.cli.exports:avails"}),
    callback=nothing,
    no_args_is_help=True,
    add_completion=False,
    help="Write what other systems take.",
)
verifies = typer.Typer(
    cls=lazy({"ledger": "app.cli.verify:ledger", "audit": "app.cli.verify:audit"}),
    callback=nothing,
    no_args_is_help=True,
    add_completion=False,
    help="Hold what is kept to what was written.",
)
app = typer.Typer(
    cls=lazy(
        {
            "run": "app.cli.run:run",
            "serve": "app.cli.serve:serve",
            "worker": "app.cli.serve:worker",
            "migrate": "app.cli.schema:migrate",
            "reindex": "app.cli.reindexing:reindex",
            "create-organiser": "app.cli.accounts:create_organiser",
            "import": imports,
            "export": exports,
            "upload": "app.cli.upload:upload",
            "verify": verifies,
            "openapi": "app.cli.openapi:openapi",
            "doctor": "app.cli.doctor:doctor",
        }
    ),
    callback=nothing,
    no_args_is_help=True,
    help="The engine of a film and television content market, behind one HTTP API.",
    epilog="Everything is configured by FILMMART_* variables, told in docs/settings.md.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; what an operator can mend is said in a sentence, without a traceback."""
    # Or Python looks for cycles through all modules before it ends: a quarter of a short command.
    atexit.register(gc.freeze)
    try:
        app(arguments)
    except (
        ConfigurationError,
        LocalError,
        SchemaNotAtHeadError,
        ValidationError,
        WrongMarketError,
    ) as error:
        refuse(error)
        sys.exit(1)
