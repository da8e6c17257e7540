"""Films to test with, made by ffmpeg: tiny, and made once in a session."""

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import imageio_ffmpeg
import pytest

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()


class Films:
    """A shelf of made films: the same wish gives the same file, so nobody may change it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.film = functools.cache(self._film)

    def _film(  # noqa: PLR0913  # a wish has many sides, and every one a usual value
        self,
        seconds: float = 10,
        size: str = "128x72",
        *,
        rate: str = "25",
        audio: tuple[str, ...] = ("eng",),
        subtitles: tuple[str, ...] = (),
        suffix: str = ".mp4",
        codec: tuple[str, ...] = ("libx264", "-preset", "ultrafast"),
        before: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
    ) -> Path:
        """Make a film with a sound track and subtitles for each language (ISO 639-2) named.

        `before` goes before the codec (filters, say), `after` to the end of ffmpeg's command.
        """
        number = sum(1 for _ in self.folder.iterdir())
        path = self.folder / f"film-{number}{suffix}"
        inputs = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
        tracks = ["-map", "0:v"]
        for at, language in enumerate(audio):
            # Noise: tones cost the encoder of AAC five times as much
            tone = f"anoisesrc=color=pink:seed={at + 1}:sample_rate=48000:duration={seconds}"
            inputs += ["-f", "lavfi", "-i", tone]
            tracks += ["-map", f"{1 + at}:a", f"-metadata:s:a:{at}", f"language={language}"]
        for at, language in enumerate(subtitles):
            inputs += ["-i", str(self._srt(language, seconds))]
            tracks += ["-map", f"{1 + len(audio) + at}:s", f"-metadata:s:s:{at}"]
            tracks += [f"language={language}"]
        texts = ["-c:s", "mov_text" if suffix in {".mp4", ".mov"} else "srt"] if subtitles else []
        ffmpeg(*inputs, *tracks, *before, "-c:v", *codec, *texts, *after, path)
        return path

    def _srt(self, language: str, seconds: float) -> Path:
        path = self.folder / f"{language}-{seconds}.srt"
        times = range(1, int(seconds))
        path.write_text(
            "".join(
                f"{second}\n{_clock(second)},000 --> {_clock(second)},500\n{language} {second}\n\n"
                for second in times
            )
        )
        return path


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg, unfenced: what it reads is ours."""
    command = [FFMPEG, "-nostdin", "-y", "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120)


def rows_of(*arguments: object) -> Sequence[str]:
    """Run ffmpeg for what it prints."""
    command = [FFMPEG, "-nostdin", "-v", "error", *map(str, arguments)]
    done = subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
    return done.stdout.splitlines()


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


@pytest.fixture(scope="session")
def films() -> Iterator[Films]:
    """Give the shelf of this session."""
    folder = Path(tempfile.mkdtemp(prefix="films-"))
    yield Films(folder)
    shutil.rmtree(folder)
