"""What ffmpeg is told.

Every rendition and sound track shows the film's own time, put forward by `LEAD_SECONDS`: before a
frame of B-frames is shown others are decoded, and no timestamp may be below zero.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import imageio_ffmpeg

from app.screeners.media.facts import AudioTrack, Film, VideoFacts
from app.screeners.media.grid import SEGMENT_MS, Piece
from app.screeners.media.ladder import AUDIO_KILOBITS, Rendition, needs_beat, rate_of

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()
TICKS = 90_000
LEAD_SECONDS = 10
SAMPLE_RATE = 48_000
SEGMENT_NAME = "{name}-%05d.ts"
AAC_SAMPLES = 1024  # in a packet
PRESET = "veryfast"
NEVER = "1000000"
AT_KEY_FRAMES = ("-segment_time", "0.001")
# A line for every segment that is done. (What `-progress` says of films with their own timestamps
# is counted from wherever it was first asked.)
TOLD = ("-segment_list", "pipe:1", "-segment_list_type", "csv")
WHOLE = ("-segment_time", NEVER)
_THREADS = "2"
# Decoding starts at a key frame before the piece. An index names the right one, but in the order of
# decoding; without an index a file is searched, which may end a group of pictures too late.
_RUN_UP_SECONDS = {"mov": 2, "matroska": 2, "mxf": 2}
_LONG_RUN_UP_SECONDS = 15
_TO_ORDINARY_LIGHT = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)
_FULL_RANGE = "scale=out_range=pc,format=yuvj420p"  # as JPEG wants it
_TURNS = {0: "", 90: "transpose=clock,", 180: "hflip,vflip,", 270: "transpose=cclock,"}


def piece_command(
    film: Film, renditions: Sequence[Rendition], piece: Piece, folder: Path
) -> list[str]:
    """Transcode a piece: decoded once, scaled from large to small, cut into segments."""
    seek = _seek(film, piece.start_ms, exact=True)
    threads = "1" if film.facts.video.hdr else _THREADS  # its pictures are large: 4 bytes a sample
    command = [*beginning(film, seek=seek), "-filter_complex_threads", threads]
    command += ["-filter_complex", _video_graph(film, renditions, piece)]
    cuts = [piece.start_ms + SEGMENT_MS * n for n in range(1, len(piece.durations_ms))]
    for rendition in renditions:
        command += ["-map", f"[{rendition.name}]", *_x264(rendition)]
        command += ["-force_key_frames", times(cuts)] if cuts else []
        told = TOLD if rendition is renditions[-1] else ()
        where = (*AT_KEY_FRAMES, *told)
        command += _segments(folder, rendition.name, piece.first_segment, where)
    return command


def audio_command(film: Film, track: AudioTrack, folder: Path, segments: int) -> list[str]:
    """Transcode a sound track, from the first frame of the picture to its last."""
    start = f"({LEAD_SECONDS}-{film.facts.start_ticks}/{TICKS})"
    first = LEAD_SECONDS * SAMPLE_RATE
    end = first + film.facts.duration_ms * SAMPLE_RATE // 1000
    graph = (
        f"[0:a:{track.index}]asetpts=PTS+{start}/TB,"
        f"aresample={SAMPLE_RATE}:async=1:first_pts={first},"
        f"aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=end_pts={end}[sound]"
    )
    # ffmpeg counts from the first packet, which an encoder of AAC puts before the first sample.
    cuts = [SEGMENT_MS * n / 1000 + AAC_SAMPLES / SAMPLE_RATE for n in range(1, segments)]
    where = ["-segment_times", ",".join(f"{cut:.6f}" for cut in cuts)] if cuts else WHOLE
    return [
        *beginning(film),
        *("-filter_complex", graph, "-map", "[sound]"),
        *("-c:a", "aac", "-b:a", f"{AUDIO_KILOBITS}k"),
        *_segments(folder, f"audio-{track.index}", 0, [*where, *TOLD]),
    ]


def beginning(film: Film, *, seek: float = 0) -> list[str]:
    """Open the film as what it is and nothing else; its own timestamps are kept."""
    return [
        *(FFMPEG, "-nostdin", "-hide_banner", "-v", "error", "-copyts"),
        *("-noaccurate_seek", "-ss", f"{seek:.3f}") * (seek > 0),
        *("-threads", _THREADS, "-noautorotate"),
        *(*input_options(film.facts.demuxer), "-i", f"file:{film.path}"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
    ]


def input_options(demuxer: str) -> list[str]:
    """Name what a file is, and let it lead nowhere else."""
    return ["-protocol_whitelist", "file", "-f", demuxer]


def times(milliseconds: Sequence[int]) -> str:
    """Write instants of the film as ffmpeg meets them."""
    return ",".join(f"{each / 1000 + LEAD_SECONDS:.3f}" for each in milliseconds)


def segment_file(folder: Path, name: str, number: int) -> Path:
    """Tell where a segment is written."""
    return folder / (SEGMENT_NAME.format(name=name) % number)


def _video_graph(film: Film, renditions: Sequence[Rendition], piece: Piece) -> str:
    """Pick the frames of a piece by whole ticks, so that each is in exactly one piece."""
    video = film.facts.video
    lead = LEAD_SECONDS * TICKS
    start = lead + piece.start_ms * TICKS // 1000
    ends = "" if piece.is_last else f":end_pts={start + piece.length_ms * TICKS // 1000}"
    begins = f"start_pts={start - (piece.number == 0)}"
    beat = ""
    if needs_beat(video):
        first = start / TICKS
        beat = f"fps={rate_of(video)}:start_time={first},settb=1/{TICKS},"
    timed = f"settb=1/{TICKS},setpts=PTS+{lead - film.facts.start_ticks},{beat}trim={begins}{ends}"
    return f"[0:v:{video.index}]{timed},{_upright(video)}{_scaled(video, renditions)}"


def _upright(video: VideoFacts) -> str:
    still = "bwdif=mode=send_frame:deint=interlaced," if video.interlaced else ""
    return still + _TURNS[video.rotation]


def _scaled(video: VideoFacts, renditions: Sequence[Rendition]) -> str:
    """Make the largest picture from the film, and each smaller one from the one above it."""
    light = f",{_TO_ORDINARY_LIGHT}" if video.hdr else ""
    graph, source = "", ""
    for rendition in reversed(renditions):
        size = f"scale={rendition.width}:{rendition.height}:flags=bicubic:out_range=tv"
        graph += f"{source}{size}{light},setsar=1,format=yuv420p"
        light = ""
        if rendition is renditions[0]:
            return f"{graph}[{rendition.name}]"
        source = f"[below-{rendition.name}]"
        graph += f",split[{rendition.name}]{source};"
    return graph


def _x264(rendition: Rendition) -> list[str]:
    rate = rendition.frame_rate
    return [
        *("-c:v", "libx264", "-preset", PRESET, "-threads", _THREADS),
        *("-profile:v", "high", "-level:v", f"{rendition.level / 10:.1f}"),
        *("-crf", "22", "-maxrate", f"{rendition.max_kilobits}k"),
        *("-bufsize", f"{rendition.max_kilobits}k"),
        # Key frames where segments begin and nowhere else; each frame at its own time
        *("-g", NEVER, "-keyint_min", NEVER, "-forced-idr", "1", "-fps_mode", "passthrough"),
        *("-enc_time_base", f"1:{TICKS}", "-x264-params", f"fps={rate}"),
    ]


def _segments(folder: Path, name: str, first: int, where: Sequence[str]) -> list[str]:
    return [
        *("-f", "segment", "-segment_format", "mpegts", "-segment_start_number", str(first)),
        *("-segment_format_options", "mpegts_copyts=1", *where),
        *("-muxdelay", "0", "-muxpreload", "0", "-avoid_negative_ts", "disabled"),
        str(folder / SEGMENT_NAME.format(name=name)),
    ]


def poster_command(
    film: Film, at_ms: int, size: tuple[int, int], target: Path, *, bright: bool
) -> list[str]:
    """Take the frame most like its neighbours; `bright`: of those that are not nearly black."""
    video = film.facts.video
    seen = "metadata=mode=select:key=lavfi.signalstats.YAVG:value=24:function=greater"
    lit = f"signalstats,{seen}," if bright else ""
    graph = f"[0:v:{video.index}]trim=duration=20,{_still(video, size)},{lit}thumbnail=50[still]"
    begun = [*beginning(film, seek=_seek(film, at_ms)), "-filter_complex", graph, "-map", "[still]"]
    return [*begun, *_jpeg(), str(target)]


def tile_command(
    film: Film, at_ms: int, size: tuple[int, int], target: Path, *, exact: bool
) -> list[str]:
    """Take the frame of an instant, or the key frame before it."""
    video = film.facts.video
    from_start = f"trim=start_pts={film.facts.start_ticks * 1000 // TICKS + at_ms},"
    picked = f"settb=1/1000,{from_start}" if exact else ""
    graph = f"[0:v:{video.index}]{picked}{_still(video, size)}[still]"
    seek = _seek(film, at_ms, exact=exact)
    begun = [*beginning(film, seek=seek), "-filter_complex", graph, "-map", "[still]"]
    return [*begun, "-frames:v", "1", "-f", "image2", "-update", "1", str(target)]


def sprite_command(tiles: Path, columns: int, rows: int, target: Path) -> list[str]:
    """Lay tiles out, row after row."""
    return [
        *(FFMPEG, "-nostdin", "-hide_banner", "-v", "error"),
        *("-protocol_whitelist", "file", "-f", "image2", "-i", str(tiles)),
        *("-vf", f"tile={columns}x{rows},{_FULL_RANGE}", *_jpeg(), str(target)),
    ]


def subtitles_command(film: Film, targets: Mapping[int, Path]) -> list[str]:
    """Write tracks of text as WebVTT, on the film's own time."""
    command = [
        *(FFMPEG, "-nostdin", "-hide_banner", "-v", "error", "-copyts"),
        *("-itsoffset", f"{-film.facts.start_ticks / TICKS:.6f}"),
        *(*input_options(film.facts.demuxer), "-i", f"file:{film.path}"),
    ]
    for index, target in targets.items():
        command += ["-map", f"0:s:{index}", "-c:s", "webvtt", "-f", "webvtt", str(target)]
    return command


def _seek(film: Film, at_ms: int, *, exact: bool = False) -> float:
    """Give where to begin, so that there is a key frame before an instant, or at it."""
    run_up = _RUN_UP_SECONDS.get(film.facts.demuxer)
    if run_up is None:
        run_up = _LONG_RUN_UP_SECONDS
    elif not exact:
        run_up = 0
    return max(0.0, at_ms / 1000 - run_up)


def _still(video: VideoFacts, size: tuple[int, int]) -> str:
    light = f",{_TO_ORDINARY_LIGHT}" if video.hdr else ""
    return f"{_upright(video)}scale={size[0]}:{size[1]}{light},setsar=1,{_FULL_RANGE}"


def _jpeg() -> list[str]:
    return ["-frames:v", "1", "-q:v", "4", "-f", "image2", "-update", "1"]
