"""With which key the ledger is written and verified."""

from app.screeners.ledger.chain import key_of
from app.settings import Settings


def ledger_key(settings: Settings) -> bytes:
    """Give the key: derived from the ledger's own secret, or from the one of everything else."""
    return key_of(settings.own(settings.ledger_key or settings.secret_key))
