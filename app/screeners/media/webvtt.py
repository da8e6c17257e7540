"""Subtitles in whatever form and encoding, into clean WebVTT."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from app.screeners.media.refusals import MediaRefusedError, Reason

MAX_BYTES = 2 << 20
MAX_CUES = 20_000
MAX_CUE_CHARACTERS = 2_000
MAX_CUE_MS = 10 * 60 * 1000
MAX_TIME_MS = 100 * 3600 * 1000

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}(.*)$")
# Where a cue stands; regions and styles are not carried over.
_SETTING = re.compile(r"(?:vertical|line|position|size|align):[\w.%,-]{1,40}")
_TAG = re.compile(r"<(/?)([A-Za-z\d]{1,20})[^<>]{0,500}>")
_OVERRIDE = re.compile(r"\{\\[^{}]{0,200}\}")  # of SubStation Alpha, which SubRip files borrow
_KEPT_TAGS = {"b", "i", "u"}
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True)
class _Cue:
    start: int
    end: int
    settings: str
    text: str


def to_webvtt(content: bytes) -> bytes:
    """Turn SubRip or WebVTT of any common encoding into WebVTT that a page may show.

    What is left of the markup: bold, italic, underline. Cues keep their times and places.

    Raises:
        MediaRefusedError: it is too large, in no known encoding, or has no cue.
    """
    if len(content) > MAX_BYTES:
        raise MediaRefusedError(
            Reason.TEXT_TOO_LARGE, f"Subtitles may have {MAX_BYTES >> 20} MiB, not more."
        )
    cues = sorted(_cues(_decoded(content)), key=lambda cue: (cue.start, cue.end))
    if not cues:
        raise MediaRefusedError(
            Reason.TEXT_UNREADABLE, "There is no subtitle in the file: send WebVTT or SubRip."
        )
    blocks = (
        f"{_clock(cue.start)} --> {_clock(cue.end)}{cue.settings}\n{cue.text}\n" for cue in cues
    )
    return ("WEBVTT\n\n" + "\n".join(blocks)).encode()


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        best = from_bytes(content).best()
        if best is None:
            raise MediaRefusedError(
                Reason.TEXT_UNREADABLE, "The encoding of the subtitles is not known: send UTF-8."
            ) from None
        return str(best)


def _cues(text: str) -> Iterator[_Cue]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = [(at, match) for at, line in enumerate(lines) if (match := _TIMES.match(line))]
    if len(found) > MAX_CUES:
        raise MediaRefusedError(
            Reason.TEXT_TOO_LARGE,
            f"Subtitles may have {MAX_CUES:,} cues; these have {len(found):,}.",
        )
    for at, match in found:
        start, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:8])
        said = _cleaned("\n".join(_until_blank(lines, at + 1)))
        if start < end <= MAX_TIME_MS and said:
            settings = "".join(f" {setting}" for setting in _SETTING.findall(match[9]))
            yield _Cue(start, min(end, start + MAX_CUE_MS), settings, said)


def _until_blank(lines: list[str], first: int) -> Iterator[str]:
    for line in lines[first : first + 50]:
        if not line.strip() or _TIMES.match(line):
            return
        yield line


def _cleaned(text: str) -> str:
    """Keep words, line breaks, bold, italic and underline; everything else becomes plain text."""
    text = _OVERRIDE.sub("", text)[:MAX_CUE_CHARACTERS]
    kept: list[str] = []
    opened: list[str] = []
    end = 0
    for tag in _TAG.finditer(text):
        kept.append(_plain(text[end : tag.start()]))
        end = tag.end()
        name = tag[2].lower()
        if name in _KEPT_TAGS and not tag[1]:
            opened.append(name)
            kept.append(f"<{name}>")
        elif tag[1] and opened and opened[-1] == name:
            kept.append(f"</{opened.pop()}>")
    kept.append(_plain(text[end:]))
    kept += [f"</{name}>" for name in reversed(opened)]
    return "\n".join(line.strip() for line in "".join(kept).split("\n") if line.strip())


def _plain(text: str) -> str:
    visible = "".join(
        char for char in html.unescape(text) if char == "\n" or (char >= " " and char != "\x7f")
    )
    return html.escape(visible, quote=False)


def _milliseconds(clock: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, fraction = (part or "0" for part in clock)
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int(fraction.ljust(3, "0"))


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
