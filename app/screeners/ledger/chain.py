"""The chain: what is hashed of a viewing, of an entry and of a seal, and how.

Pure. Each message begins with a word of its own, so that none can pass for another, and goes on in
JSON that has one spelling only (`canonical`): numbers are whole, instants are microseconds since
1970, names are sorted. `docs/viewing-ledger.md` tells the same to who reckons it elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.chains import canonical, derived, mac, microseconds

# What the first seal follows
NO_SEAL = bytes(32)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose viewing it is, and of what: the first entry is chained to it."""

    viewing_id: int
    screener_id: int
    grant_id: int | None
    person_id: int | None
    organisation_id: int | None
    opened_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Origin":  # noqa: ANN401  # of asyncpg, or a mapping
        """Take it from a row of `viewings`."""
        return cls(
            row["id"],
            row["screener_id"],
            row["grant_id"],
            row["person_id"],
            row["organisation_id"],
            row["opened_at"],
        )


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, before it has its hash: what happened, when, and where in the film."""

    number: int
    kind: str
    recorded_at: datetime
    from_milliseconds: int | None
    to_milliseconds: int | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """Where a viewing's chain ended when it was sealed."""

    viewing_id: int
    entry_count: int
    entry_hash: bytes


def key_of(secret: str) -> bytes:
    """Derive the ledger's key from a secret."""
    return derived(secret, "filmmart ledger of viewings 1")


def origin_hash(key: bytes, origin: Origin) -> bytes:
    """Give what the first entry of a viewing follows."""
    return mac(
        key,
        b"viewing",
        canonical(
            origin.viewing_id,
            origin.screener_id,
            origin.grant_id,
            origin.person_id,
            origin.organisation_id,
            microseconds(origin.opened_at),
        ),
    )


def entry_hash(key: bytes, before: bytes, line: Line) -> bytes:
    """Give the hash of an entry that follows the one with the hash `before`."""
    return mac(
        key,
        b"entry",
        before,
        canonical(
            line.number,
            line.kind,
            microseconds(line.recorded_at),
            line.from_milliseconds,
            line.to_milliseconds,
            line.data,
        ),
    )


def seal_hash(
    key: bytes, before: bytes, number: int, sealed_at: datetime, ends: Iterable[End]
) -> bytes:
    """Give the hash of a seal that follows the one with the hash `before`."""
    written = [(end.viewing_id, end.entry_count, end.entry_hash.hex()) for end in ends]
    return mac(key, b"seal", before, canonical(number, microseconds(sealed_at), written))
