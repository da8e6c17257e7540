"""Files that mean harm, written byte by byte or bent from good ones."""

import io
import struct
import zipfile
from pathlib import Path


def atom(kind: bytes, *parts: bytes) -> bytes:
    """Write an atom of MP4."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


FTYP = atom(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")


def element(identifier: bytes, *parts: bytes) -> bytes:
    """Write an element of Matroska."""
    content = b"".join(parts)
    return identifier + (len(content) | 1 << 56).to_bytes(8) + content


def replaced(film: Path, target: Path, kind: bytes, offset: int, new: bytes) -> Path:
    """Write bytes over every atom of a kind, so far behind its name."""
    content = bytearray(film.read_bytes())
    at = content.find(kind)
    while at >= 0:
        content[at + 4 + offset : at + 4 + offset + len(new)] = new
        at = content.find(kind, at + 4)
    target.write_bytes(content)
    return target


def lasting(film: Path, target: Path, kind: bytes, ticks: int) -> Path:
    """Have a header (`mvhd`, `mdhd`) say, in 64 bits, how long a film lasts; once a second."""
    content = film.read_bytes()
    at = content.index(kind) - 4
    (size,) = struct.unpack_from(">I", content, at)
    longer = atom(kind, struct.pack(">B3xQQIQ", 1, 0, 0, 1, ticks), content[at + 28 : at + size])
    around = (b"moov",) if kind == b"mvhd" else (b"moov", b"trak", b"mdia")
    return _put(content, at, size, longer, target, around)


def zip_bomb() -> bytes:
    """Some kilobytes that unpack to many mebibytes."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("film.mp4", "w", force_zip64=True) as film,
    ):
        for _ in range(64):
            film.write(bytes(1 << 20))
    return packed.getvalue()


def tracks(count: int) -> bytes:
    """An MP4 of so many video tracks, all empty."""
    head = struct.pack(">I", 0)
    track = atom(
        b"trak",
        atom(b"tkhd", bytes(84)),
        atom(
            b"mdia",
            atom(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, 0, 0, 0)),
            atom(b"hdlr", head, struct.pack(">I4s12x", 0, b"vide"), b"\x00"),
            atom(b"minf", atom(b"stbl", atom(b"stsd", head, struct.pack(">I", 0)))),
        ),
    )
    mvhd = atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 10_000), bytes(80))
    return FTYP + atom(b"moov", mvhd, track * count)


def nested(depth: int) -> bytes:
    """Atoms in atoms in atoms."""
    inner = b""
    for _ in range(depth):
        inner = atom(b"moov", inner)
    return FTYP + inner


def referring(film: Path, target: Path, address: bytes) -> Path:
    """Have a QuickTime film say that its pictures lie elsewhere: a `url ` or an alias in `dref`."""
    content = film.read_bytes()
    at = content.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", content, at)
    entry = atom(b"url ", bytes(4), address + b"\x00") if b":" in address else _alias(address)
    grown = atom(b"dref", struct.pack(">II", 0, 1), entry)
    around = (b"moov", b"trak", b"mdia", b"minf", b"dinf")
    return _put(content, at, size, grown, target, around)


def _alias(path: bytes) -> bytes:
    """A Macintosh alias, as QuickTime keeps it: what ffmpeg's `enable_drefs` would follow."""
    volume, name = b"disk".ljust(27, b"\x00"), path.rpartition(b"/")[2].ljust(63, b"\x00")
    tag = struct.pack(">hh", 2, len(path)) + path + b"\x00" * (len(path) % 2)
    body = bytes(6 + 2 + 2)
    body += bytes([4]) + volume + bytes(12) + bytes([len(path) % 63]) + name
    body += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16) + tag + struct.pack(">hh", -1, 0)
    return atom(b"alis", bytes(4), body)


def _put(  # what, where, and what lies around
    content: bytes, at: int, size: int, grown: bytes, target: Path, atoms: tuple[bytes, ...]
) -> Path:
    """Put an atom in the place of another, and lengthen the atoms around it."""
    more = len(grown) - size
    changed = bytearray(content[:at] + grown + content[at + size :])
    for kind in atoms:
        around = content.rindex(kind, 0, at) - 4
        (length,) = struct.unpack_from(">I", content, around)
        struct.pack_into(">I", changed, around, length + more)
    target.write_bytes(changed)
    return target


EBML = element(
    b"\x1a\x45\xdf\xa3",
    element(b"\x42\x82", b"matroska"),
    element(b"\x42\x87", b"\x04"),
    element(b"\x42\x85", b"\x02"),
)


def linked_segment(address: str) -> bytes:
    """Say in a Matroska file that what comes before and after lies in other files."""
    names = element(b"\x3c\x83\xab", address.encode()) + element(b"\x3e\x83\xbb", address.encode())
    information = element(b"\x15\x49\xa9\x66", names, element(b"\x2a\xd7\xb1", b"\x0f\x42\x40"))
    return EBML + element(b"\x18\x53\x80\x67", information)
