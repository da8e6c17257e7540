"""What a run knows of its film, and what it tells of it while the film is its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import JsonObject
from app.models.screeners import ProcessingStage, Screener, ScreenerRendition, ScreenerState
from app.operations.handling import Means
from app.screeners.processing.fetching import Original

MAX_ATTEMPTS = 3
STAGES = list(ProcessingStage)


class SupersededError(Exception):
    """The film is no longer this run's: withdrawn, or given to another run."""


class TooOftenError(Exception):
    """Whoever opened the file died of it, again and again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A film as a run finds it."""

    screener_id: int
    run: int
    content_type: str
    audio_language: str | None
    original: Original
    stage: ProcessingStage
    # Of the stage, from 0 to 1
    progress: float
    source: JsonObject | None
    media_key: bytes | None
    # Of each rendition, the lengths of the segments that are in the store
    segments: Mapping[str, Sequence[int]]


async def begin(session: AsyncSession, screener_id: int) -> Found | None:
    """Take a film over from whoever had it; None where there is nothing to process."""
    mine = (
        update(Screener)
        .where(Screener.id == screener_id, Screener.state == ScreenerState.PROCESSING)
        .values(runs=Screener.runs + 1, waiting=None)
        .returning(Screener)
    )
    screener = (await session.execute(mine)).scalar_one_or_none()
    if screener is None:
        return None
    rows = await session.execute(
        select(ScreenerRendition.name, ScreenerRendition.segment_milliseconds).where(
            ScreenerRendition.screener_id == screener_id
        )
    )
    return Found(
        screener_id=screener.id,
        run=screener.runs,
        content_type=screener.content_type,
        audio_language=screener.audio_language,
        original=Original(
            screener.object_key,
            screener.size_bytes,
            screener.part_bytes,
            screener.checksum or "",
        ),
        stage=screener.stage or ProcessingStage.QUEUED,
        progress=screener.progress,
        source=screener.source,
        media_key=screener.media_key,
        segments=dict(rows.all()),
    )


def is_mine(found: Found) -> list[ColumnElement[bool]]:
    """Tell of a screener whether this run has it."""
    return [
        Screener.id == found.screener_id,
        Screener.runs == found.run,
        Screener.state == ScreenerState.PROCESSING,
    ]


async def note(session: AsyncSession, found: Found, **values: object) -> None:
    """Write something about the film; its version is of what people edit.

    Raises:
        SupersededError: it is no longer this run's.
    """
    noted = await session.execute(
        update(Screener).where(*is_mine(found)).values(values).returning(Screener.id)
    )
    if noted.one_or_none() is None:
        raise SupersededError


async def lock(session: AsyncSession, found: Found) -> Screener:
    """Give the screener to end its processing.

    Raises:
        SupersededError: it is no longer this run's.
    """
    statement = select(Screener).where(*is_mine(found)).with_for_update()
    screener = await session.scalar(statement.execution_options(populate_existing=True))
    if screener is None:
        raise SupersededError
    return screener


class Progress:
    """What a run says while it works; what is told often is written by `watch`, now and then."""

    def __init__(self, means: Means, found: Found) -> None:
        """Begin where the film stands."""
        self._means = means
        self.found = found
        self.stage = found.stage
        self.share = found.progress
        # While the file is open (the death of this process would be its doing): the count of
        # attempts before this one
        self._attempts_before: int | None = None

    def tell(self, share: float) -> None:
        """Say how much of the stage is done."""
        self.share = min(1.0, max(0.0, share))

    async def enter(self, stage: ProcessingStage) -> None:
        """Say what is being done; a stage that was left once is not gone back to."""
        if STAGES.index(stage) > STAGES.index(self.stage):
            self.stage, self.share = stage, 0.0
        await self.write()

    async def write(self) -> None:
        """Write where the work stands.

        Raises:
            SupersededError: it is no longer this run's.
        """
        async with self._means.transaction() as session:
            await note(session, self.found, stage=self.stage, progress=self.share)

    async def open_file(self) -> None:
        """Count an attempt at the file, which kills some that open it.

        Raises:
            TooOftenError: it was the last one's, and the one's before.
        """
        async with self._means.transaction() as session:
            screener = await lock(session, self.found)
            if screener.attempts >= MAX_ATTEMPTS:
                raise TooOftenError
            # Noted before it is written: who is stopped in a commit cannot tell what became of it
            self._attempts_before = screener.attempts
            await note(session, self.found, attempts=screener.attempts + 1)

    async def close_file(self, session: AsyncSession, **made: object) -> None:
        """Write what came of an attempt: the next one begins to count anew."""
        await note(session, self.found, attempts=0, waiting_since=None, **made)
        self._attempts_before = None

    def given_back(self) -> dict[str, object]:
        """Give what takes the last attempt back, which failed by no fault of the file."""
        if self._attempts_before is None:
            return {}
        return {"attempts": func.least(Screener.attempts, self._attempts_before)}


def seconds_since(instant: datetime | None) -> float:
    """Give how long something lasts."""
    return 0.0 if instant is None else (datetime.now(UTC) - instant).total_seconds()
