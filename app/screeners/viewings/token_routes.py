"""What a player fetches for a viewing: playlists, keys, subtitles, the watermark."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Integer, String, bindparam, cast, func, select

from app.db import Read
from app.deps import settings_of, store_of
from app.errors import NotFound
from app.hot import HotRoute
from app.models.screeners import Screener, ScreenerRendition, ScreenerSubtitles
from app.openapi import problems
from app.screeners import objects
from app.screeners.media.encryption import PERIOD_SEGMENTS, period_key
from app.screeners.media.grid import SEGMENT_MS
from app.screeners.viewings import lists
from app.screeners.viewings.access import EXPIRES_AT, watching
from app.screeners.viewings.answers import playback_of, watermark_lines
from app.screeners.viewings.facts import FACTS, Facts
from app.screeners.viewings.fetching import fetch, fetched, number_of, token_of
from app.screeners.viewings.schemas import Playback
from app.screeners.viewings.watermark import draw

PLAYLIST = "application/vnd.apple.mpegurl"
KEY = "application/octet-stream"
WEBVTT = "text/vtt"
SVG = "image/svg+xml"
# Nothing of a viewing is kept by anybody, and no address of it told to whoever is asked next.
HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
_POLICY = {"Content-Security-Policy": "default-src 'none'; sandbox"}
_TEXT = {"schema": {"type": "string"}}
PERIOD_MS = PERIOD_SEGMENTS * SEGMENT_MS

_NAME = bindparam("name", type_=String)
_SEGMENTS = (
    select(ScreenerRendition.segment_milliseconds)
    .where(ScreenerRendition.screener_id == Screener.id, ScreenerRendition.name == _NAME)
    .correlate(Screener.__table__)
)
_WEBVTT = (
    select(ScreenerSubtitles.webvtt)
    .where(ScreenerSubtitles.screener_id == Screener.id, ScreenerSubtitles.language == _NAME)
    .correlate(Screener.__table__)
    .scalar_subquery()
)
_LEFT = (Screener.id.label("screener_id"), EXPIRES_AT.label("expires_at"))
_KEY = Read(watching(Screener.media_key, Screener.duration_milliseconds))
_FACTS = Read(FACTS)
_RENDITION = Read(watching(*_LEFT, _SEGMENTS.scalar_subquery().label("segments")))
_SEGMENT = Read(
    watching(
        *_LEFT,
        cast(func.cardinality(_SEGMENTS.scalar_subquery()), Integer).label("segment_count"),
    )
)
_SUBTITLES = Read(watching(Screener.duration_milliseconds, _WEBVTT.label("webvtt")))

router = APIRouter(
    tags=["viewings"],
    route_class=HotRoute,
    dependencies=[Depends(fetched)],
    responses=problems(401, 403),
)


def answered(
    media_type: str, description: str, example: str, *headers: str
) -> dict[int | str, dict[str, Any]]:
    """Declare what a fetch answers."""
    content = _TEXT if media_type != KEY else {"schema": {"type": "string", "format": "binary"}}
    return {
        200: {
            "description": description,
            "headers": dict.fromkeys(("Referrer-Policy", *headers), _TEXT),
            "content": {media_type: content | {"example": example}},
        }
    }


class Playlist(Response):
    """A list of what is to be played (RFC 8216)."""

    media_type = PLAYLIST


class Key(Response):
    """Sixteen bytes."""

    media_type = KEY


class WebVtt(Response):
    """Subtitles."""

    media_type = WEBVTT


class Drawing(Response):
    """A picture of lines."""

    media_type = SVG


def _named(name: Annotated[str, Path(max_length=40, examples=["720p"])]) -> None:
    """Document which rendition is meant."""


def _in_language(language: Annotated[str, Path(max_length=40, examples=["kk"])]) -> None:
    """Document which subtitles are meant."""


def _numbered(number: Annotated[int, Path(ge=0, le=999_999, examples=[0])]) -> None:
    """Document which one is meant."""


def _played(
    *,
    native: Annotated[
        bool,
        Query(description="Whether segments are asked for here: for players that read lists once."),
    ] = False,
) -> None:
    """Document what kind of player asks."""


@router.get(
    "/viewings/{viewing_id}/playback",  # noqa: FAST003  # a hot endpoint takes the request alone
    summary="Get what a player needs",
    response_model=Playback,
    responses={200: {"headers": {"Referrer-Policy": _TEXT}}},
)
async def get_playback(request: Request) -> Response:
    """Give what the opening of this viewing answered, as it stands now, signed anew.

    403 with `viewing_over` once it is over; `reason` says why: `expired`, `revoked`, `withdrawn`.
    """
    facts = Facts.of(await fetch(request, _FACTS))
    playback = playback_of(facts, token_of(request), store_of(request), settings_of(request))
    return Response(playback.model_dump_json(), media_type="application/json", headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/playlist.m3u8",  # noqa: FAST003
    summary="Get the playlist",
    response_class=Playlist,
    responses=answered(PLAYLIST, "A multivariant playlist (RFC 8216).", "#EXTM3U\n…"),
    dependencies=[Depends(_played)],
)
async def get_playlist(request: Request) -> Response:
    """List what may be chosen: sizes of the picture, sound tracks and subtitles by language.

    With `native=true` each segment is asked for at the API, which sends to the store: for players
    that read a list once, where signed addresses would run out in the middle of a film.
    """
    facts = Facts.of(await fetch(request, _FACTS))
    text = lists.multivariant(facts, token_of(request), native=_is_native(request))
    return Playlist(text, headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/renditions/{name}.m3u8",  # noqa: FAST003
    summary="Get a rendition's playlist",
    response_class=Playlist,
    responses=answered(PLAYLIST, "A media playlist (RFC 8216).", "#EXTM3U\n…"),
    dependencies=[Depends(_named), Depends(_played)],
)
async def get_rendition(request: Request) -> Response:
    """List the segments of one size of the picture or one sound track, and where the keys are.

    The addresses of segments lead to the store and are good for 15 minutes; fetch the list again
    before they end. Each minute of the film has a key of its own.
    """
    name = request.path_params["name"]
    row = await fetch(request, _RENDITION, name=name)
    if row["segments"] is None:
        raise NotFound("rendition")
    token = token_of(request)
    if _is_native(request):
        segment_uri = lists.native_segment_uri(name, token)
    else:
        numbers = range(len(row["segments"]))
        keys = [objects.segment_key(row["screener_id"], name, number) for number in numbers]
        segment_uri = store_of(request).sign_gets(keys, _lifetime(request, row)).__getitem__
    text = lists.rendition(row["segments"], segment_uri, token)
    return Playlist(text, headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/segments/{name}/{number}.ts",  # noqa: FAST003
    summary="Find a segment",
    response_class=RedirectResponse,
    status_code=307,
    responses={
        307: {
            "description": "Where the store has it, for 15 minutes.",
            "headers": {
                "Referrer-Policy": _TEXT,
                "Location": {"$ref": "#/components/headers/Location"},
            },
        }
    },
    dependencies=[Depends(_named), Depends(_numbered)],
)
async def get_segment(request: Request) -> Response:
    """Send a player to one encrypted segment of a rendition; they are numbered from 0."""
    name, number = request.path_params["name"], number_of(request, "segment")
    row = await fetch(request, _SEGMENT, name=name)
    if number >= (row["segment_count"] or 0):
        raise NotFound("segment")
    key = objects.segment_key(row["screener_id"], name, number)
    (url,) = store_of(request).sign_gets([key], _lifetime(request, row))
    return RedirectResponse(url, status_code=307, headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/keys/{number}",  # noqa: FAST003
    summary="Get a key",
    response_class=Key,
    responses=answered(KEY, "Sixteen bytes (AES-128).", "0123456789abcdef"),
    dependencies=[Depends(_numbered)],
)
async def get_key(request: Request) -> Response:
    """Give the key of one minute of the film, to this viewing alone, as long as it holds."""
    number = number_of(request, "key")
    row = await fetch(request, _KEY)
    if number * PERIOD_MS >= row["duration_milliseconds"]:
        raise NotFound("key")
    return Key(period_key(row["media_key"], number), headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/subtitles/{language}.m3u8",  # noqa: FAST003
    summary="Get the playlist of subtitles",
    response_class=Playlist,
    responses=answered(PLAYLIST, "A media playlist of one file.", "#EXTM3U\n…"),
    dependencies=[Depends(_in_language)],
)
async def list_subtitles_of_viewing(request: Request) -> Response:
    """List the one file that subtitles in this language are in."""
    language = request.path_params["language"]
    row = await fetch(request, _SUBTITLES, name=language)
    if row["webvtt"] is None:
        raise NotFound("language")
    text = lists.subtitles(language, row["duration_milliseconds"], token_of(request))
    return Playlist(text, headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/subtitles/{language}.vtt",  # noqa: FAST003
    summary="Get subtitles",
    response_class=WebVtt,
    responses=answered(WEBVTT, "WebVTT.", "WEBVTT\n\n00:01.000 --> 00:02.000\n…\n"),
    dependencies=[Depends(_in_language)],
)
async def get_subtitles_of_viewing(request: Request) -> Response:
    """Give what is said in the film, to read in one language."""
    row = await fetch(request, _SUBTITLES, name=request.path_params["language"])
    if row["webvtt"] is None:
        raise NotFound("language")
    return WebVtt(row["webvtt"], headers=HEADERS)


@router.get(
    "/viewings/{viewing_id}/watermark.svg",  # noqa: FAST003
    summary="Draw the watermark",
    response_class=Drawing,
    responses=answered(
        SVG, "Outlines of letters.", "<svg xmlns=…>…</svg>", "Content-Security-Policy"
    ),
)
async def get_watermark(request: Request) -> Response:
    """Draw who watches, for whom and when, in their own script: another picture each minute.

    Whoever plays the film shows it over the picture all the time.
    """
    facts = Facts.of(await fetch(request, _FACTS))
    return Drawing(draw(watermark_lines(facts)), headers=HEADERS | _POLICY)


def _is_native(request: Request) -> bool:
    return request.query_params.get("native") == "true"


def _lifetime(request: Request, row: Any) -> timedelta:  # noqa: ANN401  # a row
    left: timedelta = row["expires_at"] - datetime.now(UTC)
    longest = settings_of(request).playback_url_lifetime
    return max(timedelta(seconds=1), min(longest, left))
