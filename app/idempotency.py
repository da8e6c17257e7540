"""`Idempotency-Key`: a POST sent twice has one effect and one answer (IETF draft-07).

The answer is stored in the transaction that has the effect, so neither exists without the other. A
refusal has no effect and is not stored: sent again, it is looked at again.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Conflict, Invalid
from app.models.journal import IdempotencyKey
from app.security import Signer
from app.settings import Settings

KEPT_HEADERS = ("content-type", "location", "etag", "content-language")
_IS_KEY = re.compile(r"[\x21-\x7e]{1,255}").fullmatch


async def answer_once(
    request: Request,
    owner_id: int,
    key: str,
    handle: Callable[[Request], Awaitable[Response]],
) -> Response:
    """Answer a POST, or repeat the answer it had.

    Raises:
        Invalid: the key is malformed, or came before with another payload.
        Conflict: the first request with this key still runs.
    """
    if not _IS_KEY(key):
        raise Invalid.parameter(
            "Idempotency-Key", "must be 1 to 255 visible ASCII characters without spaces"
        )
    session: AsyncSession = request.state.session
    fingerprint = await _fingerprint(request)
    await _claim(session, owner_id, key)
    kept = await session.get(IdempotencyKey, (owner_id, key))
    now = datetime.now(UTC)
    if kept is not None and kept.expires_at > now:
        return _repeat(request.app.state.signer, kept, fingerprint)
    if kept is not None:
        await session.delete(kept)
        await session.flush()
    response = await handle(request)
    settings: Settings = request.app.state.settings
    if response.status_code < 300:  # noqa: PLR2004  # 2xx
        session.add(
            IdempotencyKey(
                owner_id=owner_id,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                headers={
                    name: response.headers[name]
                    for name in KEPT_HEADERS
                    if name in response.headers
                },
                body=request.app.state.signer.seal(response.body),
                expires_at=now + settings.idempotency_lifetime,
            )
        )
    return response


async def _claim(session: AsyncSession, owner_id: int, key: str) -> None:
    claimed = await session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:subject, 0))"),
        {"subject": f"idempotency:{owner_id}:{key}"},
    )
    if not claimed:
        raise Conflict(
            "The first request with this Idempotency-Key is still running. Ask again in a moment.",
            code="idempotency_key_in_use",
            headers={"Retry-After": "1"},
        )


async def _fingerprint(request: Request) -> bytes:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    # A file that was streamed elsewhere is known by its own digest.
    streamed: bytes | None = getattr(request.state, "body_digest", None)
    digest.update(await request.body() if streamed is None else streamed)
    return digest.digest()


def _repeat(signer: Signer, kept: IdempotencyKey, fingerprint: bytes) -> Response:
    body = signer.unseal(kept.body)
    if kept.fingerprint != fingerprint:
        raise Invalid.parameter(
            "Idempotency-Key",
            "was used before for another request. Take a new key for a new request.",
            code="idempotency_key_reused",
        )
    if body is None:
        raise Conflict(
            "This request was carried out, but its answer can no longer be read. Look for its "
            "effect.",
            code="answer_lost",
        )
    return Response(
        body, status_code=kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"}
    )
