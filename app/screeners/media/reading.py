"""Read a stranger's file by PyAV: run in a child, never in our own process.

`python -I -m app.screeners.media.reading PATH DEMUXER` prints what was found as JSON.
"""

import json
import sys
from fractions import Fraction
from typing import Any

import av
from av.codec import CodecContext
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.screeners.media.refusals import MediaRefusedError, Reason
from app.screeners.media.timing import MAX_HOURS, Timing, time_packets

MAX_SIDE = 8192
MIN_SIDE = 16
MAX_TRACKS = 64
FRAMES_TO_DECODE = 5
PACKETS_TO_TRY = 1_000
_TICKS = 90_000
_MICROSECONDS = 1_000_000
_PQ, _HLG = 16, 18  # ITU-T H.273, transfer characteristics
_TEXT = {"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"}
_NARROWEST, _WIDEST = Fraction(1, 4), Fraction(4)


def read(path: str, demuxer: str) -> dict[str, Any]:
    """Find out what a film is; the shape is that of `MediaFacts`, fractions as text.

    Raises:
        MediaRefusedError: it is none, damaged, or too large to work on.
    """
    with _opened(path, demuxer) as container:
        _check_tracks(container)
        video = film_track(container)
        _check_declared(container, video)
        frame = _first_frame(container, video)
        picture = _picture(video, frame)
        tracks = _tracks(container)
        start = _ticks(frame)
    with _opened(path, demuxer) as container:
        film = container.streams.video[picture["index"]]
        timing = time_packets(container, film, start)
        picture |= _pace(film, timing)
    return {
        "demuxer": demuxer,
        "duration_ms": timing.duration_ms,
        "start_ticks": start,
        "video": picture,
        **tracks,
    }


def film_track(container: InputContainer) -> VideoStream:
    """Choose the video track that is the film: the largest that is no cover picture."""
    films = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not films:
        raise MediaRefusedError(Reason.NO_VIDEO, "The file has no video track.")
    return max(films, key=_area)


def _area(stream: VideoStream) -> int:
    context = stream.codec_context
    return context.width * context.height if _context(stream) is not None else 0


def _context(stream: Stream) -> CodecContext | None:
    """Give the decoder of a track; of a codec that is not known there is none."""
    return stream.codec_context


def _opened(path: str, demuxer: str) -> InputContainer:
    options = {"protocol_whitelist": "file"}
    return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")


def _check_tracks(container: InputContainer) -> None:
    if (count := len(container.streams)) > MAX_TRACKS:
        raise MediaRefusedError(
            Reason.TOO_MANY_TRACKS, f"The file has {count} tracks; at most {MAX_TRACKS} are read."
        )


def _check_declared(container: InputContainer, video: VideoStream) -> None:
    """Hold what the file claims to what we work on, before anything is decoded."""
    if _context(video) is None:
        raise MediaRefusedError(
            Reason.UNKNOWN_CODEC,
            "The codec of the picture is not known: use H.264, HEVC or ProRes.",
        )
    _check_size(video.codec_context.width, video.codec_context.height)
    claims = [Fraction(container.duration or 0, _MICROSECONDS)]
    claims += [
        stream.duration * stream.time_base
        for stream in container.streams
        if stream.duration is not None and stream.time_base is not None
    ]
    # What is too long for 64 bits of microseconds comes out below zero.
    if max(claims) > MAX_HOURS * 3600 or min(claims) < 0:
        raise MediaRefusedError(
            Reason.TOO_LONG, f"The file says that it lasts more than {MAX_HOURS} hours."
        )


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or 0 < min(width, height) < MIN_SIDE:
        raise MediaRefusedError(
            Reason.TOO_LARGE_A_PICTURE,
            f"The picture has {width} × {height} pixels; each side may have {MIN_SIDE} to "
            f"{MAX_SIDE}.",
        )


def _first_frame(container: InputContainer, video: VideoStream) -> VideoFrame:
    """Decode a few frames, to know that it can be done, and give the first."""
    video.codec_context.thread_count = 1
    frames: list[VideoFrame] = []
    for tried, packet in enumerate(container.demux(video)):
        try:
            frames += packet.decode()
        except av.InvalidDataError:
            continue  # a stream that was cut out of another starts with what cannot be decoded
        if len(frames) >= FRAMES_TO_DECODE or tried > PACKETS_TO_TRY:
            break
    if not frames:
        raise MediaRefusedError(
            Reason.UNKNOWN_CODEC,
            f"The picture ({video.codec_context.name}) cannot be decoded: not one frame of it.",
        )
    _check_size(frames[0].width, frames[0].height)
    return frames[0]


def _ticks(frame: VideoFrame) -> int:
    """Give the timestamp of a frame in ticks, rounded as ffmpeg rounds it."""
    if frame.pts is None or frame.time_base is None:
        raise MediaRefusedError(Reason.NO_DURATION, "The picture has no timestamps.")
    exact = frame.pts * frame.time_base * _TICKS
    half = Fraction(1, 2)
    return int(exact + half) if exact >= 0 else -int(-exact + half)


def _picture(video: VideoStream, frame: VideoFrame) -> dict[str, Any]:
    aspect = video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or Fraction(1)
    usual = _NARROWEST <= aspect <= _WIDEST
    return {
        "index": [stream.index for stream in video.container.streams.video].index(video.index),
        "codec": video.codec_context.name,
        "width": frame.width,
        "height": frame.height,
        "rotation": round(-frame.rotation / 90) * 90 % 360,
        "pixel_aspect": str(aspect if usual else Fraction(1)),
        "pixel_format": frame.format.name,
        "interlaced": bool(frame.interlaced_frame),
        "hdr": frame.color_trc in {_PQ, _HLG},
    }


def _pace(video: VideoStream, timing: Timing) -> dict[str, Any]:
    """Give the frame rate that a file states if its frames bear it out, else the measured one."""
    stated, measured = video.average_rate, timing.frame_rate
    agrees = stated is not None and abs(stated - measured) <= measured / 50
    return {
        "frame_rate": str(stated if agrees else measured.limit_denominator(1001)),
        "frame_count": timing.frame_count,
        "longest_gap_ms": timing.longest_gap_ms,
    }


def _tracks(container: InputContainer) -> dict[str, Any]:
    audio = [
        {
            "index": index,
            "codec": stream.codec_context.name,
            "channels": stream.codec_context.channels,
            "sample_rate": stream.codec_context.sample_rate,
            "language": _language(stream.metadata),
            "title": stream.metadata.get("title"),
        }
        for index, stream in enumerate(container.streams.audio)
        if _context(stream) is not None and stream.codec_context.sample_rate
    ]
    subtitles = [
        {
            "index": index,
            "codec": stream.codec_context.name,
            "language": _language(stream.metadata),
            "title": stream.metadata.get("title"),
            "is_text": stream.codec_context.name in _TEXT,
            "forced": bool(stream.disposition & Disposition.forced),
        }
        for index, stream in enumerate(container.streams.subtitles)
        if _context(stream) is not None
    ]
    return {"audio": audio, "subtitles": subtitles}


def _language(metadata: dict[str, str]) -> str | None:
    language = metadata.get("language", "")[:35].strip().lower()
    return language if language not in {"", "und", "unk", "mis"} else None


def main(path: str, demuxer: str) -> dict[str, Any]:
    """Give what was found, or why it is refused, as it is printed."""
    try:
        return {"facts": read(path, demuxer)}
    except MediaRefusedError as error:
        return {"reason": error.reason, "sentence": str(error)}
    except MemoryError:
        return {
            "reason": Reason.TOO_MUCH_MEMORY,
            "sentence": "Reading the file takes more memory than a film needs.",
        }
    except av.FFmpegError as error:
        return {"reason": Reason.UNREADABLE, "sentence": f"The file is damaged: {error.strerror}."}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2])))
