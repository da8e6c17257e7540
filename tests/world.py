"""Companies and people for tests: made in the database at once, then heard over HTTP alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2
from fastapi import FastAPI
from pwdlib import PasswordHash

from app.models import (
    BuyerProfile,
    Organisation,
    Person,
    Role,
    SellerProfile,
    Session,
    Standing,
)

PASSWORD = "correct-horse-battery"
# Argon2 takes 0.2 s; everybody here has the same password.
PASSWORD_HASH = PasswordHash.recommended().hash(PASSWORD)
_NUMBERS = count(1)


@dataclass
class Caller:
    """Somebody who talks to the API: `await seller.get("/titles")`."""

    http: httpx2.AsyncClient
    token: str | None = None
    person_id: str = ""
    organisation_id: str = ""
    email: str = ""

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request under /v1, signed in as this caller."""
        headers = dict(options.pop("headers", None) or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith("/v1") else f"/v1{path}"
        return await self.http.request(method, address, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """Read."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx2.Response:
        """Create or move something."""
        if json is not None:
            options["json"] = json
        return await self.request("POST", path, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> httpx2.Response:
        """Replace."""
        return await self.request("PUT", path, json=json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> httpx2.Response:
        """Change."""
        return await self.request("PATCH", path, json=json, **options)

    async def delete(self, path: str, **options: Any) -> httpx2.Response:
        """Remove."""
        return await self.request("DELETE", path, **options)


@dataclass
class World:
    """Makes companies and people of a running app."""

    app: FastAPI
    http: httpx2.AsyncClient
    anonymous: Caller = field(init=False)

    def __post_init__(self) -> None:
        """Nobody can call, too."""
        self.anonymous = Caller(self.http)

    async def company(  # each is a fact of the company
        self,
        name: str | None = None,
        *,
        standing: Standing = Standing.APPROVED,
        sells: bool = False,
        buys: bool = False,
        organiser: bool = False,
        country: str = "KZ",
        role: Role = Role.ADMIN,
    ) -> Caller:
        """Make a company, and give its first person."""
        async with self.app.state.database.session() as session, session.begin():
            organisation = Organisation(
                name=name or f"Company {next(_NUMBERS)}",
                country=country,
                standing=standing,
                is_organiser=organiser,
            )
            session.add(organisation)
            await session.flush()
            for wanted, profile in ((sells, SellerProfile), (buys, BuyerProfile)):
                if wanted:
                    session.add(profile(organisation_id=organisation.id))
        return await self.person(str(organisation.id), role=role)

    async def person(
        self, organisation_id: str, *, role: Role = Role.MEMBER, time_zone: str = "UTC"
    ) -> Caller:
        """Make another person of a company, signed in."""
        number = next(_NUMBERS)
        email = f"person{number}@company.example"
        async with self.app.state.database.session() as session, session.begin():
            person = Person(
                organisation_id=int(organisation_id),
                email=email,
                name=f"Person {number}",
                role=role,
                time_zone=time_zone,
                password_hash=PASSWORD_HASH,
            )
            session.add(person)
            await session.flush()
            sign_in = Session(person_id=person.id, expires_at=datetime.now(UTC) + timedelta(days=1))
            session.add(sign_in)
            await session.flush()
            token = self.app.state.signer.access_token(sign_in.id)
        return Caller(self.http, token, str(person.id), organisation_id, email)

    async def seller(self, name: str | None = None, **options: Any) -> Caller:
        """Make an approved company that sells."""
        return await self.company(name, sells=True, **options)

    async def buyer(self, name: str | None = None, **options: Any) -> Caller:
        """Make an approved company that buys."""
        return await self.company(name, buys=True, **options)

    async def organiser(self) -> Caller:
        """Make the organisers' company."""
        return await self.company("The organisers", organiser=True)


@asynccontextmanager
async def world_of(app: FastAPI) -> AsyncIterator[World]:
    """Start an app, and give the world around it."""
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://filmmart.test") as http,
    ):
        yield World(app, http)
