"""Passwords, tokens, and the sealing of what is kept for a while."""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import anyio
from anyio.to_thread import run_sync
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash

from app.settings import Settings

ALGORITHM = "HS256"
# Whose a token is: the live market's, or its sandbox's
AUDIENCE = "filmmart"
SANDBOX_AUDIENCE = "filmmart-sandbox"
TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068's name of the type
# What a client's secret begins with: whoever finds one knows what it is, as scanners do.
LIVE = "fm_live_"
TEST = "fm_test_"

_HASHER = PasswordHash.recommended()
# Argon2 takes a core and 64 MiB for 0.2 s: more at once would starve everybody else.
_HASHING = anyio.CapacityLimiter(2)


@cache
def _nobody() -> str:
    """Give the hash that is verified where there is no such account, which takes as long."""
    return _HASHER.hash(secrets.token_urlsafe())


async def hash_password(password: str) -> str:
    """Hash with Argon2id, in a thread."""
    return await run_sync(_HASHER.hash, password, limiter=_HASHING)


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Compare in a thread; None stands for an account that isn't there."""

    def verify() -> bool:
        return _HASHER.verify(password, password_hash or _nobody()) and password_hash is not None

    return await run_sync(verify, limiter=_HASHING)


def new_token() -> str:
    """Make a secret of 256 bits for somebody to carry."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Hash a carried secret; it has entropy enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says: whose it is, a sign-in's or a client's, and until when."""

    # Epoch seconds
    expires: float
    session_id: int | None = None
    # A client's, by which of its secrets; and the scopes it asked for, where not for all it has
    client_id: int | None = None
    secret_id: int | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class Signer:
    """Signs and reads access tokens, and seals what others must not read at rest."""

    secret: str
    lifetime: timedelta
    audience: str = AUDIENCE

    @cached_property
    def _key(self) -> OctKey:
        return OctKey.import_key(hashlib.sha256(b"access:" + self.secret.encode()).digest())

    @cached_property
    def _seal(self) -> Fernet:
        digest = hashlib.sha256(b"seal:" + self.secret.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

    def access_token(self, session_id: int) -> str:
        """Sign a short-lived token of a session (RFC 9068)."""
        return self._sign({"sid": str(session_id)})

    def client_token(
        self, client_id: int, secret_id: int, scopes: frozenset[str] | None = None
    ) -> str:
        """Sign a short-lived token of a client, for some of its scopes or for all it has."""
        claims = {"client_id": str(client_id), "key": str(secret_id)}
        if scopes is not None:
            claims["scope"] = " ".join(sorted(scopes))
        return self._sign(claims)

    def _sign(self, whose: dict[str, str]) -> str:
        now = datetime.now(UTC)
        claims = {
            "aud": self.audience,
            **whose,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TOKEN_TYPE}, claims, self._key)

    def read_access_token(self, token: str) -> Claims | None:
        """Give what a token says; None for a bad one."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            jwt.JWTClaimsRegistry(
                aud={"essential": True, "value": self.audience},
                exp={"essential": True},
            ).validate(decoded.claims)
            if decoded.header.get("typ") != TOKEN_TYPE:
                return None
            return _claims_of(decoded.claims)
        except (JoseError, KeyError, ValueError, TypeError):
            return None

    def seal(self, content: bytes) -> bytes:
        """Encrypt what is kept for a while but may hold a secret."""
        return self._seal.encrypt(content)

    def unseal(self, sealed: bytes) -> bytes | None:
        """Decrypt; None when it was sealed with another key."""
        try:
            return self._seal.decrypt(sealed)
        except InvalidToken:
            return None


def open_signer(settings: Settings) -> Signer:
    """Make the signer of a market."""
    return Signer(
        settings.own(settings.secret_key),
        settings.access_token_lifetime,
        SANDBOX_AUDIENCE if settings.sandbox else AUDIENCE,
    )


def secret_prefix(settings: Settings) -> str:
    """Give what the secrets of a market's clients begin with."""
    return TEST if settings.sandbox else LIVE


def elsewhere(shown: str, settings: Settings) -> str | None:
    """Say of a token or secret of the live market in its sandbox, or the other way, where to go.

    None for everything else. What is told is what it says of itself, and lets nobody in.
    """
    of_sandbox = shown.startswith(TEST) or _audience_of(shown) == SANDBOX_AUDIENCE
    of_live = shown.startswith(LIVE) or _audience_of(shown) == AUDIENCE
    if settings.sandbox and of_live:
        return (
            "This is of the live market, and here is its sandbox. Use it there, or enter from "
            "there: POST /v1/sandbox-tickets."
        )
    if not settings.sandbox and of_sandbox:
        place = settings.sandbox_url or "the address of its sandbox"
        return f"This is a test one, of a sandbox, and here is a live market. Use it at {place}."
    return None


def _audience_of(token: str) -> object:
    """Read what a token says of itself, true or not."""
    try:
        body = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["aud"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, binascii.Error):
        return None


def _claims_of(claims: dict[str, Any]) -> Claims:
    expires = float(claims["exp"])
    if "client_id" not in claims:
        return Claims(expires, session_id=int(claims["sid"]))
    return Claims(
        expires,
        client_id=int(claims["client_id"]),
        secret_id=int(claims["key"]),
        scopes=frozenset(claims["scope"].split()) if "scope" in claims else None,
    )
