"""`filmmart openapi`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from uvicorn.importer import import_from_string

from app.contract.breaking import breaking_changes
from app.contract.postman import collection_of
from app.settings import Settings

# The description is the same for every installation, so none is needed.
_ANY = Settings(
    database_url="postgresql://nowhere/nothing",
    s3_access_key_id="none",
    s3_secret_access_key="none",  # type: ignore[arg-type]  # noqa: S106  # opens nothing
    secret_key="0" * 32,  # type: ignore[arg-type]
)


def openapi(
    output: Annotated[
        Path | None, typer.Option(help="A file; without it, to the terminal.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="An older description: tell what breaks its clients, a line each."),
    ] = None,
    *,
    postman: Annotated[
        bool, typer.Option("--postman", help="Write a Postman collection (v2.1) of it.")
    ] = False,
) -> None:
    """Write the API's OpenAPI 3.1 description, as it is served at /openapi.json.

    With --postman it is written as a Postman collection; with --since nothing is written, and
    the exit code is 1 where something breaks.
    """
    # By its name, as uvicorn has it: it takes seconds to import, also where it is not asked for.
    create_app = import_from_string("app.main:create_app")
    document = create_app(_ANY).openapi()
    if since is not None:
        _compare(json.loads(since.read_text(encoding="utf-8")), document)
        return
    text = json.dumps(
        collection_of(document) if postman else document, indent=2, ensure_ascii=False
    )
    if output is None:
        typer.echo(text)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text + "\n", encoding="utf-8")


def _compare(old: dict[str, Any], new: dict[str, Any]) -> None:
    changes = breaking_changes(old, new)
    for change in changes:
        typer.echo(change)
    if changes:
        raise typer.Exit(1)
