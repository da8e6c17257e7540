"""Signing in: passwords for tokens, tokens for tokens (RFC 6749), and how that is throttled."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.oauth import InvalidGrant
from app.db import Database
from app.errors import TooManyRequests
from app.models.accounts import LoginFailure, Person, RefreshToken, Session
from app.security import Signer, new_token, password_matches, token_hash
from app.settings import Settings

WINDOW = timedelta(minutes=15)
RETRY_AFTER_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in needs besides the request's own transaction."""

    database: Database
    signer: Signer
    settings: Settings


async def sign_in(
    session: AsyncSession, door: Door, email: str, password: str, address: str
) -> Tokens:
    """Give tokens for a password.

    Raises:
        TooManyRequests: too many wrong passwords of late, for this account or from this address.
        InvalidGrant: no such account, or not its password; the two look alike.
    """
    email = email.strip().lower()
    attempt = await _count_attempt(door, email, address)
    person = await _find_person(door, email)
    matches = await password_matches(password, person.password_hash if person else None)
    if person is None or not matches:
        raise InvalidGrant("The e-mail address or the password is wrong.")
    await session.execute(delete(LoginFailure).where(LoginFailure.id.in_(attempt)))
    return await begin_session(session, door, person.id, person.organisation_id)


async def begin_session(
    session: AsyncSession, door: Door, person_id: int, organisation_id: int
) -> Tokens:
    """Give the first tokens of a sign-in to somebody who proved who they are."""
    begun = Session(
        person_id=person_id, expires_at=datetime.now(UTC) + door.settings.session_lifetime
    )
    session.add(begun)
    await session.flush()
    events.record(
        session,
        events.Doer(person_id, organisation_id),
        "session.created",
        begun.id,
        organisation_ids=[organisation_id],
        data={"person_id": str(person_id)},
    )
    return await _issue(session, door, begun.id)


async def _find_person(door: Door, email: str) -> Row[int, int, str | None] | None:
    """Look an account up, and let go of the connection: hashing has a queue of its own."""
    statement = select(Person.id, Person.organisation_id, Person.password_hash).where(
        func.lower(Person.email) == email, Person.removed_at.is_(None)
    )
    async with door.database.session() as session:
        return (await session.execute(statement)).one_or_none()


async def _count_attempt(door: Door, email: str, address: str) -> list[int]:
    """Count an attempt as failed before it is made, and give the rows to delete if it succeeds.

    In a transaction of its own, so that a refusal leaves it standing; before the password is looked
    at, so that a race gains nothing.
    """
    limits = {
        f"account:{email}": door.settings.login_failures_per_account,
        f"address:{address}": door.settings.login_failures_per_address,
    }
    async with door.database.session() as session, session.begin():
        for subject in limits:  # one attempt of an account is counted at a time
            await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject))))
        since = func.now() - WINDOW
        await session.execute(
            delete(LoginFailure).where(
                LoginFailure.subject.in_(limits), LoginFailure.failed_at < since
            )
        )
        rows = [LoginFailure(subject=subject[:300]) for subject in limits]
        session.add_all(rows)
        await session.flush()
        found = await session.execute(
            select(LoginFailure.subject, func.count())
            .where(LoginFailure.subject.in_(limits), LoginFailure.failed_at > since)
            .group_by(LoginFailure.subject)
        )
        counted = dict(found.all())
        if any(counted.get(subject, 0) > limit for subject, limit in limits.items()):
            raise TooManyRequests(
                "Too many wrong passwords of late. Wait a few minutes before the next try.",
                retry_after=RETRY_AFTER_SECONDS,
                code="too_many_sign_ins",
            )
        return [row.id for row in rows]


async def refresh(session: AsyncSession, door: Door, token: str) -> Tokens:
    """Give the next pair of tokens for a refresh token, which is thereby used up.

    Raises:
        InvalidGrant: it is unknown, expired or revoked; or used already, and then the whole session
            ends, since one of its two bearers is a thief (RFC 9700, 4.14.2).
    """
    found = await session.scalar(
        select(RefreshToken).where(RefreshToken.token_hash == token_hash(token)).with_for_update()
    )
    chain = None if found is None else await session.get(Session, found.session_id)
    if found is None or chain is None or chain.revoked_at or chain.expires_at < datetime.now(UTC):
        raise InvalidGrant("The refresh token is no longer good. Sign in again.")
    if found.used_at is not None:
        chain.revoked_at = datetime.now(UTC)
        events.record(session, await _bearer_of(session, chain), "session.reuse_detected", chain.id)
        raise InvalidGrant(
            "The refresh token was used before, so this session was ended. Sign in again."
        )
    found.used_at = datetime.now(UTC)
    return await _issue(session, door, chain.id)


async def revoke(session: AsyncSession, door: Door, token: str) -> None:
    """End the session of a refresh or access token; an unknown token is no error (RFC 7009)."""
    found = await session.scalar(
        select(RefreshToken.session_id).where(RefreshToken.token_hash == token_hash(token))
    )
    claims = door.signer.read_access_token(token)
    session_id = found or (claims.session_id if claims else None)
    chain = await session.get(Session, session_id) if session_id else None
    if chain is not None and chain.revoked_at is None:
        chain.revoked_at = datetime.now(UTC)
        events.record(session, await _bearer_of(session, chain), "session.revoked", chain.id)


async def _bearer_of(session: AsyncSession, chain: Session) -> events.Doer:
    found = await session.execute(
        select(Person.organisation_id).where(Person.id == chain.person_id)
    )
    return events.Doer(chain.person_id, found.scalar_one())


async def _issue(session: AsyncSession, door: Door, session_id: int) -> Tokens:
    refresh_token = new_token()
    session.add(RefreshToken(token_hash=token_hash(refresh_token), session_id=session_id))
    await session.flush()
    return Tokens(
        door.signer.access_token(session_id),
        refresh_token,
        int(door.signer.lifetime.total_seconds()),
    )
