"""What operators and their machines ask: is it alive, can it serve, how is it doing."""

import asyncio
import hmac
from collections.abc import Awaitable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from app.db import Database
from app.errors import NotFound
from app.metrics import exposition
from app.settings import Settings

router = APIRouter(include_in_schema=False)
CHECK_SECONDS = 3
LOOPBACK = ("127.0.0.1", "::1")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process is alive; asks nothing of anybody else."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Say whether requests can be served: database and store answer."""
    state = request.app.state
    checks = {"database": _database(state.database), "store": state.store.check()}
    found = dict(
        zip(checks, await asyncio.gather(*map(_within_time, checks.values())), strict=True)
    )
    ready = all(answer == "ok" for answer in found.values())
    return JSONResponse(found, 200 if ready else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give the metrics to loopback, or to who has the token; to others there is nothing here."""
    if not _may_read(request):
        raise NotFound("page")
    body, media_type = exposition()
    return Response(body, media_type=media_type)


def _may_read(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    if settings.metrics_token is None:
        return request.client is not None and request.client.host in LOOPBACK
    expected = f"Bearer {settings.metrics_token.get_secret_value()}".encode()
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), expected)


async def _database(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("SELECT 1"))


async def _within_time(check: Awaitable[None]) -> str:
    try:
        await asyncio.wait_for(check, CHECK_SECONDS)
    except Exception:  # noqa: BLE001  # whatever it is, it is not ready
        return "away"
    return "ok"
