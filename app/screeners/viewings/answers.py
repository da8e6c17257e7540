"""From what is known of a viewing to what is answered."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.s3 import Store
from app.screeners import objects
from app.screeners.viewings.addresses import address_of, watch_url
from app.screeners.viewings.facts import Facts
from app.screeners.viewings.languages import own_name, sound_name
from app.screeners.viewings.schemas import (
    Playback,
    PlayedSubtitles,
    SoundOut,
    ThumbnailsOut,
    ViewingOut,
    WatermarkOut,
)
from app.screeners.viewings.watermark import lines_of
from app.settings import Settings

WATERMARK_SECONDS = 60
THUMBNAILS = ("tile_width", "tile_height", "columns", "rows", "count")


def playback_of(facts: Facts, token: str, store: Store, settings: Settings) -> Playback:
    """Tell a player all that it needs."""

    def address(what: str) -> str:
        return address_of(facts.viewing_id, what, token, settings.public_url)

    poster_url, thumbnails = _pictures(facts, store, lifetime_of(facts, settings))
    return Playback(
        viewing_id=facts.viewing_id,
        screener_id=facts.screener_id,
        title_id=facts.title_id,
        title=facts.title,
        token=token,
        watch_url=watch_url(settings.public_url, facts.viewing_id, token),
        playlist_url=address("playlist.m3u8"),
        native_playlist_url=address("playlist.m3u8") + "&native=true",
        watermark=WatermarkOut(
            url=address("watermark.svg"),
            lines=watermark_lines(facts),
            refresh_seconds=WATERMARK_SECONDS,
        ),
        heartbeats_url=address("heartbeats"),
        poster_url=poster_url,
        thumbnails=thumbnails,
        sounds=[
            SoundOut(name=sound_name(each.label, each.language, number), language=each.language)
            for number, each in enumerate(facts.sounded, 1)
        ],
        subtitles=[
            PlayedSubtitles(
                name=own_name(language),
                language=language,
                url=address(f"subtitles/{language}.vtt"),
            )
            for language in facts.subtitles
        ],
        duration_seconds=facts.duration_milliseconds / 1000,
        position_seconds=facts.position_milliseconds / 1000,
        opened_at=facts.opened_at,
        expires_at=facts.expires_at,
    )


def viewing_of(facts: Facts) -> ViewingOut:
    """Tell a viewer of their own sitting."""
    return ViewingOut.model_validate(
        {
            "id": facts.viewing_id,
            "screener_id": facts.screener_id,
            "title_id": facts.title_id,
            "title": facts.title,
            "duration_seconds": facts.duration_milliseconds / 1000,
            "position_seconds": facts.position_milliseconds / 1000,
            "opened_at": facts.opened_at,
            "last_seen_at": facts.last_seen_at,
            "expires_at": facts.expires_at,
            "end_reason": facts.over,
        }
    )


def watermark_lines(facts: Facts) -> list[str]:
    """Say who watches, for whom, and when."""
    return lines_of(facts.viewer, facts.company, facts.viewing_id, datetime.now(UTC))


def lifetime_of(facts: Facts, settings: Settings) -> timedelta:
    """Give how long a signed address lives: never past the viewing."""
    return min(settings.playback_url_lifetime, timedelta(seconds=facts.seconds_left))


def _pictures(
    facts: Facts, store: Store, lifetime: timedelta
) -> tuple[str | None, ThumbnailsOut | None]:
    known: dict[str, Any] = facts.pictures
    poster = thumbnails = None
    if known.get("poster"):
        (poster,) = store.sign_gets([objects.poster_key(facts.screener_id)], lifetime)
    if (tiles := known.get("thumbnails")) is not None:
        (url,) = store.sign_gets([objects.thumbnails_key(facts.screener_id)], lifetime)
        thumbnails = ThumbnailsOut(
            url=url,
            interval_ms=tiles["interval_milliseconds"],
            **{name: tiles[name] for name in THUMBNAILS},
        )
    return poster, thumbnails
