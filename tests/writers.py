"""Clients who write without pause, and an auditor who looks for what they were promised."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import anyio
import httpx2
import psycopg
from anyio.from_thread import start_blocking_portal

from tests.world import PASSWORD, Caller

Json = dict[str, Any]
# What a client repeats: it was not answered, or told to come back.
PAUSE = 0.2
CLIENTS = 12
# The noun in the journal and, where one must follow, the job.
FOLLOWS = {
    "titles": ("title.created", None),
    "organisations": ("organisation.signed_up", None),
    "meeting_requests": ("meeting_request.created", "expire_meeting_request"),
}
# Where each kind of write bears its mark
MARKS = {
    "titles": "SELECT reference, id FROM titles",
    "organisations": "SELECT name, id FROM organisations WHERE NOT is_organiser",
    "meeting_requests": "SELECT message, id FROM meeting_requests",
}


@dataclass(frozen=True)
class Write:
    """Something to do once, known by its mark."""

    kind: str
    mark: str
    path: str
    token: str | None
    body: Json


@dataclass
class Ledger:
    """What the clients were told."""

    # Mark to id, for each kind
    acknowledged: dict[str, dict[str, str]] = field(
        default_factory=lambda: {kind: {} for kind in MARKS}
    )
    # How many had been acknowledged when each was begun
    begun: dict[str, int] = field(default_factory=dict)
    # Answers that nobody should get
    surprises: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def total(self) -> int:
        """Count what was acknowledged."""
        return sum(map(len, self.acknowledged.values()))


class Writers:
    """Many clients at once, in a thread of their own: they write until told to stop."""

    def __init__(self, url: str, writes: Iterator[Write], clients: int = CLIENTS) -> None:
        self.ledger = Ledger()
        self.in_flight = 0
        self._url = url
        self._clients = clients
        self._writes = writes
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._portal = start_blocking_portal()
        portal = self._portal.__enter__()
        self._ended = portal.start_task_soon(self._run)
        return self

    def __exit__(self, *error: object) -> None:
        """Let every client come to the end of what it has begun."""
        self._stop.set()
        try:
            self._ended.result(timeout=60)
        finally:
            self._portal.__exit__(None, None, None)

    async def _run(self) -> None:
        async with (
            httpx2.AsyncClient(base_url=self._url, timeout=15) as http,
            anyio.create_task_group() as clients,
        ):
            for _ in range(self._clients):
                clients.start_soon(self._write_on, http)

    async def _write_on(self, http: httpx2.AsyncClient) -> None:
        for number in count():
            if self._stop.is_set():
                return
            write = next(self._writes)
            self.ledger.begun[write.mark] = self.ledger.total()
            answer = await self._until_acknowledged(http, write)
            if answer is None:
                continue
            self._note(write, answer)
            if number % 4 == 0:  # as if the answer had been lost
                again = await self._until_acknowledged(http, write)
                if again is not None and again.content != answer.content:
                    self.ledger.surprises.append(f"{write.mark}: two answers")

    def _note(self, write: Write, answer: httpx2.Response) -> None:
        made = answer.json()
        made = made.get("organisation", made)
        self.ledger.acknowledged[write.kind][write.mark] = made["id"]

    async def _until_acknowledged(
        self, http: httpx2.AsyncClient, write: Write
    ) -> httpx2.Response | None:
        """Send the same again and again until it is known to be done; None where it is refused."""
        headers = {"Idempotency-Key": write.mark}
        if write.token:
            headers["Authorization"] = f"Bearer {write.token}"
        while True:
            self.in_flight += 1
            try:
                answer = await http.post(write.path, json=write.body, headers=headers)
            except httpx2.TransportError as error:
                self.ledger.counts[type(error).__name__] += 1
                await anyio.sleep(PAUSE)
                continue
            finally:
                self.in_flight -= 1
            self.ledger.counts[str(answer.status_code)] += 1
            if answer.is_success:
                self.ledger.counts["replayed"] += "Idempotency-Replayed" in answer.headers
                return answer
            code = answer.json()["code"]
            if answer.status_code != 503 and code != "idempotency_key_in_use":
                self.ledger.surprises.append(f"{write.mark}: {answer.text}")
                return None
            await anyio.sleep(PAUSE)


def writes(sellers: list[Caller], buyers: list[Caller]) -> Iterator[Write]:
    """Give titles mostly, meeting requests while somebody is unasked, now and then a company."""
    pairs = ((buyer, seller) for seller in sellers for buyer in buyers)
    for number in count(1):
        mark = f"mark-{number:06}"
        if number % 10 == 0:
            yield sign_up(mark)
        elif number % 10 < 4 and (pair := next(pairs, None)):
            yield meeting_request(mark, *pair)
        else:
            yield title(mark, sellers[number % len(sellers)])


def title(mark: str, seller: Caller) -> Write:
    body = {"kind": "feature", "original_title": "Сталкер", "reference": mark}
    return Write("titles", mark, "/v1/titles", seller.token, body)


def meeting_request(mark: str, buyer: Caller, seller: Caller) -> Write:
    body = {"to_organisation_id": seller.organisation_id, "message": mark}
    return Write("meeting_requests", mark, "/v1/meeting-requests", buyer.token, body)


def sign_up(mark: str) -> Write:
    person = {"email": f"{mark}@company.example", "name": "Somebody", "password": PASSWORD}
    body = {"name": mark, "country": "KZ", "person": person}
    return Write("organisations", mark, "/v1/organisations", None, body)


def faults(database_url: str, ledger: Ledger) -> list[str]:
    """Hold the database to what was acknowledged: each thing once, with all that follows from it.

    Nothing else bears a mark: no client ended before its last write was acknowledged.
    """
    found: list[str] = []
    with psycopg.connect(database_url) as connection:
        for kind, statement in MARKS.items():
            stored: dict[str, list[str]] = defaultdict(list)
            for mark, id_ in connection.execute(statement):
                if str(mark).startswith("mark-"):
                    stored[mark].append(str(id_))
            promised = ledger.acknowledged[kind]
            found += [f"{kind} {mark}: lost" for mark in promised if mark not in stored]
            found += [f"{kind} {mark}: never acknowledged" for mark in stored.keys() - promised]
            found += [
                f"{kind} {mark}: {ids} instead of {promised[mark]}"
                for mark, ids in stored.items()
                if mark in promised and ids != [promised[mark]]
            ]
            found += _consequences(connection, kind, promised)
    return found


def _consequences(
    connection: psycopg.Connection[Any], kind: str, promised: dict[str, str]
) -> Iterator[str]:
    event, job = FOLLOWS[kind]
    told = Counter(
        str(id_)
        for (id_,) in connection.execute("SELECT subject_id FROM events WHERE type = %s", [event])
    )
    yield from (
        f"{event} of {id_}: {told[id_]} times" for id_ in promised.values() if told[id_] != 1
    )
    if job is None:
        return
    deferred = Counter(
        id_
        for (id_,) in connection.execute(
            "SELECT args ->> 'request_id' FROM procrastinate_jobs WHERE task_name = %s", [job]
        )
    )
    yield from (
        f"{job} of {id_}: {deferred[id_]} times" for id_ in promised.values() if deferred[id_] != 1
    )
