"""Following the feed: what came after a position, and waiting for it."""

import asyncio
import time
from dataclasses import dataclass

from app.actors import Actor
from app.db import Reads
from app.errors import Gone, Invalid
from app.partners.feed.reads import WINDOW, page_read
from app.partners.feed.schemas import LATEST, FeedQuery
from app.sequencing.sequencer import Sequencer

# So many positions are looked through before an answer without facts is given.
MOST_WINDOWS = 20
# A replica has what was announced within moments.
REPLICA_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Page:
    """Facts as JSON, and how far they reach."""

    items: str
    count: int
    next_after: int
    head: int

    def json(self) -> str:
        """Give the answer."""
        more = "true" if self.next_after < self.head else "false"
        return f'{{"items":{self.items},"next_after":{self.next_after},"has_more":{more}}}'


async def start_of(sequencer: Sequencer, query: FeedQuery) -> int | None:
    """Give the position to begin after; None for the oldest fact that is kept.

    What was committed before has its position when this returns.

    Raises:
        Invalid: there is no such position yet.
    """
    head = await sequencer.catch_up()
    if query.after is None:
        return None
    after = head if query.after == LATEST else int(query.after)
    if after > head:
        raise Invalid.parameter(
            "after",
            f"No fact has this position yet; the last one has {head}. Was it another market's? "
            "Read anew what you keep, and go on from there.",
            code="position_not_given",
        )
    return after


async def read_page(reads: Reads, actor: Actor, query: FeedQuery, after: int | None) -> Page:
    """Read the next facts that an actor may know of, past those they may not.

    Raises:
        Gone: the feed does not reach back that far.
    """
    page = await _read_window(reads, actor, query, after)
    for _ in range(MOST_WINDOWS - 1):
        if page.count or page.next_after >= page.head:
            break
        page = await _read_window(reads, actor, query, page.next_after)
    return page


async def _read_window(reads: Reads, actor: Actor, query: FeedQuery, after: int | None) -> Page:
    read = page_read(is_organiser=actor.is_organiser, is_filtered=bool(query.types))
    row = await reads.row(
        read,
        after=after or 0,
        limit=query.page_size,
        organisation_id=actor.organisation_id,
        types=query.exact_types,
        nouns=query.nouns,
    )
    assert row is not None  # noqa: S101  # an aggregate has one
    gone: int = row["gone"]
    if after is None and gone:
        return await _read_window(reads, actor, query, gone)
    after = after or 0
    if after < gone:
        raise _gone(gone, row["head"])
    is_full = row["count"] == query.page_size
    end = row["last"] if is_full else max(after, min(after + WINDOW, row["head"]))
    return Page(row["items"], row["count"], end, row["head"])


async def wait_for_more(sequencer: Sequencer, page: Page, until: float) -> bool:
    """Wait until there may be more than a page that has none; False where the time is over."""
    if page.count or page.next_after < page.head or time.monotonic() >= until:
        return False
    if page.head < sequencer.head:
        await asyncio.sleep(REPLICA_SECONDS)
        return True
    return await sequencer.wait_beyond(page.head, until - time.monotonic())


def _gone(gone: int, head: int) -> Gone:
    return Gone(
        f"The feed reaches back to position {gone + 1}; what came before is no longer given. Note "
        "`latest`, read anew what you keep (lists or an export), then follow with "
        f"after={head}.",
        code="events_gone",
        oldest=gone + 1,
        latest=head,
    )
