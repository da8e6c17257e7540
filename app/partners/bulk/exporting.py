"""A list taken out into the store, part by part: what is there stays there, and is not sent again.

NDJSON and CSV are cut between two rows, so that a part of a multipart upload and the place behind
it, written down together, are where the next run goes on. A workbook has no such place: it is made
on the worker's disk, and anew after a kill.
"""

import asyncio
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from app.models.base import JsonObject
from app.operations.handling import Means, Progress, Run
from app.partners.bulk import pieces
from app.partners.bulk.encoding import ENCODERS, Book, Encoder
from app.partners.bulk.files import export_key
from app.partners.bulk.formats import MEDIA_TYPES, FileFormat
from app.partners.bulk.schemas import ExportOf, TitlesWanted
from app.partners.bulk.sources import Chunk, Pages, Source
from app.partners.bulk.title_source import Titles
from app.stored import PartsRefused, StorageUnavailable, StoredPart, UploadGone

# Of a part: S3 wants 5 MiB or more, and 10,000 parts at most
PART_BYTES = 8 * 2**20
# How soon a cancelled export ends, and how often is told of one that goes on
PATIENCE_SECONDS = 1.0
# How often is told of a workbook, in chunks
TOLD = 5


async def export_list(means: Means, run: Run, progress: Progress) -> JsonObject:
    """Export the list of an operation."""
    of, format_ = ExportOf(run.input["of"]), FileFormat(run.input["format"])
    source = _source(means, run, of)
    key = export_key(run.actor.organisation_id, run.id, format_)
    if format_ is FileFormat.XLSX:
        return await _write_book(means, progress, source, key, of)
    encoder = ENCODERS[format_](source.columns)
    sending = await Sending.of(means, run, progress, key, MEDIA_TYPES[format_])
    return await sending.send(source, encoder)


def _source(means: Means, run: Run, of: ExportOf) -> Source:
    if of is ExportOf.TITLES:
        wanted = TitlesWanted.model_validate(run.input["titles"] or {})
        # An operation's id was made after those of all the titles that it is about.
        return Titles(means.database.engine, run.actor, wanted, run.id)
    return Pages(means, run.actor, of)


@dataclass(frozen=True, slots=True)
class Part:
    """What goes into the store at once, and where the next part begins."""

    content: bytes
    rows: int
    after: str
    # How much there is of the whole then, from 0 to 1
    done: float


@dataclass(slots=True)
class Sending:
    """A file on its way into the store."""

    means: Means
    run: Run
    progress: Progress
    key: str
    media_type: str
    upload_id: str | None = None
    parts: list[StoredPart] = field(default_factory=list)
    rows: int = 0
    after: str | None = None
    # What waits to be a part, and how many bytes and rows that is
    content: list[bytes] = field(default_factory=list)
    size: int = 0
    waiting: int = 0
    # The part that is on its way, while the next one is read
    sending: asyncio.Task[None] | None = None
    # When it was last asked whether to stop, and last told how far it is: parts are many
    asked_at: float = -math.inf
    told_at: float = -math.inf

    @classmethod
    async def of(
        cls, means: Means, run: Run, progress: Progress, key: str, media_type: str
    ) -> "Sending":
        """Begin, or go on where the run before was cut off."""
        sending = cls(means, run, progress, key, media_type)
        for piece in await pieces.done_of(means, run.id):
            told = piece.told
            sending.upload_id, sending.after = told["upload_id"], told["after"]
            sending.parts.append(StoredPart(piece.number, told["bytes"], told["etag"]))
            sending.rows += piece.rows
        return sending

    async def send(self, source: Source, encoder: Encoder) -> JsonObject:
        """Send the file to its end, unless it is cancelled.

        Raises:
            StorageUnavailable: the store lost what it had: the next run begins anew.
        """
        try:
            if await self._send_all(source, encoder):
                await self._complete()
                await self.progress.tell(1, {"rows": self.rows + self.waiting})
            else:
                await self._give_up()
        except (UploadGone, PartsRefused) as error:
            await self._give_up()
            raise StorageUnavailable from error
        size = sum(part.size_bytes for part in self.parts) + self.size
        return {"rows": self.rows + self.waiting, "bytes": size}

    async def _send_all(self, source: Source, encoder: Encoder) -> bool:
        """Send part after part, each while the next one is read; tell whether those are all."""
        if self.after is None:
            self._add(encoder.head())
        try:
            async for chunk in source.chunks(self.after):
                self._add(await asyncio.to_thread(encoder.encode, chunk.lines))
                self.waiting += chunk.rows
                if self.size >= PART_BYTES:
                    await self._sent()
                    self.sending = asyncio.create_task(self._send_part(self._cut(chunk)))
                if await self._is_cancelled():
                    await self._sent()
                    return False
            await self._sent()
        finally:
            if self.sending is not None:
                self.sending.cancel()
                await asyncio.gather(self.sending, return_exceptions=True)
        return True

    async def _sent(self) -> None:
        """Wait for the part that is on its way."""
        if self.sending is not None:
            await self.sending
            self.sending = None

    def _cut(self, chunk: Chunk) -> Part:
        """Take what waits as a part that ends with this chunk."""
        part = Part(b"".join(self.content), self.waiting, chunk.after, chunk.done)
        self.content.clear()
        self.size = self.waiting = 0
        return part

    def _add(self, encoded: bytes) -> None:
        self.content.append(encoded)
        self.size += len(encoded)

    async def _is_cancelled(self) -> bool:
        """Ask now and then: chunks are many."""
        now = time.monotonic()
        if now - self.asked_at < PATIENCE_SECONDS:
            return False
        self.asked_at = now
        return await self.progress.is_cancelled()

    async def _send_part(self, part: Part) -> None:
        """Send a part, write down that it is there, and tell of it now and then."""
        store = self.means.store
        if self.upload_id is None:
            self.upload_id = await store.start_upload(self.key, self.media_type)
        number = len(self.parts) + 1
        stored = await store.put_part(self.key, self.upload_id, number, part.content)
        told = {
            "upload_id": self.upload_id,
            "etag": stored.md5,
            "bytes": stored.size_bytes,
            "after": part.after,
        }
        async with self.means.transaction() as session:
            await pieces.keep(session, self.run.id, pieces.Piece(number, part.rows, told))
        self.parts.append(stored)
        self.rows += part.rows
        now = time.monotonic()
        if now - self.told_at >= PATIENCE_SECONDS:
            self.told_at = now
            await self.progress.tell(part.done, {"rows": self.rows})

    async def _complete(self) -> None:
        """Make one object of the parts, and of what was too little for another one."""
        store = self.means.store
        if self.upload_id is None:
            await store.put_bytes(self.key, b"".join(self.content), self.media_type)
            return
        parts = list(self.parts)
        try:
            if self.size:
                last = len(parts) + 1
                end = b"".join(self.content)
                parts.append(await store.put_part(self.key, self.upload_id, last, end))
            await store.complete_upload(self.key, self.upload_id, parts)
        except UploadGone:
            # The run before may have been killed right after this.
            if await store.find_object(self.key) is None:
                raise

    async def _give_up(self) -> None:
        if self.upload_id is not None:
            await self.means.store.abort_upload(self.key, self.upload_id)
        await pieces.forget(self.means, self.run.id)


async def _write_book(
    means: Means, progress: Progress, source: Source, key: str, of: ExportOf
) -> JsonObject:
    """Make a workbook on the disk, and put it into the store."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        book = await asyncio.to_thread(Book, path, of.value, source.columns)
        try:
            rows, is_whole = await _fill(book, source, progress)
        finally:
            await asyncio.to_thread(book.close)
        if not is_whole:
            return {"rows": rows}
        with path.open("rb") as file:
            await means.store.put_file(key, file, MEDIA_TYPES[FileFormat.XLSX])
        size = path.stat().st_size
    return {"rows": rows, "bytes": size, "shortened": book.shortened}


async def _fill(book: Book, source: Source, progress: Progress) -> tuple[int, bool]:
    """Write the rows of a workbook; tell how many there are, and if that is all of them."""
    rows = chunks = 0
    async for chunk in source.chunks(None):
        await asyncio.to_thread(book.write, chunk.lines)
        rows += chunk.rows
        chunks += 1
        if chunks % TOLD == 0:
            await progress.tell(chunk.done * 0.9, {"rows": rows})
        if await progress.is_cancelled():
            return rows, False
    return rows, True
