"""What a file may be, and what it looks like from its first bytes."""

from collections.abc import Mapping

HEAD_BYTES = 4096

# The one reader that ffmpeg may use for what was declared: it never guesses.
DEMUXERS: Mapping[str, str] = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/x-matroska": "matroska",
    "video/webm": "matroska",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "application/mxf": "mxf",
}
_FILMS = {
    "mov": "an MP4 or QuickTime film",
    "matroska": "a Matroska or WebM film",
    "mpeg": "an MPEG program stream",
    "mpegts": "an MPEG transport stream",
    "mxf": "an MXF film",
}
_SYNC = 0x47
_ATOMS = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp", b"moof"}
_BEGINNINGS = (
    (b"#EXTM3U", "an HLS playlist"),
    (b"ffconcat", "a script of ffmpeg"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a RIFF file (AVI, WAV, WebP)"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ID3", "a sound file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a sound file"),
)


def demuxer_seen(head: bytes) -> str | None:
    """Tell by its first bytes which reader a film is for."""
    found = None
    if head[4:8] in _ATOMS:
        found = "mov"
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        found = "matroska"
    elif head.startswith((b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")):
        found = "mpeg"
    elif head.startswith(b"\x06\x0e\x2b\x34"):
        found = "mxf"
    elif _has_sync(head, 0, 188) or _has_sync(head, 4, 192):
        found = "mpegts"
    return found


def description(head: bytes) -> str:
    """Say what a file seems to be."""
    seen = demuxer_seen(head)
    if seen is not None:
        return _FILMS[seen]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, name in _BEGINNINGS:
        if text.startswith(beginning):
            return name
    if text[:1] == b"<":
        lower = text.lower()
        return "an SVG picture" if b"<svg" in lower else "a web page or XML"
    return "no film" if head else "empty"


def film_kind(demuxer: str) -> str:
    """Say what a reader reads."""
    return _FILMS[demuxer]


def _has_sync(head: bytes, first: int, step: int) -> bool:
    return len(head) > first + 2 * step and all(
        head[first + n * step] == _SYNC for n in range(min(5, (len(head) - first) // step))
    )
