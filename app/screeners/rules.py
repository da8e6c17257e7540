"""The arithmetic of uploads, and of the URLs of what was uploaded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from app.stored import StoredObject, StoredPart

MIB = 1 << 20
MAX_SIZE_BYTES = 100 << 30
# Small parts make a retry cheap, few parts the API's work. So parts grow until there are few, as
# long as a slow line sends one within its URL's life, and rclone keeps four of them in its memory.
MIN_PART_BYTES = 16 * MIB
LARGE_PART_BYTES = 64 * MIB
FEW_PARTS = 16
# S3 takes 10,000; a thousand fit one page of its list of parts.
MAX_PARTS = 1000
# Part URLs signed by one request
MAX_PARTS_TO_SIGN = 200


def part_bytes_of(size_bytes: int) -> int:
    """Choose the length of a file's parts: a power of two, from 16 MiB to 128 MiB."""
    part_bytes = MIN_PART_BYTES
    while part_bytes < LARGE_PART_BYTES and part_bytes * FEW_PARTS < size_bytes:
        part_bytes *= 2
    while part_bytes * MAX_PARTS < size_bytes:
        part_bytes *= 2
    return part_bytes


def part_count_of(size_bytes: int, part_bytes: int) -> int:
    """Count a file's parts."""
    return -(-size_bytes // part_bytes)


def part_size(number: int, size_bytes: int, part_bytes: int) -> int:
    """Give the exact length of a part, in bytes: all are `part_bytes` but the last."""
    return min(part_bytes, size_bytes - (number - 1) * part_bytes)


def composite_checksum(md5s: Sequence[str]) -> str:
    """Give S3's checksum of an object made of parts: the MD5 of their MD5s, and how many.

    Source: AWS, "Checking object integrity", multipart uploads and composite checksums.
    """
    digest = hashlib.md5(b"".join(map(bytes.fromhex, md5s)), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(md5s)}"


def agrees(found: StoredObject, size_bytes: int, checksum: str) -> bool:
    """Hold an object to its length and composite checksum.

    Not every store gives that checksum of an object (rclone gives the MD5 of the whole): then its
    length must do, since only a completion with the right parts makes an object.
    """
    has_composite = found.checksum is not None and "-" in found.checksum
    return found.size_bytes == size_bytes and (not has_composite or found.checksum == checksum)


@dataclass(frozen=True, slots=True)
class WrongPart:
    """A part that is not what it should be, and why."""

    number: int
    reason: str


def wrong_parts(
    stored: Mapping[int, StoredPart],
    stated: Mapping[int, str] | None,
    size_bytes: int,
    part_bytes: int,
) -> list[WrongPart]:
    """Hold the parts that arrived to the lengths they must have and the MD5s the client stated."""
    count = part_count_of(size_bytes, part_bytes)
    found: list[WrongPart] = []
    for number in range(1, count + 1):
        part = stored.get(number)
        if part is None:
            found.append(WrongPart(number, "has not arrived"))
        elif part.size_bytes != (wanted := part_size(number, size_bytes, part_bytes)):
            found.append(WrongPart(number, f"has {part.size_bytes} bytes instead of {wanted}"))
        elif stated is not None and part.md5 != stated[number]:
            found.append(WrongPart(number, "has another MD5 than you stated"))
    found += [
        WrongPart(number, "is one more than the file has") for number in stored if number > count
    ]
    return found


def url_lifetime(now: datetime, ends_at: datetime | None, longest: timedelta) -> timedelta:
    """Give how long a playback URL lives, in whole seconds: never past the end of the leave."""
    lifetime = longest if ends_at is None else min(longest, ends_at - now)
    return timedelta(seconds=max(0, int(lifetime.total_seconds())))


def content_disposition(file_name: str, kind: str = "inline") -> str:
    """Name a file in any script (RFC 6266): plain ASCII for old clients, then its true name.

    It is to be shown, or as an `attachment` kept.
    """
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_"
        for char in file_name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
