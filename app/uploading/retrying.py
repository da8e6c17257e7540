"""When a request is worth another try, and when that is."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import anyio
import httpx2

LONGEST_SECONDS = 60.0
OVERLOADED = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Patience:
    """How often in a row something may fail, and how long the first wait is: they double."""

    attempts: int = 10
    first_seconds: float = 0.5

    def pause(self, failures: int, retry_after: str | None = None) -> float:
        """Give the seconds to wait: by half at random, so that many do not come back at once."""
        if retry_after is not None and retry_after.isdigit():
            return min(float(retry_after), LONGEST_SECONDS) + random.random()  # noqa: S311
        longest = min(LONGEST_SECONDS, self.first_seconds * 2.0**failures)
        return longest * (0.5 + random.random() / 2)  # noqa: S311  # no secret


class GivenUp(Exception):  # noqa: N818  # says what happened, which is nobody's fault here
    """The line, or who is at its other end, failed too often in a row."""


def is_passing(status: int) -> bool:
    """Tell whether an answer says that another time it may go well."""
    return status in OVERLOADED or status >= HTTPStatus.INTERNAL_SERVER_ERROR


async def persistently(
    ask: Callable[[], Awaitable[httpx2.Response]], patience: Patience
) -> httpx2.Response:
    """Ask until there is an answer that another try would not better.

    Raises:
        GivenUp: there was none, too often.
    """
    said = ""
    for failures in range(patience.attempts):
        retry_after = None
        try:
            answer = await ask()
        except httpx2.TransportError as error:
            said = f"{type(error).__name__} {error}".strip()
        else:
            if not is_passing(answer.status_code):
                return answer
            said = f"it answered {answer.status_code}"
            retry_after = answer.headers.get("Retry-After")
        await anyio.sleep(patience.pause(failures, retry_after))
    raise GivenUp(f"Gave up after {patience.attempts} attempts: {said}.")
