"""What the planning process is given, and how the two talk: frames of a length and a pickle."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.meetings.planning.instance import Instance, Meeting

LENGTH = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A market to plan; to repair, where meetings are known."""

    instance: Instance
    seed: int
    effort: float
    seconds: float
    # None: from nothing
    known: Mapping[int, Meeting] | None = None
    # Of a repair: requests that were left out before, and move nobody
    waiting: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Broken:
    """It went wrong, as a traceback tells."""

    story: str


def framed(said: object) -> bytes:
    """Write something for the other process."""
    content = pickle.dumps(said, protocol=pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(LENGTH, "big") + content


def unframed(content: bytes) -> Any:  # noqa: ANN401  # whatever the other process says
    """Read what the other process of ours wrote, without its length."""
    return pickle.loads(content)  # noqa: S301  # both ends are this program
