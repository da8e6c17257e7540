"""Leave to watch, to test with: grants of every kind, and sittings under them."""

import secrets
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import select, text

from app.models import Event, Viewing
from app.settings import Settings
from tests.servers import S3Settings, make_settings
from tests.world import Caller, World

UNTIL = "2027-06-30T12:00:00Z"
LATER = "2027-03-01T00:00:00Z"
COUNTRY = "CF-IPCountry"


def to(recipient: Caller, **terms: Any) -> dict[str, Any]:
    """Write a grant to a company."""
    return {"organisation_id": recipient.organisation_id, "expires_at": UNTIL} | terms


def to_person(recipient: Caller, **terms: Any) -> dict[str, Any]:
    """Write a grant to one person."""
    return {"person_id": recipient.person_id, "expires_at": UNTIL} | terms


def to_link(name: str = "Дилноза, жюри", **terms: Any) -> dict[str, Any]:
    """Write a grant to whoever has a link."""
    return {"link": {"recipient_name": name}, "expires_at": UNTIL} | terms


async def give(giver: Caller, screener_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Grant a screener."""
    answer = await giver.post(f"/screeners/{screener_id}/grants", wanted)
    assert answer.status_code == 201, answer.text
    grant: dict[str, Any] = answer.json()
    return grant


async def watch(viewer: Caller, screener_id: str, country: str | None = None) -> str:
    """Try to watch: "allowed", or the code of the refusal."""
    headers = {} if country is None else {COUNTRY: country}
    return told(await viewer.post(f"/screeners/{screener_id}/playback", headers=headers))


def told(answer: httpx2.Response) -> str:
    """Say what became of a request."""
    return "allowed" if answer.is_success else str(answer.json()["code"])


def with_countries(database_url: str, s3_settings: S3Settings, **others: object) -> Settings:
    """Make settings of a market behind a proxy that knows countries."""
    return make_settings(database_url, s3_settings, country_header=COUNTRY, **others)


async def sitting(
    world: World,
    screener_id: str,
    viewer: Caller | None,
    grant: dict[str, Any] | None = None,
    country: str | None = None,
) -> int:
    """Have somebody watch: a row as opening a viewing leaves it."""
    async with world.app.state.database.session() as session, session.begin():
        viewing = Viewing(
            screener_id=int(screener_id),
            grant_id=int(grant["id"]) if grant else None,
            person_id=int(viewer.person_id) if viewer else None,
            organisation_id=int(viewer.organisation_id) if viewer else None,
            token_hash=secrets.token_bytes(32),
            address="192.0.2.1",
            country=country,
            expires_at=text("now() + interval '12 hours'"),
        )
        session.add(viewing)
        await session.flush()
        return viewing.id


async def end_of(world: World, viewing_id: int) -> str | None:
    """Say why a viewing is over; None while it is not."""
    async with world.app.state.database.session() as session:
        viewing: Viewing = await session.get_one(Viewing, viewing_id)
        assert (viewing.ended_at is None) == (viewing.end_reason is None)
        return viewing.end_reason


async def last_fact(world: World, type_: str) -> Event:
    """Give the last fact of a kind."""
    async with world.app.state.database.session() as session:
        found = await session.scalars(
            select(Event).where(Event.type == type_).order_by(Event.id.desc()).limit(1)
        )
        fact: Event = found.one()
        return fact


def from_address(app: FastAPI, address: str) -> httpx2.AsyncClient:
    """Connect from another address than the proxy's."""
    transport = httpx2.ASGITransport(app=app, client=(address, 50_000))
    return httpx2.AsyncClient(transport=transport, base_url="http://filmmart.test")
