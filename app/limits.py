"""How many requests a caller may make in a minute: a fixed window, counted in the process.

The `limits` library does the same for ten times the cost: its store in memory starts a thread for
each batch of expired windows, which shows in every hot read.
"""

import time

WINDOW_SECONDS = 60
# A flood of addresses must not fill the memory: the windows that are over go first.
MAX_SUBJECTS = 100_000


class RateLimit:
    """Counts requests by subject."""

    def __init__(self, amount: int) -> None:
        """Allow `amount` in each window."""
        self.amount = amount
        self.policy = f'"default";q={amount};w={WINDOW_SECONDS}'.encode()
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, subject: str) -> tuple[int, int]:
        """Count a request; give what remains (below 0: refuse it) and the seconds to the reset."""
        now = time.monotonic()
        ends_at, used = self._windows.get(subject, (0.0, 0))
        if now >= ends_at:
            ends_at, used = now + WINDOW_SECONDS, 0
            if len(self._windows) >= MAX_SUBJECTS:
                self._forget(now)
        self._windows[subject] = (ends_at, used + 1)
        return self.amount - used - 1, max(1, round(ends_at - now))

    def _forget(self, now: float) -> None:
        self._windows = {
            subject: window for subject, window in self._windows.items() if window[0] > now
        }
        if len(self._windows) >= MAX_SUBJECTS:
            self._windows.clear()
