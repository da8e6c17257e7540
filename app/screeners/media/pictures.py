"""A poster, and thumbnails for the bar one drags."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from app.screeners.media.commands import poster_command, sprite_command, tile_command
from app.screeners.media.facts import Film
from app.screeners.media.ffmpeg import run_ffmpeg
from app.screeners.media.isolation import Bench, Limits
from app.screeners.media.ladder import renditions_of
from app.screeners.media.refusals import MediaRefusedError, Reason

MAX_TILES = 100
TILE_WIDTH = 160
TILES_A_ROW = 10
SHORTEST_INTERVAL_MS = 1_000
# Nearer tiles than this show the very instant; else the key frame before it, which costs far less.
EXACT_BELOW_MS = 5_000
# Where a good picture is looked for, in parts of the film; the last time a dark one will do.
_PLACES = ((0.1, True), (0.3, True), (0.6, True), (0.1, False))
_POSTER_BOX = {"360p", "480p", "720p"}
_LIMITS = Limits(seconds=300, file_bytes=16 << 20)


@dataclass(frozen=True, slots=True)
class Sprite:
    """Thumbnails in one JPEG, row after row; tile n shows the film at n × `interval_ms`."""

    path: Path
    interval_ms: int
    tile_width: int
    tile_height: int
    columns: int
    rows: int
    count: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """The still pictures of a film."""

    poster: Path
    """JPEG."""
    poster_width: int
    poster_height: int
    sprite: Sprite


async def make_pictures(film: Film, bench: Bench) -> Pictures:
    """Make a poster and thumbnails; raises as `transcode_piece` does."""
    own = bench.cleared("pictures")
    poster = own.scratch / "poster.jpg"
    sizes = [each for each in renditions_of(film.facts.video) if each.name in _POSTER_BOX]
    width, height = sizes[-1].width, sizes[-1].height
    for place, bright in _PLACES:
        at = round(film.facts.duration_ms * place)
        command = poster_command(film, at, (width, height), poster, bright=bright)
        await run_ffmpeg(command, film, own, _LIMITS)
        if poster.exists():
            sprite = await _make_sprite(film, own, _plan(film, own.scratch / "sprite.jpg"))
            return Pictures(poster, width, height, sprite)
    raise MediaRefusedError(Reason.UNREADABLE, "No picture of the film can be decoded.")


def _plan(film: Film, path: Path) -> Sprite:
    duration = film.facts.duration_ms
    interval = max(SHORTEST_INTERVAL_MS, -(-duration // MAX_TILES))
    count = -(-duration // interval)
    smallest = renditions_of(film.facts.video)[0]
    height = max(2, round(TILE_WIDTH * smallest.height / smallest.width / 2) * 2)
    return Sprite(
        path=path,
        interval_ms=interval,
        tile_width=TILE_WIDTH,
        tile_height=height,
        columns=min(count, TILES_A_ROW),
        rows=-(-count // TILES_A_ROW),
        count=count,
    )


async def _make_sprite(film: Film, bench: Bench, sprite: Sprite) -> Sprite:
    """Make tile after tile, each by its own jump into the film, and lay them out."""
    size = (sprite.tile_width, sprite.tile_height)
    before: Path | None = None
    for number in range(sprite.count):
        tile = bench.scratch / f"tile-{number:03}.png"
        at = number * sprite.interval_ms
        exact = sprite.interval_ms < EXACT_BELOW_MS
        await run_ffmpeg(tile_command(film, at, size, tile, exact=exact), film, bench, _LIMITS)
        if not tile.exists() and before is not None:
            shutil.copyfile(before, tile)  # nothing is shown any more that late
        before = tile
    command = sprite_command(
        bench.scratch / "tile-%03d.png", sprite.columns, sprite.rows, sprite.path
    )
    await run_ffmpeg(command, film, bench, _LIMITS)
    return sprite
