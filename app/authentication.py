"""From a bearer token to an `Actor`, remembered for a few seconds.

Only a yes is taken from memory: who waits for approval is not remembered at all, and before a
request is refused for who its caller is, the caller is looked up again (`refresh`). So a right that
was just given is never denied, and one that was taken away ends within `actor_cache_lifetime`.
"""

import time
from collections import OrderedDict
from typing import Any

from fastapi import Request
from sqlalchemy import Select, SQLColumnExpression, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.db import Database
from app.models import BuyerProfile, Organisation, Person, SellerProfile, Session
from app.security import Signer
from app.settings import Settings

CACHE_ENTRIES = 20_000


class Actors:
    """The callers of the last seconds, by their token."""

    def __init__(self, database: Database, signer: Signer, settings: Settings) -> None:
        """Remember nobody yet."""
        self._database = database
        self._signer = signer
        self._lifetime = settings.actor_cache_lifetime.total_seconds()
        self._remembered: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    def remembered(self, token: str) -> Actor | None:
        """Give the caller without asking the database, if asked lately."""
        found = self._remembered.get(token)
        if found is None or found[1] < time.time():
            return None
        return found[0]

    def subject_of(self, token: str) -> str | None:
        """Name whose requests are counted together; None for a token that is none of ours."""
        actor = self.remembered(token)
        if actor is not None:
            return f"person:{actor.person_id}"
        claims = self._signer.read_access_token(token)
        return None if claims is None else f"session:{claims[0]}"

    async def of(self, token: str, session: AsyncSession | None) -> Actor | None:
        """Give the caller; None when the token is no longer, or never was, good."""
        return self.remembered(token) or await self.refresh(token, session)

    async def refresh(self, token: str, session: AsyncSession | None) -> Actor | None:
        """Look the caller up, in a transaction if there is one, and remember the answer."""
        self._remembered.pop(token, None)
        claims = self._signer.read_access_token(token)
        if claims is None:
            return None
        session_id, expires = claims
        if session is None:
            async with self._database.session() as own:
                actor = await find_actor(own, session_id)
        else:
            actor = await find_actor(session, session_id)
        if actor is not None and actor.in_market:
            self._remembered[token] = (actor, min(time.time() + self._lifetime, expires))
            if len(self._remembered) > CACHE_ENTRIES:
                self._remembered.popitem(last=False)
        return actor


async def find_actor(session: AsyncSession, session_id: int) -> Actor | None:
    """Read who a session belongs to; None when it was revoked, expired, or its person removed."""
    statement = (
        _actors(Session.id)
        .join(Session, Session.person_id == Person.id)
        .where(Session.id == session_id, Session.revoked_at.is_(None))
        .where(Session.expires_at > func.now())
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Actor(*row)


async def find_person(session: AsyncSession, person_id: int) -> Actor | None:
    """Read somebody as they stand now, for work done in their name; None when they were removed."""
    statement = _actors(literal(0)).where(Person.id == person_id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Actor(*row)


def _actors(session_id: SQLColumnExpression[int]) -> Select[*tuple[Any, ...]]:
    """Select people who were not removed: the columns are the fields of an `Actor`, in order."""
    of_organisation = Organisation.id
    sells = exists().where(SellerProfile.organisation_id == of_organisation).correlate(Organisation)
    buys = exists().where(BuyerProfile.organisation_id == of_organisation).correlate(Organisation)
    return (
        select(
            Person.id,
            Person.organisation_id,
            session_id,
            Person.role,
            Organisation.standing,
            Organisation.is_organiser,
            sells,
            buys,
            Person.time_zone,
            Person.language,
        )
        .join(Organisation, Organisation.id == Person.organisation_id)
        .where(Person.removed_at.is_(None))
    )


def bearer_token(request: Request) -> str | None:
    """Take the token out of `Authorization: Bearer …`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def authenticate(request: Request, *, anew: bool = False) -> Actor | None:
    """Give the caller of a request; None for nobody. `anew` takes nothing from memory.

    Looks in the request's own transaction where it has one: requests that hold a connection and
    wait for a second one would, as many as there are connections, wait for each other.
    """
    token = bearer_token(request)
    if token is None:
        return None
    actors: Actors = request.app.state.actors
    session: AsyncSession | None = getattr(request.state, "session", None)
    return await (actors.refresh if anew else actors.of)(token, session)
