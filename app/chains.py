"""Chains: how what is kept is written and hashed, so that no change of it goes unseen. Pure.

Each message begins with a word of its own, so that none can pass for another, and goes on in JSON
that has one spelling only (`canonical`): instants are microseconds since 1970, names are sorted.
"""

import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


@lru_cache(maxsize=8)
def derived(secret: str, purpose: str) -> bytes:
    """Derive the key of one chain from a secret (HKDF of RFC 5869)."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    key: bytes = derivation.derive(secret.encode())
    return key


def canonical(*values: object) -> bytes:
    """Write values in the one way that is hashed.

    Raises:
        ValueError: one of them can't be written, as a surrogate that stands alone.
    """
    return _encode(values).encode()


def microseconds(instant: datetime) -> int:
    """Count the microseconds since 1970: PostgreSQL keeps no less."""
    return (instant - _EPOCH) // _MICROSECOND


def mac(key: bytes, *parts: bytes) -> bytes:
    """Hash a message: its word, then its parts (HMAC-SHA256)."""
    return hmac.digest(key, b"\0".join(parts), "sha256")
