"""Films cut into pieces and joined again: the same frames at the same times."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from app.screeners.media.audio import transcode_audio
from app.screeners.media.facts import Film
from app.screeners.media.grid import SEGMENT_MS, Segment, pieces_of
from app.screeners.media.isolation import Bench
from app.screeners.media.ladder import renditions_of
from app.screeners.media.pieces import transcode_piece
from tests.films import Films, ffmpeg
from tests.media import film_at

pytestmark = pytest.mark.slow

TICKS = 90_000
LEAD = 10 * TICKS
SECONDS = 63  # a piece and a bit


def ticks_of(path: Path) -> list[int]:
    """Give when the frames of a file are shown, in ticks, as they come out of the decoder."""
    with av.open(str(path)) as container:
        return [
            round(frame.pts * frame.time_base * TICKS)
            for frame in container.decode(container.streams.video[0])
            if frame.pts is not None and frame.time_base is not None
        ]


async def joined(film: Film, bench: Bench) -> tuple[list[int], list[Segment]]:
    """Transcode every piece; give when the joined film's frames are shown, and its segments."""
    smallest = renditions_of(film.facts.video)[:1]
    segments: list[Segment] = []
    for piece in pieces_of(film.facts.duration_ms):
        segments += (await transcode_piece(film, smallest, piece, bench))["360p"]
    return [tick - LEAD for segment in segments for tick in ticks_of(segment.path)], segments


async def assert_same(path: Path, bench: Bench) -> None:
    """Hold the joined pieces to the film: every frame, at its time, where it belongs."""
    film = await film_at(path, bench)
    wanted = ticks_of(path)
    found, segments = await joined(film, bench)
    assert len(found) == len(wanted) == film.facts.video.frame_count
    assert all(
        abs(is_at - (was_at - wanted[0])) <= 1 for is_at, was_at in zip(found, wanted, strict=True)
    )
    assert [segment.number for segment in segments] == list(range(len(segments)))
    for segment in segments[:-1]:
        begins = segment.number * SEGMENT_MS * TICKS // 1000
        times = [tick - LEAD - begins for tick in ticks_of(segment.path)]
        assert times[0] >= 0
        assert times[-1] < SEGMENT_MS * TICKS // 1000


B_FRAMES = ("libx264", "-preset", "ultrafast", "-bf", "3", "-x264-params", "b-pyramid=normal")


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
async def test_pieces_have_every_frame_once_and_at_its_time(
    films: Films, bench: Bench, rate: str, suffix: str
) -> None:
    path = films.film(SECONDS, rate=rate, suffix=suffix, codec=B_FRAMES, audio=())
    await assert_same(path, bench)


async def test_a_film_of_variable_rate_keeps_its_times(films: Films, bench: Bench) -> None:
    uneven = ("-vf", "select='lt(mod(n,7),5)*gt(mod(n,91),20)'", "-fps_mode", "vfr")
    path = films.film(SECONDS, rate="30", codec=B_FRAMES, audio=(), before=uneven)
    film = await film_at(path, bench)
    assert film.facts.video.longest_gap_ms > 600
    await assert_same(path, bench)


async def test_a_film_that_starts_late_starts_at_once(films: Films, bench: Bench) -> None:
    late = ("-output_ts_offset", "1234.5")
    path = films.film(SECONDS, suffix=".ts", codec=B_FRAMES, after=late)
    film = await film_at(path, bench)
    assert film.facts.start_ticks > 1234 * TICKS
    await assert_same(path, bench)


async def test_an_edit_list_is_obeyed(films: Films, bench: Bench, tmp_path: Path) -> None:
    whole = films.film(SECONDS + 3, codec=(*B_FRAMES, "-g", "250"), audio=())
    path = tmp_path / "edited.mp4"
    # Copied from the middle of a group of pictures: the list hides what is before.
    ffmpeg("-ss", "1.7", "-i", whole, "-c", "copy", path)
    await assert_same(path, bench)


async def test_open_groups_of_pictures_lose_nothing(films: Films, bench: Bench) -> None:
    codec = ("libx264", "-preset", "ultrafast", "-bf", "3", "-x264-params", "open-gop=1:keyint=50")
    await assert_same(films.film(SECONDS, codec=codec, audio=(), suffix=".mkv"), bench)


async def test_mpeg_2_in_a_program_stream(films: Films, bench: Bench) -> None:
    codec = ("mpeg2video", "-bf", "2", "-g", "15")
    await assert_same(films.film(SECONDS, codec=codec, suffix=".mpg", audio=()), bench)


async def test_a_slide_show_is_given_a_beat(films: Films, bench: Bench) -> None:
    still = ("-vf", "select='not(mod(n,225))'", "-fps_mode", "vfr")
    path = films.film(20, codec=("libx264", "-bf", "0"), audio=(), before=still)
    film = await film_at(path, bench)
    assert film.facts.video.longest_gap_ms == 9_000
    found, segments = await joined(film, bench)
    assert found == [n * TICKS // 25 for n in range(len(found))]
    assert len(found) == film.facts.duration_ms * 25 // 1000
    assert [segment.duration_ms for segment in segments] == [6_000, 6_000, 6_040]


async def test_a_film_of_too_many_frames_a_second_is_thinned_out(
    films: Films, bench: Bench
) -> None:
    film = await film_at(films.film(7, rate="120", audio=()), bench)
    found, _ = await joined(film, bench)
    assert found == [n * TICKS // 60 for n in range(7 * 60)]


async def test_a_turned_film_is_stored_upright(films: Films, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", films.film(3), "-c", "copy", path)
    film = await film_at(path, bench)
    assert film.facts.video.rotation == 270
    [rendition] = renditions_of(film.facts.video)
    assert (rendition.width, rendition.height) == (72, 128)
    _, segments = await joined(film, bench)
    with av.open(str(segments[0].path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.width, context.height) == (72, 128)


def samples_of(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """Give when each packet of sound starts and how long it is, in samples."""
    found = []
    for segment in segments:
        with av.open(str(segment.path)) as container:
            found += [
                (round(packet.pts * packet.time_base * 48_000) - 480_000, 1024)
                for packet in container.demux(container.streams.audio[0])
                if packet.pts is not None and packet.time_base is not None
            ]
    return found


async def test_sound_has_no_seams_and_is_as_long_as_the_picture(films: Films, bench: Bench) -> None:
    film = await film_at(films.film(20, audio=("eng", "rus")), bench)
    assert [track.language for track in film.facts.audio] == ["eng", "rus"]
    segments = await transcode_audio(film, film.facts.audio[1], bench)
    assert [segment.duration_ms for segment in segments] == [6000, 6000, 6000, 2000]
    packets = samples_of(segments)
    assert packets == [(1024 * (n - 1), 1024) for n in range(len(packets))]
    assert 0 <= packets[-1][0] + 1024 - 20 * 48_000 < 1024
    for segment in segments[1:]:
        first = samples_of([segment])[0][0]
        assert 0 <= first - segment.number * 6 * 48_000 < 1024


async def test_sound_that_starts_late_is_silent_before(
    films: Films, bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "late.mkv"
    plain = films.film(8)
    ffmpeg(
        *("-i", plain, "-itsoffset", "3", "-i", plain),
        *("-map", "0:v", "-map", "1:a", "-c", "copy", path),
    )
    film = await film_at(path, bench)
    [first, _] = await transcode_audio(film, film.facts.audio[0], bench)
    with av.open(str(first.path)) as container:
        loud = [
            float(frame.pts * frame.time_base) - 10
            for frame in container.decode(container.streams.audio[0])
            if frame.pts is not None
            and frame.time_base is not None
            and np.abs(frame.to_ndarray()).max() > 0.01
        ]
    assert 2.9 < loud[0] < 3.1


async def test_progress_is_told(films: Films, bench: Bench) -> None:
    film = await film_at(films.film(10), bench)
    told: list[int] = []
    [piece] = pieces_of(film.facts.duration_ms)
    await transcode_piece(film, renditions_of(film.facts.video), piece, bench, told.append)
    assert told == [6_000, 12_000]
    told.clear()
    await transcode_audio(film, film.facts.audio[0], bench, told.append)
    assert told == [6_000, 12_000]
