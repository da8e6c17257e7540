"""`filmmart openapi`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.main import create_app
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
) -> None:
    """Write the API's OpenAPI 3.1 description, as it is served at /openapi.json."""
    text = json.dumps(create_app(_ANY).openapi(), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
