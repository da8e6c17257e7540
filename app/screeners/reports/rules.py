"""The arithmetic of reports: unions of what was watched, and the curve of who was still there.

Pure. Places are whole milliseconds of the film; intervals have their end outside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from itertools import accumulate

# Points of a curve: a film of two hours has one for 36 seconds
MOST_POINTS = 200
SHORTEST_POINT_MS = 1000
# Who saw so much saw the film: the rest is credits
COMPLETE = 0.9
# What sellers are shown of an address: a house or a company, not a desk
PREFIXES = {4: 24, 6: 48}

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watched: a person, or whoever has a link."""

    person_id: int | None
    # Of a link alone: each is another recipient
    grant_id: int | None
    name: str
    organisation_id: int | None = None
    organisation: str | None = None
    organisation_country: str | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """A viewing, as the ledger tells it."""

    viewer: Viewer
    opened_at: datetime
    last_seen_at: datetime
    duration: int
    # Sorted, without overlap
    seen: tuple[Interval, ...] = ()
    # As often as it was watched
    watched: int = 0
    # Where they went back to
    rewinds: tuple[int, ...] = ()
    # How often they went ahead
    skips: int = 0
    tamperings: int = 0
    countries: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Tell how much of the film they saw, from 0 to 1."""
        return length_of(self.seen) / self.duration

    @property
    def is_complete(self) -> bool:
        """Tell whether they saw the film."""
        return self.share >= COMPLETE


@dataclass(frozen=True, slots=True)
class ViewerLine:
    """All that one viewer watched."""

    viewer: Viewer
    first_at: datetime
    last_at: datetime
    viewings: int
    completions: int
    watched: int
    # Of the film, in all their viewings together
    share: float
    furthest: float
    rewinds: int
    skips: int
    tamperings: int
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of the film: the share of viewings that saw it, how often one went back to it."""

    begins: float
    seen: float
    rewinds: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told of a title's viewings."""

    title_id: int
    title: str
    # Of the film; None where its screeners have different lengths, or nobody watched
    duration: int | None
    viewings: int
    completions: int
    watched: int
    mean_share: float
    lines: list[ViewerLine]
    curve: list[Point]


def report_of(title_id: int, title: str, sittings: Sequence[Sitting]) -> Report:
    """Make a report of all its viewings."""
    durations = {sitting.duration for sitting in sittings}
    return Report(
        title_id,
        title,
        durations.pop() if len(durations) == 1 else None,
        len(sittings),
        sum(sitting.is_complete for sitting in sittings),
        sum(sitting.watched for sitting in sittings),
        sum(sitting.share for sitting in sittings) / max(1, len(sittings)),
        lines_of(sittings),
        curve_of(sittings, point_count(sitting.duration for sitting in sittings)),
    )


def united(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Join intervals that overlap or touch; give them in their order."""
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        elif low < high:
            found.append((low, high))
    return tuple(found)


def length_of(intervals: Iterable[Interval]) -> int:
    """Add up intervals that do not overlap."""
    return sum(high - low for low, high in intervals)


def lines_of(sittings: Iterable[Sitting]) -> list[ViewerLine]:
    """Give each viewer's line, the one who watched last first."""
    by_viewer: dict[tuple[int | None, int | None], list[Sitting]] = {}
    for sitting in sittings:
        key = (sitting.viewer.person_id, sitting.viewer.grant_id)
        by_viewer.setdefault(key, []).append(sitting)
    lines = map(_line, by_viewer.values())
    return sorted(lines, key=lambda line: line.last_at, reverse=True)


def _line(sittings: Sequence[Sitting]) -> ViewerLine:
    shares: dict[int, list[Interval]] = {}
    for sitting in sittings:
        # Cuts of other lengths are other films: what was seen of them is not put together.
        shares.setdefault(sitting.duration, []).extend(sitting.seen)
    return ViewerLine(
        sittings[-1].viewer,
        min(sitting.opened_at for sitting in sittings),
        max(sitting.last_seen_at for sitting in sittings),
        len(sittings),
        sum(sitting.is_complete for sitting in sittings),
        sum(sitting.watched for sitting in sittings),
        max(length_of(united(seen)) / duration for duration, seen in shares.items()),
        max(
            (seen[-1][1] / sitting.duration for sitting in sittings if (seen := sitting.seen)),
            default=0.0,
        ),
        sum(len(sitting.rewinds) for sitting in sittings),
        sum(sitting.skips for sitting in sittings),
        sum(sitting.tamperings for sitting in sittings),
        tuple(sorted({country for sitting in sittings for country in sitting.countries})),
    )


def point_count(durations: Iterable[int]) -> int:
    """Choose how many points a curve has: few enough to read, none shorter than a second."""
    shortest = min(durations, default=SHORTEST_POINT_MS)
    return max(1, min(MOST_POINTS, shortest // SHORTEST_POINT_MS))


def curve_of(sittings: Sequence[Sitting], points: int) -> list[Point]:
    """Cut the film into so many stretches, and tell of each what share of viewings saw it.

    Who saw half of a stretch counts for half a viewing there.
    """
    partly = [0.0] * points
    # Where runs of whole stretches begin and end: their sum from the left counts the runs there
    whole = [0] * (points + 1)
    rewinds = [0] * points
    for sitting in sittings:
        duration = sitting.duration
        for low, high in sitting.seen:
            _add(partly, whole, low * points, high * points, duration)
        for place in sitting.rewinds:
            rewinds[min(place * points // duration, points - 1)] += 1
    counts = list(accumulate(whole))
    among = max(1, len(sittings))
    return [
        Point(at / points, min(1.0, (counts[at] + partly[at]) / among), rewinds[at])
        for at in range(points)
    ]


def _add(partly: list[float], whole: list[int], low: int, high: int, width: int) -> None:
    """Add an interval to the stretches it lies in, of which each is `width` wide."""
    first, last = low // width, (high - 1) // width
    if first == last:
        partly[first] += (high - low) / width
        return
    partly[first] += ((first + 1) * width - low) / width
    partly[last] += (high - last * width) / width
    whole[first + 1] += 1
    whole[last] -= 1


def coarse_address(address: str) -> str:
    """Give the network an address is of, /24 or /48; nothing for what is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    network = ip_network(
        f"{found.compressed.partition('%')[0]}/{PREFIXES[found.version]}", strict=False
    )
    return str(network)


def shown(data: Mapping[str, object]) -> dict[str, object]:
    """Give what sellers read of an entry's data: no whole address, and no one's device."""
    told = {name: value for name, value in data.items() if name != "user_agent"}
    if isinstance(address := told.get("address"), str):
        told["address"] = coarse_address(address)
    return told
