r"""A partner's program: brings a catalogue in, and keeps two mirrors, by the feed and by webhooks.

Written as a partner writes it, with the generated client and nothing of FilmMart's own:

    FILMMART_CLIENT_ID=… FILMMART_CLIENT_SECRET=fm_live_… \
        python story.py http://127.0.0.1:8000 catalogue.ndjson

The client needs the scopes imports:read, imports:write, exports:read, exports:write,
operations:read, titles:read, titles:write, events:read and webhooks:write.
"""

import hashlib
import json
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from filmmart_client import AuthenticatedClient
from filmmart_client.api.events import list_events
from filmmart_client.api.titles import get_title, put_title_by_reference
from filmmart_client.api.webhooks import create_webhook_endpoint, delete_webhook_endpoint
from filmmart_client.models import (
    EndpointIn,
    EndpointMade,
    FactOut,
    FactPage,
    TitleIn,
    TitleItem,
    TitleOut,
)
from market import bring_in, connect, listed, needed, taken_out
from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, Any]
# What changes what others see of our titles
TYPES = ["title.published", "title.updated", "title.withdrawn"]
# So many titles are read one by one; of more the whole catalogue is fetched as a file.
FEW = 20
WAIT_SECONDS = 20
# A webhook that failed comes again after 5 seconds, then after 5 minutes.
PATIENCE_SECONDS = 600


@dataclass
class Mirror:
    """A copy of our titles as the market has them, kept by the facts that are heard of."""

    facts: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def hear(self, fact: FactOut) -> None:
        """Note that a title changed; a fact that is known already says nothing new."""
        if fact.id not in self.facts:
            self.facts.add(fact.id)
            self._changed.add(fact.subject_id)

    def read(self, api: AuthenticatedClient) -> None:
        """Read how the titles that changed are now: so the order of facts does not matter."""
        if len(self._changed) > FEW:
            read = [title for title in taken_out(api) if title.id in self._changed]
        else:
            ids = sorted(self._changed)
            read = [needed(get_title.sync(id_, client=api), TitleOut) for id_ in ids]
        self.titles |= {title.id: line_of(title, title.reference) for title in read}
        self._changed.clear()


def follow(api: AuthenticatedClient, mirror: Mirror, after: int) -> int:
    """Hear the feed to its end, and give where to go on; a real mirror keeps that with itself."""
    while True:
        answer = list_events.sync(
            client=api, after=str(after), wait=WAIT_SECONDS, types=TYPES, limit=1000
        )
        page = needed(answer, FactPage)
        for fact in page.items:
            mirror.hear(fact)
        after = page.next_after
        if not page.has_more:
            return after


class Hook(BaseHTTPRequestHandler):
    """One webhook: verified, put aside, answered; what it is about is worked on later."""

    server: "Receiver"

    def do_POST(self) -> None:
        """Take it, if it is signed as it must be."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = self.server.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.server.unverified += 1
            self.send_response(400)
        else:
            # Its `id` is the `webhook-id`, each time that it comes.
            self.server.facts.put(FactOut.from_dict(event["data"]))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each."""


class Receiver(ThreadingHTTPServer):
    """Where webhooks come in: at a port of this machine, behind TLS where it is no sandbox."""

    daemon_threads = True
    request_queue_size = 100
    webhook: Webhook

    def __init__(self) -> None:
        """Take a port that is free, and listen once there is a secret to verify by."""
        super().__init__(("127.0.0.1", 0), Hook)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks"
        self.facts: SimpleQueue[FactOut] = SimpleQueue()
        self.unverified = 0

    def listen(self, secret: str) -> None:
        """Receive from now on."""
        self.webhook = Webhook(secret)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def hear_all(self, mirror: Mirror, wanted: set[str]) -> None:
        """Hear until every fact that is wanted has come."""
        missing = wanted - mirror.facts
        while missing:
            fact = self.facts.get(timeout=PATIENCE_SECONDS)
            mirror.hear(fact)
            missing.discard(fact.id)


def line_of(title: TitleIn | TitleItem | TitleOut, reference: object) -> str:
    """Write what a title is compared by."""
    return f"{reference}\t{title.original_title}\t{title.kind}\t{title.year or ''}"


def summed(lines: Iterable[str]) -> Json:
    """Count titles and add them up, in whatever order they come."""
    digests = sorted(hashlib.sha256(line.encode()).hexdigest() for line in lines)
    return {
        "count": len(digests),
        "checksum": hashlib.sha256("".join(digests).encode()).hexdigest(),
    }


@dataclass
class Story:
    """What we have sent, and the mirrors that follow what became of it."""

    api: AuthenticatedClient
    receiver: Receiver
    after: int
    sent: list[TitleIn]
    references: dict[str, str]
    by_feed: Mirror = field(default_factory=Mirror)
    by_webhooks: Mirror = field(default_factory=Mirror)

    def compare(self) -> Json:
        """Bring both mirrors up to date, and add up what everybody has."""
        self.after = follow(self.api, self.by_feed, self.after)
        self.receiver.hear_all(self.by_webhooks, self.by_feed.facts)
        for mirror in (self.by_feed, self.by_webhooks):
            mirror.read(self.api)
        items = listed(self.api)
        return {
            "sent": summed(line_of(title, title.reference) for title in self.sent),
            "listed": summed(line_of(item, self.references[item.id]) for item in items),
            "by_feed": summed(self.by_feed.titles.values()),
            "by_webhooks": summed(self.by_webhooks.titles.values()),
        }

    def rename_first(self) -> None:
        """Put a title by our own reference, under another name."""
        first = self.sent[0]
        first.original_title += " (restored)"
        answer = put_title_by_reference.sync(str(first.reference), client=self.api, body=first)
        needed(answer, TitleOut)


def main(url: str, file: str) -> None:
    """Sync a catalogue, rename a title, and tell what all sides have after each."""
    api, auth = connect(url)
    catalogue = Path(file).read_bytes()
    latest = needed(list_events.sync(client=api, after="latest"), FactPage)
    with Receiver() as receiver:
        wanted = EndpointIn(url=receiver.url, event_types=TYPES)
        endpoint = needed(create_webhook_endpoint.sync(client=api, body=wanted), EndpointMade)
        receiver.listen(endpoint.secret)
        sent = [TitleIn.from_dict(json.loads(line)) for line in catalogue.splitlines()]
        report = bring_in(api, catalogue)
        references = {line["id"]: line["reference"] for line in report}
        story = Story(api, receiver, latest.next_after, sent, references)
        synced = story.compare()
        story.rename_first()
        renamed = story.compare()
        delete_webhook_endpoint.sync(endpoint.id, client=api)
        receiver.shutdown()
    told = {
        "remarks": sum(bool(line["problems"]) for line in report),
        "facts": {"feed": len(story.by_feed.facts), "webhooks": len(story.by_webhooks.facts)},
        "unverified": receiver.unverified,
        "tokens": auth.tokens,
    }
    print(json.dumps({"synced": synced, "renamed": renamed, **told}))


if __name__ == "__main__":
    main(*sys.argv[1:])
