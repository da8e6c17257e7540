"""What processing decides without a film, a store or a database."""

import errno
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from app.cli.checks import State
from app.cli.scratch_check import check_scratch
from app.screeners.media.facts import AudioTrack, MediaFacts, SubtitleTrack, VideoFacts
from app.screeners.media.refusals import MediaFailedError
from app.screeners.processing.failures import is_of_our_house, waits_for
from app.screeners.processing.picturing import best_of_languages
from app.screeners.processing.plan import Plan, kept, language_of, read_back
from app.screeners.processing.scratch import (
    NoRoomError,
    ScratchTakenError,
    kept_ids,
    make_root,
    remove,
    scratch_of,
)
from app.stored import StorageUnavailable
from tests.servers import S3Settings, make_settings


def facts(duration_ms: int = 130_000, sounds: tuple[str | None, ...] = ("rus",)) -> MediaFacts:
    return MediaFacts(
        demuxer="mov",
        duration_ms=duration_ms,
        start_ticks=0,
        video=VideoFacts(
            index=0,
            codec="h264",
            width=1280,
            height=720,
            rotation=0,
            pixel_aspect=Fraction(1),
            frame_rate=Fraction(24000, 1001),
            frame_count=3117,
            longest_gap_ms=42,
            pixel_format="yuv420p",
            interlaced=False,
            hdr=False,
        ),
        audio=tuple(
            AudioTrack(index, "aac", 2, 48000, language, None)
            for index, language in enumerate(sounds)
        ),
        subtitles=(),
    )


@pytest.mark.parametrize(
    ("said", "language"),
    [("rus", "ru"), ("en-us", "en-US"), ("und", None), (None, None), ("?!", None), ("", None)],
)
def test_a_files_word_for_a_language_becomes_a_tag(said: str | None, language: str | None) -> None:
    assert language_of(said) == language


def test_facts_come_back_from_the_row_as_they_were() -> None:
    assert read_back(kept(facts())) == facts()
    assert read_back(None) is None
    assert read_back({"of": "another version"}) is None


@pytest.mark.parametrize(
    ("sounds", "languages"),
    [((None,), ["kk"]), (("rus",), ["ru"]), (("rus", None), ["ru", None]), ((), [])],
)
def test_the_sellers_word_is_for_a_soundtrack_that_is_alone_and_nameless(
    sounds: tuple[str | None, ...], languages: list[str | None]
) -> None:
    rows = Plan(facts(sounds=sounds), "kk").rows(1)
    assert [row["language"] for row in rows if row["kind"] == "audio"] == languages


@pytest.mark.parametrize(("done", "left"), [(0, 3), (10, 2), (20, 1), (22, 0)])
def test_pieces_that_are_in_the_store_are_not_made_again(done: int, left: int) -> None:
    plan = Plan(facts(), None)
    assert plan.segment_count == 22
    segments: Mapping[str, list[int]] = {name: [6000] * done for name in plan.names}
    assert plan.is_of(segments)
    assert len(plan.pieces_left(segments)) == left
    assert plan.share(130_000 * (done == 22), 6000 * done) <= 1.02


def test_of_each_language_the_subtitles_of_all_that_is_said_are_kept() -> None:
    tracks = tuple(
        SubtitleTrack(index, "srt", language, None, is_text=True, forced=forced)
        for index, (language, forced) in enumerate(
            [("eng", True), ("eng", False), ("rus", True), (None, False), ("zho", False)]
        )
    )
    chosen = best_of_languages(tracks, dict.fromkeys(range(4), b""))
    assert {language: track.index for language, track in chosen.items()} == {
        "en": 1,
        "ru": 2,
        "und": 3,
    }


@pytest.mark.parametrize(
    ("error", "words", "is_ours"),
    [
        (StorageUnavailable(), "The store does not answer.", True),
        (OSError(errno.ENOSPC, "full"), "The worker's disk is full.", True),
        (OSError(errno.EFBIG, "full"), "The worker's disk is full.", True),
        (PermissionError(errno.EPERM, "no"), "The worker cannot use its scratch folder.", True),
        (ConnectionRefusedError(), "The database did not answer.", True),
        (DBAPIError("", {}, Exception()), "The database did not answer.", True),
        (NoRoomError("Too little."), "Too little.", True),
        (MediaFailedError("Killed from outside."), "Killed from outside.", False),
        (ZeroDivisionError(), "Something broke on our side.", False),
    ],
)
def test_what_a_film_waits_for_is_said_in_words(
    error: Exception, words: str, *, is_ours: bool, tmp_path: Path
) -> None:
    assert waits_for(error, tmp_path) == words
    assert is_of_our_house(error, tmp_path) is is_ours


def test_where_there_is_no_disk_nothing_is_the_films_fault(tmp_path: Path) -> None:
    assert is_of_our_house(ZeroDivisionError(), tmp_path / "nowhere")


# Scratch --------------------------------------------------------------------------------------


def test_a_folder_is_one_workers_at_a_time_and_keeps_what_was_fetched(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    assert kept_ids(root) == []
    with scratch_of(root, 7) as scratch:
        scratch.original.write_bytes(b"half a film")
        (scratch.bench / "half a segment").touch()
        with pytest.raises(ScratchTakenError), scratch_of(root, 7):
            pass
        assert not remove(root, 7)
    assert kept_ids(root) == [7]
    with scratch_of(root, 7) as scratch:
        assert scratch.original.read_bytes() == b"half a film"
        assert list(scratch.bench.iterdir()) == []
        with pytest.raises(NoRoomError):
            scratch.require_room(1 << 60)
    assert remove(root, 7)
    assert remove(root, 7)
    assert kept_ids(root) == []


def test_nobody_else_may_look_into_the_folder_of_films(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    root.mkdir(mode=0o755)
    make_root(root)
    assert root.stat().st_mode & 0o077 == 0
    elsewhere = tmp_path / "link"
    elsewhere.symlink_to(root)
    with pytest.raises(PermissionError):
        make_root(elsewhere)


def test_the_doctor_looks_at_the_folder_of_films(tmp_path: Path, s3_settings: S3Settings) -> None:
    def look(folder: Path) -> State:
        nowhere = "postgresql://nowhere/nothing"
        return check_scratch(make_settings(nowhere, s3_settings, scratch_dir=folder)).state

    assert look(tmp_path) is State.FINE
    assert look(tmp_path / "not" / "yet") is State.FINE
    (tmp_path / "file").touch()
    assert look(tmp_path / "file" / "below") is State.BAD
    assert not (tmp_path / "not").exists()
