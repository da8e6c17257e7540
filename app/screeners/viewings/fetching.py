"""How a player fetches: by a viewing's token, in one statement that also says whether it may."""

from typing import Annotated, Any

import asyncpg
from fastapi import Request, Security
from fastapi.security import APIKeyQuery

from app.db import Database, Read
from app.errors import NotFound, Unauthenticated
from app.ids import Id, parse_id
from app.limits import Bearers
from app.screeners.viewings.access import no_such_viewing, require_open
from app.security import token_hash

VIEWING_TOKEN = APIKeyQuery(
    name="token",
    scheme_name="ViewingToken",
    description="The secret of a viewing, for players, which can send no headers: "
    "`POST /v1/screeners/{screener_id}/playback` gives it.",
    auto_error=False,
)
MAX_DIGITS = 6


def fetched(_: Annotated[str | None, Security(VIEWING_TOKEN)], viewing_id: Id) -> None:
    """Document what every fetch depends on."""


def token_of(request: Request) -> str:
    """Give the token of a fetch.

    Raises:
        Unauthenticated: there is none.
    """
    token: str | None = request.query_params.get("token")
    if not token:
        raise Unauthenticated("Send the viewing's token: …?token=….", code="viewing_token_missing")
    return token


def viewing_id_of(request: Request) -> int:
    """Give the viewing that a fetch is of.

    Raises:
        NotFound: it is none.
    """
    try:
        return parse_id(request.path_params["viewing_id"])
    except ValueError:
        raise no_such_viewing() from None


def number_of(request: Request, noun: str) -> int:
    """Give the number in an address, of a key or a segment.

    Raises:
        NotFound: it is none.
    """
    number: str = request.path_params["number"]
    if not number.isascii() or not number.isdecimal() or len(number) > MAX_DIGITS:
        raise NotFound(noun)
    return int(number)


async def fetch(request: Request, read: Read, **values: Any) -> asyncpg.Record:  # noqa: ANN401
    """Run a read of `watching`, and give its row if the viewing still holds.

    Raises:
        Unauthenticated: there is no token.
        NotFound: there is no such viewing, or the token is not its.
        ViewingOver: it was one, and is over.
    """
    token, viewing_id = token_of(request), viewing_id_of(request)
    values |= {"viewing_id": viewing_id, "token_hash": token_hash(token)}
    row = await _row(request, read, values)
    if row is None:
        raise no_such_viewing()
    bearers: Bearers = request.app.state.bearers
    bearers.note(token, f"viewing:{viewing_id}")
    require_open(row["over"])
    return row


async def _row(request: Request, read: Read, values: dict[str, Any]) -> asyncpg.Record | None:
    database: Database = request.app.state.database
    row = await database.reads.row(read, **values)
    if row is None and request.app.state.settings.database_read_url is not None:
        # A viewing that was opened a moment ago may not have come to the replica yet.
        async with database.engine.connect() as connection:
            primary = (await connection.get_raw_connection()).driver_connection
            row = await primary.fetchrow(read.sql, *read.arguments(values))  # type: ignore[union-attr]
    return row
