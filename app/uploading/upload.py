"""A film's whole way: found or begun, sent, stated, followed until it can be watched."""

from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import anyio
import httpx2

from app.uploading.files import Film
from app.uploading.market import Document, Market, Refused
from app.uploading.retrying import Patience
from app.uploading.sending import Sender, UploadGone

LOST = {"upload_lost", "upload_over"}
MISMATCH = "parts_do_not_match"
# Uploads begun anew because the store lost them, and parts sent again because they arrived wrong
BEGINNINGS = 3
ROUNDS = 3
UNDER_WAY = {"uploading", "processing"}


class Watcher(Protocol):
    """Who is told how it goes."""

    def begun(self, screener: Document, part_count: int, *, resumed: bool) -> None: ...

    def checked(self, number: int, length: int) -> None: ...

    def moved(self, length: int) -> None: ...

    def processing(self, screener: Document) -> None: ...

    def said(self, sentence: str) -> None: ...


@dataclass(frozen=True)
class Wanted:
    """What is uploaded, to where."""

    title_id: str
    file_name: str
    content_type: str
    audio_language: str | None = None
    subtitle_language: str | None = None
    parallel: int = 4


class Lost(Exception):  # noqa: N818  # a fact
    """The store lost an upload again and again."""


@dataclass
class Upload:
    """One film on its way."""

    http: httpx2.AsyncClient
    market: Market
    film: Film
    wanted: Wanted
    watcher: Watcher
    patience: Patience
    screener: Document | None = None

    async def run(self) -> Document:
        """Send the film, or what is missing of it, and give the screener it became.

        Raises:
            Refused: the market said no.
            GivenUp: the market or the store failed too often in a row.
            FileChanged: somebody wrote to the file.
            Lost: the store lost it, too often.
        """
        for _ in range(BEGINNINGS):
            found = await self._unfinished()
            screener, progress = found or await self._begun()
            self.screener = screener
            self.watcher.begun(screener, progress["part_count"], resumed=found is not None)
            try:
                return await self._send(screener["id"], progress)
            except UploadGone:
                pass
            except Refused as refusal:
                if refusal.code not in LOST:
                    raise
            self.watcher.said("The store lost what had arrived: beginning anew.")
            with suppress(Refused):
                await self.market.withdraw(screener["id"])
        raise Lost("The store lost the upload again and again: tell the market's organiser.")

    async def _unfinished(self) -> tuple[Document, Document] | None:
        """Find the newest upload of this file that can go on."""
        async for screener in self.market.screeners(self.wanted.title_id):
            same = (screener["file_name"], screener["size_bytes"]) == (
                self.wanted.file_name,
                self.film.size_bytes,
            )
            if same and screener["state"] == "uploading":
                try:
                    return screener, await self.market.upload(screener["id"])
                except Refused as refusal:
                    if refusal.code not in LOST:
                        raise
        return None

    async def _begun(self) -> tuple[Document, Document]:
        wanted = self.wanted
        screener = await self.market.start(
            wanted.title_id,
            {
                "file_name": wanted.file_name,
                "size_bytes": self.film.size_bytes,
                "content_type": wanted.content_type,
                "audio_language": wanted.audio_language,
                "subtitle_language": wanted.subtitle_language,
            },
        )
        return screener, {**screener["upload"], "parts": []}

    async def _send(self, id_: str, progress: Document) -> Document:
        part_bytes, count = progress["part_bytes"], progress["part_count"]
        md5s: dict[int, str] = {}
        missing = await self._missing(progress, md5s)
        sender = Sender(
            self.http, self.market, self.patience, self.film, id_, part_bytes, self.watcher.moved
        )
        for _ in range(ROUNDS):
            await _one_failure(sender.send(missing, md5s, self.wanted.parallel))
            self.film.require_unchanged()
            try:
                return await self.market.complete(id_, {n: md5s[n] for n in range(1, count + 1)})
            except Refused as refusal:
                wrong = [part["number"] for part in refusal.problem.get("parts", [])]
                if refusal.code != MISMATCH or not wrong:
                    raise
                missing = wrong
                for number in wrong:
                    self.watcher.moved(-self.film.part_size(number, part_bytes))
        raise UploadGone

    async def _missing(self, progress: Document, md5s: dict[int, str]) -> list[int]:
        """Hold what arrived to the file, and name what did not arrive or is another's."""
        part_bytes = progress["part_bytes"]
        arrived = {part["number"]: part for part in progress["parts"]}
        missing = []
        for number in range(1, progress["part_count"] + 1):
            length = self.film.part_size(number, part_bytes)
            if (part := arrived.get(number)) is None or part["size_bytes"] != length:
                missing.append(number)
                continue
            md5s[number] = await self.film.md5(number, part_bytes)
            if md5s[number] == part["md5"]:
                self.watcher.checked(number, length)
            else:
                missing.append(number)
        return missing

    async def follow(self, screener: Document, *, seconds: float = 2.0) -> Document:
        """Wait until a screener can be watched or was rejected; give it as it is then."""
        while screener["state"] in UNDER_WAY:
            self.watcher.processing(screener)
            await anyio.sleep(seconds)
            screener = await self.market.screener(screener["id"])
        return screener


async def _one_failure(act: Awaitable[None]) -> None:
    """Do something in a task group, and raise the first of the failures that end it."""
    try:
        await act
    except BaseExceptionGroup as group:
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from group
