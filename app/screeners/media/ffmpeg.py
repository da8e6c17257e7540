"""Run ffmpeg behind the fences, and say in plain words what became of it."""

from collections.abc import Callable, Sequence

from app.screeners.media.facts import Film
from app.screeners.media.grid import SEGMENT_MS
from app.screeners.media.isolation import Bench, Limits, Outcome, run_isolated
from app.screeners.media.refusals import MediaFailedError, MediaRefusedError, Reason

_SIGKILL, _SIGXCPU = -9, -24
_NO_MEMORY = ("Cannot allocate memory", "MemoryError", "bad_alloc", "malloc of size")
_NO_ROOM = "No space left on device"


async def run_ffmpeg(
    command: Sequence[str],
    film: Film,
    bench: Bench,
    limits: Limits,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Run ffmpeg on a film; `on_progress` is given the milliseconds made, in whole segments.

    Raises:
        MediaRefusedError: the film cannot be decoded, or not within the limits.
        MediaFailedError: we could not.
    """
    outcome = await run_isolated(
        command, bench, limits, reads=[film.path], on_line=_teller(on_progress)
    )
    judge(outcome, limits)


def judge(outcome: Outcome, limits: Limits) -> None:
    """Turn the end of a child into nothing, or into the error that it was."""
    if outcome.exit_code == 0 and not outcome.timed_out:
        return
    if _NO_ROOM in outcome.errors:
        raise MediaFailedError("The disk is full.")
    if outcome.timed_out or outcome.exit_code == _SIGXCPU:
        minutes = max(1, round(limits.seconds / 60))
        raise MediaRefusedError(
            Reason.TOO_SLOW, f"A part of the file could not be worked through in {minutes} min."
        )
    if any(words in outcome.errors for words in _NO_MEMORY):
        gibibytes = limits.memory_bytes / 2**30
        raise MediaRefusedError(
            Reason.TOO_MUCH_MEMORY, f"Decoding the file takes more than {gibibytes:.0f} GiB."
        )
    if outcome.exit_code == _SIGKILL:
        raise MediaFailedError("A program was killed from outside.")
    raise MediaRefusedError(
        Reason.UNREADABLE, f"The file cannot be decoded: {last_words(outcome.errors)}"
    )


def last_words(errors: str) -> str:
    """Give the first thing that went wrong, without the addresses ffmpeg puts before it."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    first = lines[0] if lines else "no reason was given"
    words = first.rpartition("] ")[2][:200]
    return words if words.endswith(".") else f"{words}."


def _teller(on_progress: Callable[[int], None] | None) -> Callable[[str], None]:
    """Count the lines of `commands.TOLD`."""
    done = 0

    def tell(_line: str) -> None:
        nonlocal done
        done += SEGMENT_MS
        if on_progress is not None:
            on_progress(done)

    return tell
