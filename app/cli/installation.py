"""Which PostgreSQL and which S3 a command works on: the given ones, or the embedded ones.

`filmmart run` starts what the environment doesn't name and tells its children by the environment.
Other commands find the same servers through `.filmmart/environment` while it runs, and start them
for themselves while it doesn't.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from app.local import PostgresServer, S3Server, local_postgres, local_s3
from app.local.processes import is_held, kept_secret, os_errors_as_sentence
from app.settings import Settings

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Where the embedded servers keep what they are given; unused if "
        "FILMMART_DATABASE_URL and FILMMART_S3_ACCESS_KEY_ID are set.",
        show_default=True,
    ),
]
DATA = Path(".filmmart")
NEEDED_BYTES = 500 * 2**20


class ConfigurationError(RuntimeError):
    """What the person who started the command has to mend, in one sentence."""


@dataclass(frozen=True)
class Installation:
    """The settings a command works with, and the servers it started itself."""

    settings: Settings
    environment: dict[str, str]
    postgres: PostgresServer | None
    s3: S3Server | None


@contextmanager
def installation(data: Path) -> Iterator[Settings]:
    """Give the settings of this installation, wherever its servers are."""
    given = [_is_given(name) for name in ("database_url", "s3_access_key_id", "secret_key")]
    if not all(given) and (running := _running(data)) is not None:
        yield Settings.model_validate(running)
    elif any(given):
        yield Settings.model_validate({})  # which names what is missing
    else:
        with embedded(data) as installed:
            yield installed.settings


@contextmanager
def embedded(data: Path, **defaults: str) -> Iterator[Installation]:
    """Start whatever the environment doesn't name; it overrides the defaults, too.

    Raises:
        LocalError: one of them cannot run.
    """
    data = data.absolute()
    made = {name: value for name, value in defaults.items() if not _is_given(name)}
    with ExitStack() as servers:
        postgres = s3 = None
        if not _is_given("database_url"):
            _require_disk(data)
            postgres = servers.enter_context(local_postgres(data))
            made["database_url"] = postgres.url()
        if not _is_given("s3_access_key_id"):
            s3 = servers.enter_context(local_s3(data))
            made["s3_endpoint_url"] = s3.endpoint_url
            made["s3_access_key_id"] = s3.access_key_id
            made["s3_secret_access_key"] = s3.secret_access_key
        if not _is_given("secret_key"):
            with os_errors_as_sentence(data):
                data.mkdir(parents=True, exist_ok=True)
                made["secret_key"] = kept_secret(data / "secret_key")
        servers.enter_context(told_to_others(data, made))
        variables = {variable(name): value for name, value in made.items()}
        yield Installation(Settings.model_validate(made), {**os.environ, **variables}, postgres, s3)


def variable(name: str) -> str:
    """Name the environment variable of a setting."""
    return f"FILMMART_{name.upper()}"


def _is_given(name: str) -> bool:
    return variable(name) in os.environ


@contextmanager
def told_to_others(data: Path, made: Mapping[str, str]) -> Iterator[None]:
    """Let other commands find what is started here, by the data folder."""
    file = data / "environment"
    with os_errors_as_sentence(data):
        data.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(made))
        new.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _running(data: Path) -> dict[str, str] | None:
    """Read what a running `filmmart run` works with; a file it left when it was killed is stale."""
    file = data / "environment"
    folders = (data / "postgres", data / "s3", data)  # itself, of a sandbox
    if not file.exists() or not any(map(is_held, folders)):
        return None
    read: dict[str, str] = json.loads(file.read_text())
    return read


def _require_disk(data: Path) -> None:
    """PostgreSQL stops in the middle of a write when the disk is full: better not begin."""
    existing = next(place for place in (data, *data.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < NEEDED_BYTES:
        raise ConfigurationError(
            f"The disk of {existing} has {free // 2**20} MiB left, and FilmMart wants "
            f"{NEEDED_BYTES // 2**20}: make room, or name another folder with --data."
        )
