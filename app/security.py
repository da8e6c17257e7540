"""Passwords, tokens, and the sealing of what is kept for a while."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property

import anyio
from anyio.to_thread import run_sync
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash

ALGORITHM = "HS256"
AUDIENCE = "filmmart"
TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068's name of the type

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


@dataclass(frozen=True)
class Signer:
    """Signs and reads access tokens, and seals what others must not read at rest."""

    secret: str
    lifetime: timedelta

    @cached_property
    def _key(self) -> OctKey:
        return OctKey.import_key(hashlib.sha256(b"access:" + self.secret.encode()).digest())

    @cached_property
    def _seal(self) -> Fernet:
        digest = hashlib.sha256(b"seal:" + self.secret.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

    def access_token(self, session_id: int) -> str:
        """Sign a short-lived token of a session (RFC 9068)."""
        now = datetime.now(UTC)
        claims = {
            "aud": AUDIENCE,
            "sid": str(session_id),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TOKEN_TYPE}, claims, self._key)

    def read_access_token(self, token: str) -> tuple[int, float] | None:
        """Give the session's id and the moment of expiry (epoch seconds); None for a bad token."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            jwt.JWTClaimsRegistry(
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
                sid={"essential": True},
            ).validate(decoded.claims)
            if decoded.header.get("typ") != TOKEN_TYPE:
                return None
            return int(decoded.claims["sid"]), float(decoded.claims["exp"])
        except (JoseError, ValueError, TypeError):
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
