"""Somebody who follows the feed, and holds it to what it promises."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Self

import anyio
import httpx2
from anyio.from_thread import start_blocking_portal

from tests.world import Caller
from tests.writers import PAUSE, Ledger

Json = dict[str, Any]


@dataclass
class Follower:
    """Reads on from where it was, and keeps every fact."""

    caller: Caller
    after: int = 0
    facts: list[Json] = field(default_factory=list)

    async def follow(self, **query: Any) -> list[Json]:
        """Read one answer."""
        answer = await self.caller.get("/events", params={"after": self.after, **query})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["next_after"] >= self.after
        self.after = page["next_after"]
        self.facts += page["items"]
        found: list[Json] = page["items"]
        return found

    async def follow_all(self, **query: Any) -> list[Json]:
        """Read until there is no more, and give all that was ever read."""
        while await self.follow(**query):
            pass
        return self.facts

    def types(self) -> list[str]:
        """Name what happened, in order."""
        return [fact["type"] for fact in self.facts]


async def latest(caller: Caller) -> Follower:
    """Begin to follow now."""
    answer = await caller.get("/events", params={"after": "latest"})
    assert answer.json()["items"] == []
    return Follower(caller, answer.json()["next_after"])


def misplaced(facts: list[Json], ledger: Ledger) -> list[str]:
    """Name the titles that stand before one that was acknowledged when they were begun.

    And those that are missing, or told of twice.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for fact in facts:
        if fact["type"] == "title.created":
            places[fact["subject_id"]].append(fact["position"])
    acknowledged = ledger.acknowledged["titles"]
    found = [f"{id_}: {places[id_]}" for id_ in acknowledged.values() if len(places[id_]) != 1]
    found += [f"{id_}: never acknowledged" for id_ in places.keys() - acknowledged.values()]
    if found:
        return found
    # The last position of the first so many
    reached = [0, *accumulate((places[id_][0] for id_ in acknowledged.values()), max)]
    return [
        f"{mark}: {places[id_][0]} is not after {reached[ledger.begun[mark]]}"
        for mark, id_ in acknowledged.items()
        if places[id_][0] <= reached[ledger.begun[mark]]
    ]


class Followers:
    """Readers in a thread of their own: each waits at its own API, whatever becomes of it."""

    def __init__(self, urls: list[str], callers: list[Caller]) -> None:
        self._urls = urls
        self._callers = callers
        self._stop = threading.Event()
        self.facts: list[list[Json]] = [[] for _ in callers]
        # Answers that nobody should get
        self.surprises: list[str] = []

    def __enter__(self) -> Self:
        self._portal = start_blocking_portal()
        portal = self._portal.__enter__()
        self._ended = portal.start_task_soon(self._run)
        return self

    def __exit__(self, *error: object) -> None:
        """Let every reader come to the end of what there is."""
        self._stop.set()
        try:
            self._ended.result(timeout=60)
        finally:
            self._portal.__exit__(None, None, None)

    async def _run(self) -> None:
        async with anyio.create_task_group() as readers:
            for number, caller in enumerate(self._callers):
                url = self._urls[number % len(self._urls)]
                readers.start_soon(self._follow, url, caller, self.facts[number])

    async def _follow(self, url: str, caller: Caller, facts: list[Json]) -> None:
        headers = {"Authorization": f"Bearer {caller.token}"}
        after = 0
        async with httpx2.AsyncClient(base_url=url, timeout=45, headers=headers) as http:
            while True:
                is_last = self._stop.is_set()
                query = {"after": after, "wait": 0 if is_last else 2, "limit": 50}
                try:
                    answer = await http.get("/v1/events", params=query)
                except httpx2.TransportError:
                    await anyio.sleep(PAUSE)
                    continue
                if answer.status_code == 503:
                    await anyio.sleep(PAUSE)
                    continue
                if answer.status_code != 200:
                    self.surprises.append(answer.text)
                    return
                page = answer.json()
                facts += page["items"]
                after = page["next_after"]
                if is_last and not page["has_more"]:
                    return
