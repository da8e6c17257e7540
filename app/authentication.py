"""From a bearer token to an `Actor`, remembered for a few seconds.

Only a yes is taken from memory: who waits for approval is not remembered at all, and before a
request is refused for who its caller is, the caller is looked up again (`refresh`). So a right that
was just given is never denied, and one that was taken away ends within `actor_cache_lifetime`.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from sqlalchemy import Row, Select, SQLColumnExpression, exists, func, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.db import Database
from app.errors import Forbidden
from app.models import (
    ApiClient,
    ApiClientSecret,
    BuyerProfile,
    Organisation,
    Person,
    Role,
    SellerProfile,
    Session,
)
from app.networks import is_within
from app.scopes import scope_of
from app.security import Claims, Signer
from app.settings import Settings
from app.uses import Uses

CACHE_ENTRIES = 20_000
# What the name begins with that clients of the API are counted by: they have a quota of their own.
CLIENTS = "client:"


@dataclass(frozen=True, slots=True)
class Known:
    """A caller who was looked up, and where a client may call from: nothing means anywhere."""

    actor: Actor
    networks: tuple[str, ...] = ()


class Actors:
    """The callers of the last seconds, by their token."""

    def __init__(self, database: Database, signer: Signer, settings: Settings) -> None:
        """Remember nobody yet."""
        self._database = database
        self._signer = signer
        self._lifetime = settings.actor_cache_lifetime.total_seconds()
        self._remembered: OrderedDict[str, tuple[Known, float]] = OrderedDict()
        # Whose sessions are, of people who are remembered no longer, or never were
        self._owners: OrderedDict[str, str] = OrderedDict()
        self.uses = Uses(database)

    def remembered(self, token: str) -> Known | None:
        """Give the caller without asking the database, if asked lately."""
        found = self._remembered.get(token)
        if found is None or found[1] < time.time():
            return None
        return found[0]

    def subject_of(self, token: str) -> str | None:
        """Name whose requests are counted together; None for a token that is none of ours."""
        known = self.remembered(token)
        if known is not None:
            actor = known.actor
            return f"{CLIENTS}{actor.client_id}" if actor.client_id else f"person:{actor.person_id}"
        claims = self._signer.read_access_token(token)
        if claims is None:
            return None
        if claims.client_id:
            return f"{CLIENTS}{claims.client_id}"
        return f"session:{claims.session_id}"

    async def counted_as(self, token: str) -> str | None:
        """Name whose requests are counted together, looking up once whose a session is.

        Were it counted by itself until its person is remembered, they would have two quotas.
        """
        subject = self.subject_of(token)
        if subject is None or not subject.startswith("session:"):
            return subject
        if subject not in self._owners:
            try:
                known = await self.refresh(token, None)
            except (DBAPIError, PoolTimeoutError, OSError):
                return subject  # whoever needs the database will hear of it
            if known is None:
                return subject
            self._owners[subject] = f"person:{known.actor.person_id}"
            if len(self._owners) > CACHE_ENTRIES:
                self._owners.popitem(last=False)
        return self._owners[subject]

    async def of(self, token: str, session: AsyncSession | None) -> Known | None:
        """Give the caller; None when the token is no longer, or never was, good."""
        return self.remembered(token) or await self.refresh(token, session)

    async def refresh(self, token: str, session: AsyncSession | None) -> Known | None:
        """Look the caller up, in a transaction if there is one, and remember the answer."""
        self._remembered.pop(token, None)
        claims = self._signer.read_access_token(token)
        if claims is None:
            return None
        if session is None:
            async with self._database.session() as own:
                known = await find_known(own, claims)
        else:
            known = await find_known(session, claims)
        if known is not None and known.actor.in_market:
            self._remembered[token] = (known, min(time.time() + self._lifetime, claims.expires))
            if len(self._remembered) > CACHE_ENTRIES:
                self._remembered.popitem(last=False)
        return known


async def find_known(session: AsyncSession, claims: Claims) -> Known | None:
    """Read who a token is of; None when it was revoked, expired, or its person removed."""
    if claims.session_id is not None:
        statement = (
            _actors(Session.id)
            .join(Session, Session.person_id == Person.id)
            .where(Session.id == claims.session_id, Session.revoked_at.is_(None))
            .where(Session.expires_at > func.now())
        )
    else:
        statement = (
            _actors(literal(0))
            .join(ApiClientSecret, ApiClientSecret.client_id == ApiClient.id)
            .where(ApiClientSecret.id == claims.secret_id, ApiClientSecret.revoked_at.is_(None))
            .where(ApiClient.id == claims.client_id)
        )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _known(row, asked_for=claims.scopes)


async def find_person(session: AsyncSession, person_id: int) -> Actor | None:
    """Read somebody as they stand now, for work done in their name; None when they were removed."""
    row = (await session.execute(_actors(literal(0)).where(Person.id == person_id))).one_or_none()
    return None if row is None else _known(row).actor


def _actors(session_id: SQLColumnExpression[int]) -> Select[*tuple[Any, ...]]:
    """Select people who were not removed: the fields of an `Actor`, in order, then networks."""
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
            ApiClient.id,
            ApiClient.scopes,
            ApiClient.networks,
        )
        .join(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(ApiClient, ApiClient.person_id == Person.id)
        .where(Person.removed_at.is_(None))
    )


def _known(row: Row[*tuple[Any, ...]], asked_for: frozenset[str] | None = None) -> Known:
    """Make a caller of a row: a client with an admin's role, and no more scopes than asked for."""
    *fields, client_id, granted, networks = row
    if client_id is None:
        return Known(Actor(*fields))
    scopes = frozenset(granted)
    if asked_for is not None:
        scopes &= asked_for
    actor = replace(Actor(*fields), role=Role.ADMIN, client_id=client_id, scopes=scopes)
    return Known(actor, tuple(str(network) for network in networks))


def bearer_token(request: Request) -> str | None:
    """Take the token out of `Authorization: Bearer …`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def authenticate(request: Request, *, anew: bool = False) -> Actor | None:
    """Give the caller of a request; None for nobody. `anew` takes nothing from memory.

    Here, and nowhere else, a client is held to its scopes and networks: whoever learns who calls
    has asked.

    Looks in the request's own transaction where it has one: requests that hold a connection and
    wait for a second one would, as many as there are connections, wait for each other.

    Raises:
        Forbidden: a client calls, which was not let do this, or not from there.
    """
    token = bearer_token(request)
    if token is None:
        return None
    actors: Actors = request.app.state.actors
    session: AsyncSession | None = getattr(request.state, "session", None)
    known = await (actors.refresh if anew else actors.of)(token, session)
    if known is None:
        return None
    if (client_id := known.actor.client_id) is not None:
        try:
            hold_client(request, known)
        except Forbidden:
            if anew:
                raise
            return await authenticate(request, anew=True)  # a no is never taken from memory
        actors.uses.note(client_id, address_of(request))
    return known.actor


def address_of(request: Request) -> str | None:
    """Tell where a request comes from."""
    return request.client.host if request.client else None


def hold_client(request: Request, known: Known) -> None:
    """Hold a client to where it may call from and to its scopes.

    Raises:
        Forbidden: it may not do this, or not from there.
    """
    if known.networks and not is_within(address_of(request), known.networks):
        raise Forbidden(
            "This client may not call from this address: see its `allowed_networks`.",
            code="network_not_allowed",
        )
    needed = scope_of(request.scope.get("route"))
    if needed is None:
        raise Forbidden(
            "This is for people: sign in as one. No client of the API may do it.",
            code="people_only",
        )
    if needed not in (known.actor.scopes or ()):
        raise Forbidden(
            f"This client was not given the scope {needed}. An admin gives it: PATCH "
            "/v1/api-clients/{client_id}.",
            code="insufficient_scope",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'},
        )
