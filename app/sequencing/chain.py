"""The chain of the journal: what is hashed of a fact, and how. Pure.

A fact's hash is `HMAC-SHA256(key, "fact" ‖ hash before ‖ the fact with its position)`.
"""

import json
from typing import Any

from app.chains import canonical, derived, mac, microseconds
from app.settings import Settings

# What the first fact follows
NO_FACT = bytes(32)


def journal_key(settings: Settings) -> bytes:
    """Give the key: derived from the ledgers' own secret, or from the one of everything else."""
    secret = settings.own(settings.ledger_key or settings.secret_key)
    return derived(secret, "filmmart journal 1")


def fact_hash(key: bytes, before: bytes, position: int, row: Any) -> bytes:  # noqa: ANN401
    """Give the hash of a row of `events` at a position, which follows the hash `before`."""
    address = row["address"]
    message = canonical(
        position,
        row["id"],
        row["type"],
        row["subject_id"],
        microseconds(row["occurred_at"]),
        row["organisation_id"],
        row["person_id"],
        row["client_id"],
        None if address is None else str(address),
        row["request_id"],
        row["organisation_ids"],
        row["is_public"],
        json.loads(row["data"]),
    )
    return mac(key, b"fact", before, message)
