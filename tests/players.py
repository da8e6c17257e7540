"""Viewings for tests, as playback opens them, and players that say what was watched."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2
from sqlalchemy import text

from app.models import ScreenerGrant, Viewing
from app.screeners.ledger.entries import append, opened
from app.screeners.ledger.keys import ledger_key
from app.security import new_token, token_hash
from tests import screeners as films
from tests.world import Caller, World

HOUR = timedelta(hours=1)


@dataclass
class Player:
    """Whoever plays a film: knows the viewing and its token, and numbers what it says."""

    world: World
    viewing_id: str
    token: str

    def __post_init__(self) -> None:
        """Begin to count."""
        self._numbers = count(1)

    async def say(
        self, *beats: dict[str, Any], sequence: int | None = None, **others: Any
    ) -> httpx2.Response:
        """Send heartbeats."""
        number = next(self._numbers) if sequence is None else sequence
        body = {"sequence": number, "beats": [*beats]} | others
        path = f"/viewings/{self.viewing_id}/heartbeats?token={self.token}"
        return await self.world.anonymous.post(path, body)


def watched(from_seconds: float, to_seconds: float) -> dict[str, Any]:
    return {
        "kind": "watched",
        "from_ms": int(from_seconds * 1000),
        "to_ms": int(to_seconds * 1000),
    }


def sought(from_seconds: float, to_seconds: float) -> dict[str, Any]:
    return watched(from_seconds, to_seconds) | {"kind": "sought"}


async def screener_of(world: World, seller: Caller) -> tuple[str, str]:
    """Make a title with a screener of two minutes; give the ids of both."""
    title = await films.make_title(world, seller)
    return title, str((await films.ready_screener(world, seller, title))["id"])


async def link_grant(world: World, seller: Caller, screener_id: str, name: str) -> str:
    """Grant a screener to the holder of a link."""
    async with world.app.state.database.session() as session, session.begin():
        grant = ScreenerGrant(
            screener_id=int(screener_id),
            recipient_name=name,
            token_hash=token_hash(new_token()),
            granted_by_id=int(seller.person_id),
            expires_at=datetime.now(UTC) + timedelta(days=30),
        )
        session.add(grant)
        await session.flush()
        return str(grant.id)


async def viewing_of(
    world: World,
    screener_id: str,
    grant_id: str | None,
    viewer: Caller | None = None,
    *,
    ago: timedelta = HOUR,
    country: str | None = "KZ",
) -> Player:
    """Open a viewing, as if it had been an hour ago: so there was time to watch all of the film."""
    token = new_token()
    async with world.app.state.database.session() as session, session.begin():
        viewing = Viewing(
            screener_id=int(screener_id),
            grant_id=int(grant_id) if grant_id else None,
            person_id=int(viewer.person_id) if viewer else None,
            organisation_id=int(viewer.organisation_id) if viewer else None,
            token_hash=token_hash(token),
            address="192.0.2.77",
            country=country,
            user_agent="A player of the tests",
            opened_at=datetime.now(UTC) - ago,
            expires_at=datetime.now(UTC) + timedelta(hours=11),
        )
        session.add(viewing)
        await session.flush()
        await append(session, ledger_key(world.app.state.settings), viewing, opened(viewing))
        return Player(world, str(viewing.id), token)


async def player_of(world: World, seller: Caller, buyer: Caller, **options: Any) -> Player:
    """Have a buyer watch a film of a seller's."""
    _, screener = await screener_of(world, seller)
    grant = await films.granted(seller, screener, buyer)
    return await viewing_of(world, screener, grant["id"], buyer, **options)


async def entries_of(world: World, viewing_id: str) -> list[dict[str, Any]]:
    """Read a chain as it stands in the table."""
    async with world.app.state.database.session() as session:
        found = await session.execute(
            text(
                "SELECT number, kind, from_milliseconds, to_milliseconds, data "
                "FROM ledger_entries WHERE viewing_id = :id ORDER BY number"
            ),
            {"id": int(viewing_id)},
        )
        return [dict(row) for row in found.mappings()]


async def row_of(world: World, viewing_id: str) -> Viewing:
    async with world.app.state.database.session() as session:
        found: Viewing = await session.get_one(Viewing, int(viewing_id))
        return found
