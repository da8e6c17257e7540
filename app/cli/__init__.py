"""The `filmmart` command: everything an operator does, and nothing a client could do over HTTP."""

import sys

import typer
from pydantic import ValidationError

from app.cli import accounts, avails, doctor, exports, imports, openapi, run, schema, serve
from app.cli.console import refuse
from app.cli.installation import ConfigurationError
from app.local import LocalError
from app.schema import SchemaNotAtHeadError

app = typer.Typer(
    help="The engine of a film and television content market, behind one HTTP API.",
    epilog="Everything is configured by FILMMART_* variables, told in docs/settings.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(schema.migrate)
app.command()(accounts.create_organiser)
app.add_typer(imports.app, name="import")
imports.app.command(name="avails")(avails.import_avails)
app.add_typer(exports.app, name="export")
app.command()(openapi.openapi)
app.command()(doctor.doctor)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; what an operator can mend is said in a sentence, without a traceback."""
    try:
        app(arguments)
    except (ConfigurationError, LocalError, SchemaNotAtHeadError, ValidationError) as error:
        refuse(error)
        sys.exit(1)
