"""Parts on their way to the store: so many at a time, each until it arrived."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import anyio
import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from app.uploading.files import Film
from app.uploading.market import Document, Market
from app.uploading.retrying import GivenUp, Patience, is_passing

# What an answer of the store means for a part: send it again with a new URL, or it is no use.
AGAIN = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}


class UploadGone(Exception):  # noqa: N818  # a fact
    """The store does not take parts of this upload any more: it must begin anew."""


@dataclass(frozen=True)
class Signed:
    """A part, and where it may go."""

    number: int
    md5: str
    url: str
    headers: dict[str, str]


Moved = Callable[[int], None]


@dataclass
class Sender:
    """Sends what is missing of one upload."""

    http: httpx2.AsyncClient
    market: Market
    patience: Patience
    film: Film
    screener_id: str
    part_bytes: int
    moved: Moved

    async def send(self, numbers: Iterable[int], md5s: dict[int, str], parallel: int) -> None:
        """Send these parts, `parallel` at a time; `md5s` learns and keeps the MD5 of each.

        Raises:
            UploadGone: it must begin anew.
            GivenUp: a part failed too often in a row.
        """
        putting, taking = anyio.create_memory_object_stream[Signed](parallel)
        async with anyio.create_task_group() as tasks:
            for _ in range(parallel):
                tasks.start_soon(self._work, taking.clone())
            taking.close()
            await self._sign(list(numbers), md5s, parallel, putting)

    async def _sign(
        self,
        numbers: list[int],
        md5s: dict[int, str],
        batch: int,
        putting: MemoryObjectSendStream[Signed],
    ) -> None:
        """Hash parts a little ahead of their sending, and have their URLs signed together."""
        async with putting:
            for first in range(0, len(numbers), batch):
                wanted = numbers[first : first + batch]
                for number in wanted:
                    if number not in md5s:
                        md5s[number] = await self.film.md5(number, self.part_bytes)
                for signed in await self._signed([(number, md5s[number]) for number in wanted]):
                    await putting.send(signed)

    async def _signed(self, parts: list[tuple[int, str]]) -> list[Signed]:
        asked = [{"number": number, "md5": md5} for number, md5 in parts]
        answers: list[Document] = await self.market.part_urls(self.screener_id, asked)
        return [
            Signed(number, md5, answer["url"], answer["headers"])
            for (number, md5), answer in zip(parts, answers, strict=True)
        ]

    async def _work(self, taking: MemoryObjectReceiveStream[Signed]) -> None:
        async with taking:
            async for signed in taking:
                await self._deliver(signed)

    async def _deliver(self, signed: Signed) -> None:
        """Send a part until the store has it: after each failure with a new URL."""
        said = ""
        for failures in range(self.patience.attempts):
            retry_after = None
            try:
                answer = await self._put(signed)
            except httpx2.TransportError as error:
                said = f"{type(error).__name__} {error}".strip()
            else:
                if answer.is_success:
                    return
                said = f"it answered {answer.status_code}"
                self._require_hope(answer.status_code)
                retry_after = answer.headers.get("Retry-After")
            await anyio.sleep(self.patience.pause(failures, retry_after))
            (signed,) = await self._signed([(signed.number, signed.md5)])
        raise GivenUp(f"The store did not take part {signed.number}: {said}.")

    def _require_hope(self, status: int) -> None:
        self.film.require_unchanged()
        # 501: rclone can't replace a part by other bytes.
        gone = status in (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED)
        if gone or not (status in AGAIN or is_passing(status)):
            raise UploadGone

    async def _put(self, signed: Signed) -> httpx2.Response:
        sent = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal sent
            async for piece in self.film.pieces(signed.number, self.part_bytes):
                yield piece
                sent += len(piece)
                self.moved(len(piece))

        arrived = False
        try:
            answer = await self.http.put(signed.url, content=pieces(), headers=signed.headers)
            arrived = answer.is_success
        finally:
            if not arrived:
                self.moved(-sent)
        return answer
