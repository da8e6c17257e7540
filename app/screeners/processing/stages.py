"""The stages of a film, one after the other; what an earlier run has done is not done again."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, update

from app.models.screeners import ProcessingStage, ScreenerRendition
from app.operations.handling import Means
from app.screeners.media.audio import transcode_audio
from app.screeners.media.facts import AudioTrack, Film
from app.screeners.media.grid import Piece, Segment
from app.screeners.media.isolation import Bench
from app.screeners.media.pieces import transcode_piece
from app.screeners.media.probing import probe
from app.screeners.objects import made_folder
from app.screeners.processing.fetching import fetch
from app.screeners.processing.picturing import make_and_keep_pictures
from app.screeners.processing.plan import Plan, kept, read_back, sound_name
from app.screeners.processing.rows import Found, Progress
from app.screeners.processing.scratch import Scratch
from app.screeners.processing.storing import store_segments

MEDIA_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Work:
    """A film on the bench."""

    means: Means
    progress: Progress
    scratch: Scratch
    bench: Bench

    @property
    def found(self) -> Found:
        """Give the film as this run found it."""
        return self.progress.found


@dataclass(frozen=True, slots=True)
class Reel:
    """A film that was probed: what is made of it, and of what is there."""

    film: Film
    plan: Plan
    media_key: bytes
    # The lengths of the segments in the store, by rendition; they grow with it.
    segments: dict[str, list[int]]
    has_pictures: bool

    def share(self, more_sound_ms: float = 0, more_picture_ms: float = 0) -> float:
        """Tell how much of the transcoding is done, with what is being made."""
        sound = sum(sum(self.segments[sound_name(track)]) for track in self.plan.facts.audio)
        picture = min(sum(self.segments[each.name]) for each in self.plan.videos)
        return self.plan.share(sound + more_sound_ms, picture + more_picture_ms)


async def process(work: Work) -> Plan:
    """Take a film through all stages; everything it needs to be watched is in the store then.

    Raises:
        MediaRefusedError: it is no film that can be shown.
        Exception: see `fetch`, `transcode_piece` and `store_segments`.
    """
    await work.progress.enter(ProcessingStage.FETCHING)
    await fetch(work.means.store, work.found.original, work.scratch, _telling(work, "fetching"))
    reel = await _probed(work)
    if not reel.has_pictures:
        await work.progress.enter(ProcessingStage.PICTURING)
        await make_and_keep_pictures(work.means, work.progress, reel.film, work.bench)
        work.scratch.clear_bench()
    await work.progress.enter(ProcessingStage.TRANSCODING)
    work.progress.tell(reel.share())
    for track in reel.plan.facts.audio:
        if not reel.segments[sound_name(track)]:
            await _make_sound(work, reel, track)
    for piece in reel.plan.pieces_left(reel.segments):
        await _make_piece(work, reel, piece)
    return reel.plan


def _telling(work: Work, stage: str) -> Callable[[float], None]:
    """Tell of a stage while it is the one that is shown: not when an earlier run was past it."""

    def tell(share: float) -> None:
        if work.progress.stage == stage:
            work.progress.tell(share)

    return tell


async def _probed(work: Work) -> Reel:
    """Find out what the film is, unless an earlier run did, and what it becomes."""
    found, path = work.found, work.scratch.original
    facts = read_back(found.source)
    if facts is not None and found.media_key is not None:
        plan = Plan(facts, found.audio_language)
        if plan.is_of(found.segments):
            segments = {name: list(lengths) for name, lengths in found.segments.items()}
            pictured = found.stage is ProcessingStage.TRANSCODING
            return Reel(Film(path, facts), plan, found.media_key, segments, pictured)
    await work.progress.enter(ProcessingStage.PROBING)
    await work.progress.open_file()
    facts = await probe(path, found.content_type, work.bench)
    work.scratch.clear_bench()
    # Of a version that made other renditions, segments may be there.
    await work.means.store.delete_prefix(made_folder(found.screener_id))
    plan, media_key = Plan(facts, found.audio_language), secrets.token_bytes(MEDIA_KEY_BYTES)
    rows = plan.rows(found.screener_id)
    async with work.means.transaction() as session:
        await work.progress.close_file(
            session,
            source=kept(facts),
            duration_milliseconds=facts.duration_ms,
            media_key=media_key,
            pictures=None,
        )
        of_this = ScreenerRendition.screener_id == found.screener_id
        await session.execute(delete(ScreenerRendition).where(of_this))
        await session.execute(insert(ScreenerRendition), rows)
    segments = {str(row["name"]): [] for row in rows}
    return Reel(Film(path, facts), plan, media_key, segments, has_pictures=False)


async def _make_sound(work: Work, reel: Reel, track: AudioTrack) -> None:
    await work.progress.open_file()
    segments = await transcode_audio(
        reel.film,
        track,
        work.bench,
        lambda done_ms: work.progress.tell(reel.share(more_sound_ms=done_ms)),
    )
    await _keep(work, reel, {sound_name(track): segments})


async def _make_piece(work: Work, reel: Reel, piece: Piece) -> None:
    await work.progress.open_file()
    made = await transcode_piece(
        reel.film,
        reel.plan.videos,
        piece,
        work.bench,
        lambda done_ms: work.progress.tell(reel.share(more_picture_ms=done_ms)),
    )
    await _keep(work, reel, made)


async def _keep(work: Work, reel: Reel, made: Mapping[str, Sequence[Segment]]) -> None:
    """Have segments in the store first, and then in the rows."""
    id_ = work.found.screener_id
    one_by_one = [(name, segment) for name, segments in made.items() for segment in segments]
    await store_segments(work.means.store, id_, reel.media_key, one_by_one)
    work.scratch.clear_bench()
    for name, segments in made.items():
        reel.segments[name] += [segment.duration_ms for segment in segments]
    work.progress.tell(reel.share())
    async with work.means.transaction() as session:
        await work.progress.close_file(session, progress=work.progress.share)
        for name in made:
            await session.execute(
                update(ScreenerRendition)
                .where(ScreenerRendition.screener_id == id_, ScreenerRendition.name == name)
                .values(segment_milliseconds=reel.segments[name])
            )
