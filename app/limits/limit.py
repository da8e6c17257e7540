"""A limit: so many units a window for each subject, spent in memory, taken from PostgreSQL."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg
import structlog

from app.connecting import LOST
from app.limits.leases import BEAT_SECONDS, MAX_SUBJECTS, Lease
from app.limits.windows import WINDOW_SECONDS, Windows

AWAY = (asyncpg.PostgresError, *LOST)
logger = structlog.get_logger("app.limits")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on, what is left after it, and the seconds to the next window."""

    is_allowed: bool
    left: int
    wait: int

    @property
    def header(self) -> bytes:
        """Write it as `RateLimit` has it."""
        return f'"default";r={self.left};t={self.wait}'.encode()


class RateLimit:
    """Counts what subjects spend; those of one name are counted together in every process."""

    def __init__(self, name: str, amount: int, windows: Windows) -> None:
        """Allow each subject `amount` units a window."""
        self.amount = amount
        self.policy = f'"default";q={amount};w={WINDOW_SECONDS}'.encode()
        self._name = name
        self._windows = windows
        self._leases: dict[str, Lease] = {}
        self._taking: dict[str, asyncio.Lock] = {}

    async def hit(self, subject: str, cost: int = 1) -> Verdict:
        """Count a request; asks PostgreSQL only where what this process holds is spent."""
        cost = min(cost, self.amount)
        lease = self._leases.get(subject)
        now = time.monotonic()
        if lease is not None:
            if lease.spend(cost, now):
                return _verdict(lease, now, is_allowed=True)
            if lease.is_refused(cost, now):
                return _verdict(lease, now, is_allowed=False)
        try:
            return await self._take(subject, cost)
        except AWAY as error:
            # Whatever needs the database is refused for its own reason; the rest may go on.
            logger.warning("limits_unavailable", error=type(error).__name__)
            return Verdict(is_allowed=True, left=self.amount, wait=WINDOW_SECONDS)

    async def _take(self, subject: str, cost: int) -> Verdict:
        lock = self._taking.setdefault(subject, asyncio.Lock())
        try:
            async with lock:  # those who came meanwhile spend of what the first one took
                return await self._renew(subject, cost)
        finally:
            if not lock.locked():
                self._taking.pop(subject, None)

    async def _renew(self, subject: str, cost: int) -> Verdict:
        now = time.monotonic()
        lease = self._leases.get(subject)
        if lease is not None and lease.spend(cost, now):
            return _verdict(lease, now, is_allowed=True)
        if lease is not None and lease.is_refused(cost, now):
            return _verdict(lease, now, is_allowed=False)
        back = None
        spent = 0
        if lease is not None:
            back, spent = (lease.window, lease.rest), lease.spent
            lease.rest = 0  # nobody spends it while it is on its way back
        # Who has spent much since the last beat will spend as much until the next one.
        wanted = max(cost, 2 * spent, self.amount // 100)
        granted = await self._windows.take(
            f"{self._name}:{subject}", self.amount, cost, wanted, back
        )
        lease = Lease(
            quota=self.amount,
            window=granted.window,
            ends_at=now + granted.seconds,
            rest=granted.units,
            left=max(0, granted.left),
            used_at=now,
            spent=spent,
            is_dry=granted.units == 0,
        )
        self._keep(subject, lease, now)
        return _verdict(lease, now, is_allowed=lease.spend(cost, now))

    async def beat(self) -> None:
        """Give back what is not needed here, and learn what others took."""
        now = time.monotonic()
        for subject, lease in list(self._leases.items()):
            if lease.is_forgotten(now):
                del self._leases[subject]
        await self._learn()
        given = [
            (f"{self._name}:{subject}", lease.window, units)
            for subject, lease in self._leases.items()
            if (units := lease.give_back(now))
        ]
        if given:
            await self._windows.give_back(given)

    async def _learn(self) -> None:
        names = {f"{self._name}:{subject}": lease for subject, lease in self._leases.items()}
        if names:
            for name, (window, taken) in (await self._windows.taken(list(names))).items():
                if names[name].window == window:
                    names[name].told(max(0, self.amount - taken))

    def _keep(self, subject: str, lease: Lease, now: float) -> None:
        other = self._leases.get(subject)
        if other is not None and other.window == lease.window:  # somebody's, taken meanwhile
            lease.rest += other.rest
        elif other is None and len(self._leases) >= MAX_SUBJECTS:
            self._forget(now)
        self._leases[subject] = lease

    def _forget(self, now: float) -> None:
        self._leases = {
            subject: lease for subject, lease in self._leases.items() if not lease.is_over(now)
        }
        if len(self._leases) >= MAX_SUBJECTS:
            self._leases.clear()


def _verdict(lease: Lease, now: float, *, is_allowed: bool) -> Verdict:
    wait = max(1, round(lease.ends_at - now))
    return Verdict(is_allowed, lease.rest + lease.left, wait)


async def keep_beating(*limits: RateLimit) -> None:
    """Beat until cancelled."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        for limit in limits:
            try:
                await limit.beat()
            except AWAY as error:
                logger.warning("limits_unavailable", error=type(error).__name__)
