"""Films to upload, and the ways of a client that uploads them straight to the store."""

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import select, text

from app.models import (
    Event,
    Kind,
    RenditionKind,
    Screener,
    ScreenerRendition,
    ScreenerState,
    Stage,
    Title,
    TitleState,
)
from app.screeners.rules import MIB, composite_checksum
from tests.world import Caller, World

PART = 16 * MIB


@dataclass(frozen=True)
class Film:
    """A file, as its owner knows it."""

    content: bytes

    @property
    def parts(self) -> list[bytes]:
        return [self.content[at : at + PART] for at in range(0, len(self.content), PART)]

    @property
    def md5s(self) -> list[str]:
        return [md5(part) for part in self.parts]

    @property
    def checksum(self) -> str:
        return composite_checksum(self.md5s)

    @property
    def stated(self) -> dict[str, Any]:
        return {
            "parts": [
                {"number": number, "md5": digest} for number, digest in enumerate(self.md5s, 1)
            ]
        }

    def described(self, **others: Any) -> dict[str, Any]:
        return {
            "file_name": "Сталкер.mp4",
            "size_bytes": len(self.content),
            "content_type": "video/mp4",
            "audio_language": "ru",
        } | others


SHORT_FILM = Film(b"a film of one part " * 1000)
LONG_FILM = Film(os.urandom(2 * PART + 12_345))
SUBTITLES = "WEBVTT\n\n00:01.000 --> 00:02.500\nЭто Зона.\n"


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


async def make_title(world: World, seller: Caller, state: TitleState = TitleState.PUBLISHED) -> str:
    async with world.app.state.database.session() as session, session.begin():
        title = Title(
            seller_id=int(seller.organisation_id),
            kind=Kind.FEATURE,
            stage=Stage.COMPLETED,
            original_title="Сталкер",
            state=state,
            published_at=None if state is TitleState.DRAFT else text("now()"),
        )
        session.add(title)
        await session.flush()
        return str(title.id)


async def put(part: dict[str, Any], content: bytes) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.put(part["url"], content=content, headers=part["headers"])


async def fetch(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.get(url, headers=headers)


async def started(
    seller: Caller, title_id: str, film: Film = SHORT_FILM, **others: Any
) -> dict[str, Any]:
    answer = await seller.post(f"/titles/{title_id}/screeners", film.described(**others))
    assert answer.status_code == 201, answer.text
    screener: dict[str, Any] = answer.json()
    return screener


async def sent(screener: dict[str, Any], film: Film = SHORT_FILM) -> None:
    for part, content in zip(screener["part_urls"]["parts"], film.parts, strict=True):
        answer = await put(part, content)
        assert answer.status_code == 200, answer.text


async def uploaded(seller: Caller, title_id: str, film: Film = SHORT_FILM) -> dict[str, Any]:
    screener = await started(seller, title_id, film)
    await sent(screener, film)
    answer = await seller.post(f"/screeners/{screener['id']}/complete", film.stated)
    assert answer.status_code == 200, answer.text
    completed: dict[str, Any] = answer.json()
    return completed


async def ready_screener(
    world: World, seller: Caller, title_id: str, file_name: str = "Сталкер.mp4"
) -> dict[str, Any]:
    """Make a screener that is ready, as the worker leaves it; the store has nothing of it."""
    async with world.app.state.database.session() as session, session.begin():
        screener = Screener(
            title_id=int(title_id),
            organisation_id=int(seller.organisation_id),
            file_name=file_name,
            content_type="video/mp4",
            audio_language="ru",
            size_bytes=len(SHORT_FILM.content),
            part_bytes=PART,
            object_key=f"screeners/{uuid4()}/original",
            upload_id="over",
            upload_expires_at=text("now()"),
            checksum=SHORT_FILM.checksum,
            completed_at=text("now()"),
            processed_at=text("now()"),
            duration_milliseconds=120_000,
            media_key=bytes(32),
            source={},
            pictures={},
            state=ScreenerState.READY,
        )
        session.add(screener)
        await session.flush()
        segments = [6000] * 20
        session.add_all(
            [
                ScreenerRendition(
                    screener_id=screener.id,
                    name="360p",
                    kind=RenditionKind.VIDEO,
                    width=640,
                    height=360,
                    bandwidth=800_000,
                    codecs="avc1.4d401e",
                    segment_milliseconds=segments,
                ),
                ScreenerRendition(
                    screener_id=screener.id,
                    name="audio-1",
                    kind=RenditionKind.AUDIO,
                    language="ru",
                    bandwidth=140_000,
                    codecs="mp4a.40.2",
                    segment_milliseconds=segments,
                ),
            ]
        )
        id_ = str(screener.id)
    answer = await seller.get(f"/screeners/{id_}")
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def granted(
    seller: Caller, screener_id: str, buyer: Caller, until: str = "2027-06-30T12:00:00Z"
) -> dict[str, Any]:
    answer = await seller.post(
        f"/screeners/{screener_id}/grants",
        {"organisation_id": buyer.organisation_id, "expires_at": until},
    )
    assert answer.status_code == 201, answer.text
    grant: dict[str, Any] = answer.json()
    return grant


async def execute(world: World, statement: str, **values: Any) -> None:
    async with world.app.state.database.session() as session, session.begin():
        await session.execute(text(statement), values)


async def facts(world: World, subject_id: str) -> list[str]:
    """Name what the journal tells of a subject, in order."""
    async with world.app.state.database.session() as session:
        found = await session.scalars(
            select(Event.type).where(Event.subject_id == int(subject_id)).order_by(Event.id)
        )
        return list(found)


async def jobs(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Name what waits for the worker, in order."""
    async with world.app.state.database.session() as session:
        found = await session.execute(
            text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        )
        return [(name, arguments) for name, arguments in found]


def as_json(body: dict[str, Any]) -> bytes:
    """Write JSON as a careless client may: lone surrogates and all."""
    return json.dumps(body).encode()
