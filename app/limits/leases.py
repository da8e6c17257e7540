"""What a process holds of a caller's window: pure bookkeeping, by the clock it is told."""

from dataclasses import dataclass
from datetime import datetime

# A flood of addresses must not fill the memory: the windows that are over go first.
MAX_SUBJECTS = 100_000
# How often what is not needed goes back, and what others took is learned.
BEAT_SECONDS = 0.5
# Who asks again within this time needs no query for it.
IDLE_SECONDS = 10.0


@dataclass(slots=True)
class Lease:
    """Units taken out of a window, to be spent here."""

    quota: int
    # The window they are of: its end by PostgreSQL's clock names it, by ours ends it.
    window: datetime
    ends_at: float
    # To spend here, and left for anybody when PostgreSQL last told
    rest: int
    left: int
    used_at: float
    # Spent since the last beat: what the next one leaves here goes by it.
    spent: int = 0
    is_dry: bool = False

    def is_over(self, now: float) -> bool:
        """Tell whether another window has begun."""
        return now >= self.ends_at

    def spend(self, cost: int, now: float) -> bool:
        """Take a request's cost out of what is here, if that is enough."""
        self.used_at = now
        if cost > self.rest or self.is_over(now):
            return False
        self.rest -= cost
        self.spent += cost
        return True

    def is_refused(self, cost: int, now: float) -> bool:
        """Tell that there is not enough, here or anywhere, without asking again until a beat."""
        return self.is_dry and cost > self.rest + self.left and not self.is_over(now)

    def told(self, left: int) -> None:
        """Hear what is left for anybody."""
        self.left = left
        self.is_dry = left <= 0

    def give_back(self, now: float) -> int:
        """Take out what is not needed here until the next beat, for others to take."""
        fair = 2 * self.spent
        self.spent = 0
        # A hundredth stays while there is plenty, so that a slow caller's next request finds it.
        if self.left > self.quota // 10 and now - self.used_at < IDLE_SECONDS:
            fair = max(fair, self.quota // 100)
        given = max(0, self.rest - fair)
        self.rest -= given
        self.left += given  # anybody's again: what is told stays true until the next beat
        return given

    def is_forgotten(self, now: float) -> bool:
        """Tell whether nothing is held, and nobody has asked for a while."""
        return self.is_over(now) or (self.rest == 0 and now - self.used_at >= IDLE_SECONDS)
