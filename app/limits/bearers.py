"""Secrets in addresses: whose requests they are counted as."""

from collections import OrderedDict

from app.limits.leases import MAX_SUBJECTS


class Bearers:
    """Whose requests are counted together though nobody signs in: by the secret in their address.

    Only secrets that proved good are here: made-up ones are counted by address, and gain nothing.
    """

    def __init__(self) -> None:
        """Know nobody yet."""
        self._known: OrderedDict[str, str] = OrderedDict()

    def note(self, secret: str, subject: str) -> None:
        """Remember whose a secret is."""
        self._known[secret] = subject
        self._known.move_to_end(secret)
        if len(self._known) > MAX_SUBJECTS:
            self._known.popitem(last=False)

    def subject_of(self, secret: str) -> str | None:
        """Name whose a secret is."""
        return self._known.get(secret)
