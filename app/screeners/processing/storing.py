"""What was made of a film, from the disk to the store: segments never without their lock."""

import asyncio
from collections.abc import Iterator, Sequence

from app.s3 import Store
from app.screeners.media.encryption import encrypt_segment
from app.screeners.media.grid import Segment
from app.screeners.objects import SEGMENT_TYPE, segment_key

# Of the turns at the store that this process has: the rest are for the worker's other jobs.
AT_ONCE = 3


async def store_segments(
    store: Store,
    screener_id: int,
    media_key: bytes,
    made: Sequence[tuple[str, Segment]],
) -> None:
    """Encrypt segments, each of the rendition named, and have the store keep them.

    Raises:
        StorageUnavailable: it does not; some are there perhaps, and are written over next time.
        OSError: the disk took no more.
    """
    left = iter(made)

    async def store_on(left: Iterator[tuple[str, Segment]]) -> None:
        for rendition, segment in left:
            content = await asyncio.to_thread(_locked, segment, media_key)
            key = segment_key(screener_id, rendition, segment.number)
            await store.put_bytes(key, content, SEGMENT_TYPE)

    tasks = [asyncio.create_task(store_on(left)) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _locked(segment: Segment, media_key: bytes) -> bytes:
    """Encrypt a segment, and leave nothing of it on the disk."""
    target = segment.path.with_suffix(".locked")
    encrypt_segment(segment.path, target, media_key=media_key, number=segment.number)
    content = target.read_bytes()
    target.unlink()
    segment.path.unlink()
    return content
