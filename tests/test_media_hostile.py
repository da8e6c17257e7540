"""Files that mean harm: each is refused with a reason, reaches nothing, and costs little."""

import asyncio
import os
import resource
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.cli.checks import State
from app.cli.fence_check import check_fences
from app.screeners.media.audio import transcode_audio
from app.screeners.media.facts import Film
from app.screeners.media.fences import NO_FENCE, find_fences, ways_out
from app.screeners.media.grid import pieces_of
from app.screeners.media.isolation import GIB, Bench, Fence, Limits, run_isolated
from app.screeners.media.ladder import renditions_of
from app.screeners.media.pieces import transcode_piece
from app.screeners.media.probing import probe
from app.screeners.media.refusals import MediaFailedError, MediaRefusedError, Reason
from tests import hostile_films
from tests.films import Films, ffmpeg
from tests.media import TYPES, watched_children

PYTHON = (sys.executable, "-I", "-S", "-c")
FENCED = frozenset(Fence)


class Listener:
    """Counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    def count(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Listen on the loopback address, where nobody may come."""
    counting = Listener()
    async with await asyncio.start_server(counting.count, "127.0.0.1", 0) as server:
        counting.port = server.sockets[0].getsockname()[1]
        yield counting
        await asyncio.sleep(0)
    assert counting.visits == 0


async def refusal(path: Path, bench: Bench) -> MediaRefusedError:
    """Do all that is done to a film until it is refused, within bounds of memory and time."""
    began = time.monotonic()
    with watched_children() as memory, pytest.raises(MediaRefusedError) as refused:
        await work_through(path, bench)
    assert time.monotonic() - began < 120
    assert memory.most_bytes <= GIB
    # Nor in a moment in which nobody looked, as far as that can be told from our own.
    ours, children = map(_most_resident, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert children <= max(GIB, ours)
    assert str(refused.value).endswith(".")
    return refused.value


def _most_resident(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * 1024


def test_what_a_child_has_resident_is_seen() -> None:
    ours = bytearray(300 << 20)
    program = "import time; had = bytearray(100 << 20); time.sleep(0.5)"
    with watched_children() as memory:
        subprocess.run([*PYTHON, program], check=True)
    assert 100 << 20 < memory.most_bytes < 150 << 20 < len(ours)


async def work_through(path: Path, bench: Bench) -> None:
    """Do all that is done to a film."""
    facts = await probe(path, TYPES[path.suffix], bench)
    film = Film(path, facts)
    for piece in pieces_of(facts.duration_ms):
        await transcode_piece(film, renditions_of(facts.video)[:1], piece, bench)
    for track in facts.audio:
        await transcode_audio(film, track, bench)


Text = Callable[[int], bytes]


@pytest.mark.parametrize(
    ("suffix", "text", "seems"),
    [
        (
            ".mp4",
            lambda port: b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:%d/\n" % port,
            "HLS playlist",
        ),
        (".ts", lambda _: b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "HLS"),
        (".mp4", lambda _: b"ffconcat version 1.0\nfile /etc/passwd\n", "script of ffmpeg"),
        (".mkv", lambda _: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (".mov", lambda port: b'<?xml version="1.0"?><MPD>http://127.0.0.1:%d</MPD>' % port, "XML"),
        (".mp4", lambda _: hostile_films.zip_bomb(), "ZIP"),
        (".mp4", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (".mp4", lambda _: b"", "empty"),
        (".mpg", lambda _: bytes(10_000), "no film"),
    ],
)
async def test_what_is_no_film_is_told_by_its_first_bytes(
    tmp_path: Path, bench: Bench, listener: Listener, suffix: str, text: Text, seems: str
) -> None:
    path = tmp_path / f"film{suffix}"
    path.write_bytes(text(listener.port))
    error = await refusal(path, bench)
    assert error.reason is Reason.NOT_AS_DECLARED
    assert seems in str(error)


async def test_a_film_of_another_container_is_not_what_was_declared(
    films: Films, bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(films.film(3).read_bytes())
    error = await refusal(path, bench)
    assert str(error) == (
        "The file was declared as a Matroska or WebM film, but is an MP4 or QuickTime film."
    )


async def test_two_to_the_sixty_seconds(films: Films, bench: Bench, tmp_path: Path) -> None:
    plain = ("libx264", "-preset", "ultrafast", "-bf", "0")
    film = films.film(3, audio=(), codec=plain, after=("-use_editlist", "0"))
    # What a track says is held to its table of samples, which lies as well.
    lying = hostile_films.lasting(film, tmp_path / "lying.mp4", b"mdhd", 1 << 60)
    path = hostile_films.replaced(
        lying, tmp_path / "long.mp4", b"stts", 12, struct.pack(">I", 1 << 30)
    )
    assert (await refusal(path, bench)).reason is Reason.TOO_LONG


async def test_a_day_in_a_matroska_header(films: Films, bench: Bench, tmp_path: Path) -> None:
    path = lasting_matroska(films.film(3, suffix=".mkv"), tmp_path / "day.mkv", 86_400)
    assert (await refusal(path, bench)).reason is Reason.TOO_LONG


async def test_what_cannot_be_meant_is_measured_instead(
    films: Films, bench: Bench, tmp_path: Path
) -> None:
    """Headers of the whole file that no clock can tell are passed over, by ffmpeg as by us."""
    film = hostile_films.lasting(films.film(3), tmp_path / "long.mp4", b"mvhd", 1 << 60)
    assert (await probe(film, "video/mp4", bench)).duration_ms == 3_000
    film = lasting_matroska(films.film(3, suffix=".mkv"), tmp_path / "long.mkv", 1 << 60)
    assert (await probe(film, "video/x-matroska", bench)).duration_ms == 3_000


def lasting_matroska(film: Path, target: Path, seconds: int) -> Path:
    """Have a Matroska film say how long it lasts."""
    content = film.read_bytes()
    at = content.index(b"\x44\x89\x88") + 3  # Duration, a double of milliseconds
    target.write_bytes(content[:at] + struct.pack(">d", seconds * 1000) + content[at + 8 :])
    return target


async def test_a_picture_of_65535_pixels(films: Films, bench: Bench, tmp_path: Path) -> None:
    # Width and height stand 24 bytes behind the name of the sample entry.
    film = films.film(2, codec=("v210",), suffix=".mov")
    path = hostile_films.replaced(film, tmp_path / "wide.mov", b"v210", 24, b"\xff" * 4)
    error = await refusal(path, bench)
    assert error.reason in {Reason.TOO_LARGE_A_PICTURE, Reason.UNREADABLE}


async def test_a_picture_larger_than_we_take(films: Films, bench: Bench) -> None:
    path = films.film(1.2, size="8208x64", rate="5", audio=())
    error = await refusal(path, bench)
    assert error.reason is Reason.TOO_LARGE_A_PICTURE
    assert "8208 × 64" in str(error)


async def test_a_film_that_ends_in_the_middle(films: Films, bench: Bench, tmp_path: Path) -> None:
    whole = films.film(20, after=("-movflags", "+faststart")).read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert (await refusal(path, bench)).reason is Reason.TRUNCATED


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mxf"])
async def test_a_film_without_its_index_or_end(
    films: Films, bench: Bench, tmp_path: Path, suffix: str
) -> None:
    codec = ("mpeg2video",) if suffix == ".mxf" else ("libx264", "-preset", "ultrafast")
    whole = films.film(20, suffix=suffix, audio=(), codec=codec).read_bytes()
    path = tmp_path / f"half{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    assert (await refusal(path, bench)).reason in {Reason.TRUNCATED, Reason.UNREADABLE}


async def test_sound_without_end(films: Films, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "silence.mkv"
    silence = "anullsrc=sample_rate=8000:channel_layout=mono:duration=10800"  # three hours
    packed = ("-c:a", "flac", "-frame_size", "65535")
    ffmpeg("-i", films.film(3), "-f", "lavfi", "-i", silence, "-map", "0:v", "-map", "1:a",
           "-c:v", "copy", *packed, path)  # fmt: skip
    assert path.stat().st_size < 1 << 20
    error = await refusal(path, bench)
    assert error.reason is Reason.TRACKS_DISAGREE


async def test_sound_without_picture(films: Films, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    ffmpeg("-i", films.film(3), "-map", "0:a", "-c", "copy", path)
    assert (await refusal(path, bench)).reason is Reason.NO_VIDEO


async def test_a_picture_is_no_film(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=size=64x64:rate=25", "-frames:v", "1", path)
    assert (await refusal(path, bench)).reason is Reason.NO_DURATION


async def test_ten_thousand_tracks(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "tracks.mp4"
    path.write_bytes(hostile_films.tracks(10_000))
    error = await refusal(path, bench)
    assert error.reason in {Reason.TOO_MANY_TRACKS, Reason.UNREADABLE}


async def test_more_tracks_than_we_read(bench: Bench, films: Films, tmp_path: Path) -> None:
    path = tmp_path / "tracks.mkv"
    ffmpeg("-i", films.film(3), *("-map", "0:a") * 70, "-map", "0:v", "-c", "copy", path)
    error = await refusal(path, bench)
    assert error.reason is Reason.TOO_MANY_TRACKS
    assert "71 tracks" in str(error)


async def test_atoms_in_atoms(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "nested.mp4"
    path.write_bytes(hostile_films.nested(20_000))
    assert (await refusal(path, bench)).reason in {Reason.UNREADABLE, Reason.NO_VIDEO}


async def test_matroska_that_leads_to_other_files(
    bench: Bench, tmp_path: Path, listener: Listener
) -> None:
    path = tmp_path / "linked.mkv"
    path.write_bytes(hostile_films.linked_segment(f"http://127.0.0.1:{listener.port}/next.mkv"))
    assert (await refusal(path, bench)).reason in {Reason.UNREADABLE, Reason.NO_VIDEO}


async def test_quicktime_whose_pictures_lie_in_another_file(
    films: Films, bench: Bench, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mov"
    film = films.film(3, suffix=".mov", audio=())
    secret.write_bytes(film.read_bytes())
    address = str(secret).encode()
    path = hostile_films.referring(film, tmp_path / "alias.mov", address)
    error = await refusal(path, bench)
    assert error.reason in {Reason.UNREADABLE, Reason.NO_DURATION, Reason.UNKNOWN_CODEC}


async def test_an_address_in_a_quicktime_film_is_not_visited(
    films: Films, bench: Bench, tmp_path: Path, listener: Listener
) -> None:
    film = films.film(3, suffix=".mov", audio=())
    address = b"http://127.0.0.1:%d/film.mov" % listener.port
    path = hostile_films.referring(film, tmp_path / "address.mov", address)
    facts = await probe(path, "video/quicktime", bench)  # what it has itself is shown
    assert facts.duration_ms == 3_000


async def test_a_damaged_film_hurts_nobody(films: Films, bench: Bench, tmp_path: Path) -> None:
    content = bytearray(films.film(6, after=("-movflags", "+faststart")).read_bytes())
    beginning = content.index(b"mdat") + 4
    content[beginning:] = os.urandom(len(content) - beginning)
    path = tmp_path / "noise.mp4"
    path.write_bytes(content)
    assert (await refusal(path, bench)).reason in {Reason.UNKNOWN_CODEC, Reason.UNREADABLE}


# The fences


@pytest.mark.parametrize("fence", [Fence.NAMESPACE, Fence.SECCOMP])
async def test_each_fence_by_itself_keeps_a_child_off_the_network(
    tmp_path: Path, fence: Fence
) -> None:
    assert await find_fences([fence]) == {fence}
    assert await ways_out(Bench(frozenset([fence]), tmp_path)) == []


async def test_a_child_without_fences_reaches_the_listener(tmp_path: Path) -> None:
    assert "tcp" in await ways_out(Bench(frozenset(), tmp_path))


async def test_without_a_fence_nothing_is_opened() -> None:
    with pytest.raises(MediaFailedError, match="no seller's file is opened") as refused:
        await find_fences([Fence.LANDLOCK])
    assert str(refused.value) == NO_FENCE


async def test_a_fence_that_fails_starts_nothing(tmp_path: Path) -> None:
    gone = Bench(FENCED, tmp_path)
    with pytest.raises(MediaFailedError, match="could not be fenced in"):
        await run_isolated(("/no/such/program",), gone, Limits(seconds=10))


@pytest.mark.parametrize(
    "wish",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "open('/etc/passwd')",
        "import os; open(f'/proc/{os.getppid()}/environ')",
        "open('../outside', 'w')",
        "import os; os.kill(os.getppid(), 0)",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socketpair()",
        "import ctypes, os; assert ctypes.CDLL(None).syscall(425, 1, 0) != -1",  # io_uring_setup
        "import os; assert os.environ.get('PATH')",
        "bytearray(2 << 30)",
        "open('large', 'wb').truncate(2 << 30)",
        "[open('/dev/null') for _ in range(1000)]",
    ],
)
async def test_a_fenced_child_may_not(bench: Bench, wish: str) -> None:
    outcome = await run_isolated((*PYTHON, wish), bench, Limits(seconds=20))
    assert outcome.exit_code != 0


async def test_a_fenced_child_may_work(bench: Bench) -> None:
    work = (
        "import threading; t = threading.Thread(target=open('made', 'w').write, args=('it',));"
        "t.start(); t.join(); print('done')"
    )
    outcome = await run_isolated((*PYTHON, work), bench, Limits(seconds=20))
    assert (outcome.exit_code, outcome.output) == (0, b"done\n")
    assert (bench.scratch / "made").read_text() == "it"


@pytest.mark.parametrize(
    "burning",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "while True: print('x' * 100_000)",
        "import sys\nwhile True: sys.stderr.write('x' * 100_000)",
    ],
)
async def test_a_child_that_burns_is_ended(bench: Bench, burning: str) -> None:
    began = time.monotonic()
    outcome = await run_isolated((*PYTHON, burning), bench, Limits(seconds=2))
    assert outcome.timed_out
    assert len(outcome.errors) <= 16 << 10
    assert time.monotonic() - began < 30


async def test_a_child_is_ended_at_the_limit_of_its_cpu(bench: Bench) -> None:
    outcome = await run_isolated(
        (*PYTHON, "while True: pass"), bench, Limits(seconds=60, cpu_seconds=1)
    )
    assert not outcome.timed_out
    assert outcome.exit_code < 0


async def test_forks_of_forks_are_ended_with_their_parent(tmp_path: Path) -> None:
    """Where the kernel grants namespaces alone, a child has children: the group dies as one."""
    alone = Bench(frozenset([Fence.NAMESPACE]), tmp_path)
    burning = (
        "import os, time\nfor _ in range(4): os.fork()\nopen(str(os.getpid()), 'w')\ntime.sleep(99)"
    )
    outcome = await run_isolated((*PYTHON, burning), alone, Limits(seconds=3))
    assert outcome.timed_out
    children = files_in(tmp_path)
    assert len(children) > 1
    assert all(_dies(child) for child in children)


async def test_a_cancelled_child_is_ended(bench: Bench) -> None:
    wait = "import os, time; open(str(os.getpid()), 'w'); time.sleep(99)"
    running = asyncio.create_task(run_isolated((*PYTHON, wait), bench, Limits(seconds=60)))
    while not (started := files_in(bench.scratch)):  # noqa: ASYNC110  # of another process
        await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not _lives(started[0])


def test_a_child_dies_with_us(tmp_path: Path) -> None:
    """Of a `kill -9` as well: nobody is there then to end it."""
    (tmp_path / "parent.py").write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from app.screeners.media.isolation import Bench, Fence, Limits, run_isolated\n"
        "wait = 'import os, time; open(str(os.getpid()), \"w\"); time.sleep(99)'\n"
        "command = (sys.executable, '-I', '-S', '-c', wait)\n"
        "bench = Bench(frozenset(Fence), Path(sys.argv[1]))\n"
        "asyncio.run(run_isolated(command, bench, Limits(seconds=60)))\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen([sys.executable, tmp_path / "parent.py", scratch]) as parent:
        until = time.monotonic() + 30
        while not (started := files_in(scratch)) and time.monotonic() < until:
            time.sleep(0.02)
        parent.kill()
    assert _dies(started[0])


def files_in(folder: Path) -> list[int]:
    """Give the processes that wrote their numbers there."""
    return [int(each.name) for each in folder.iterdir()]


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _dies(process: int) -> bool:
    """Tell whether a process that was killed is gone once the kernel has come to it."""
    until = time.monotonic() + 10
    while _lives(process) and time.monotonic() < until:
        time.sleep(0.02)
    return not _lives(process)


async def test_the_doctor_looks_at_the_fences() -> None:
    finding = await check_fences()
    assert finding.state is State.FINE
    assert finding.found == "landlock, namespace, seccomp: a child that tried reached no network"
