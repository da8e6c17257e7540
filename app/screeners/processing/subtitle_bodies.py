"""A request whose body is a file of subtitles: read, within bounds, before its transaction."""

from typing import Annotated

from fastapi import Depends, Request, Response

from app.deps import admit_to_market
from app.errors import TooLarge, UnsupportedMediaType
from app.screeners.media.webvtt import MAX_BYTES
from app.transaction import Handler, TransactionRoute

VTT, SRT = "text/vtt", "application/x-subrip"
TAKEN = (VTT, SRT, "text/srt", "text/plain")


class SubtitlesRoute(TransactionRoute):
    """A route that finds the body of its request in `request.state.subtitles`.

    The caller is let in before a byte is read. A transaction that is repeated does not need the
    body again.
    """

    def get_route_handler(self) -> Handler:
        """Wrap the transaction."""
        handle = super().get_route_handler()

        async def after_body(request: Request) -> Response:
            await admit_to_market(request)
            _require_media_type(request)
            request.state.subtitles = await _read_body(request)
            return await handle(request)

        return after_body


def _require_media_type(request: Request) -> None:
    headers = request.headers
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Send the file as it is, without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in TAKEN:
        raise UnsupportedMediaType(
            f"Send the file itself as the body, with Content-Type: {VTT}, or {SRT}.",
            headers={"Accept": ", ".join(TAKEN)},
        )


async def _read_body(request: Request) -> bytes:
    """Read the body, as far as it may go.

    Raises:
        TooLarge: it goes further.
    """
    refusal = TooLarge(f"Subtitles may have {MAX_BYTES} bytes at most.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BYTES:
        raise refusal
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise refusal
    return bytes(body)


def _body_of(request: Request) -> bytes:
    body: bytes = request.state.subtitles
    return body


SubtitlesDep = Annotated[bytes, Depends(_body_of)]
