"""What of a player's word is believed: it lies in the film, and in the time that passed.

A player may say what it likes. Nobody watches more of a film than twice the time that passed since
the viewing was opened: what is said beyond is written down as said, marked `implausible`, and no
report counts it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# Film to time: players go no faster
MAX_RATE = 2
# Clocks differ, and answers are late
SLACK = timedelta(seconds=15)
# Of the time that passed without a word, so much may be made up for: a network was away
LONGEST_SILENCE = timedelta(minutes=30)
# Players round the end of a film up; beyond this they speak of another
TOLERANCE_MILLISECONDS = 5000

WATCHED = "watched"
OUTSIDE = "outside_the_film"
TOO_FAST = "faster_than_time"


@dataclass(frozen=True, slots=True)
class Beat:
    """What a player says happened; places are milliseconds of the film."""

    # A `LedgerKind`
    kind: str
    from_milliseconds: int | None = None
    to_milliseconds: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """One request: whose, and what it says."""

    viewing_id: int
    token_hash: bytes
    sequence: int
    beats: tuple[Beat, ...]
    position_milliseconds: int | None


@dataclass(frozen=True, slots=True)
class Accounted:
    """What of it is written down, and what it adds up to."""

    beats: tuple[Beat, ...]
    # Up to when the time that passed has been spent on watching
    spent_until: datetime
    watched_milliseconds: int


def account(
    beats: Sequence[Beat], duration_milliseconds: int, spent_until: datetime, now: datetime
) -> Accounted:
    """Hold beats to the film, and to the time that passed since `spent_until`."""
    written: list[Beat] = []
    spent_until = max(spent_until, now - LONGEST_SILENCE)
    watched = 0
    for beat in beats:
        fitted = _within(beat, duration_milliseconds)
        if fitted.kind == WATCHED and not fitted.data:
            length = length_of(fitted)
            spent = spent_until + timedelta(milliseconds=length) / MAX_RATE
            if spent > now + SLACK:
                fitted = _implausible(fitted, TOO_FAST)
            else:
                spent_until, watched = spent, watched + length
        written.append(fitted)
    return Accounted(tuple(written), spent_until, watched)


def length_of(beat: Beat) -> int:
    """Give how much of the film a beat is about."""
    return (beat.to_milliseconds or 0) - (beat.from_milliseconds or 0)


def position_of(stated: int | None, beats: Iterable[Beat], duration: int) -> int | None:
    """Tell where in the film they are, as far as it was said; never beyond its end."""
    said = [
        place
        for beat in beats
        for place in (beat.from_milliseconds, beat.to_milliseconds)
        if place is not None
    ]
    if stated is None:
        stated = said[-1] if said else None
    return None if stated is None else min(stated, duration)


def _within(beat: Beat, duration: int) -> Beat:
    places = [
        place for place in (beat.from_milliseconds, beat.to_milliseconds) if place is not None
    ]
    if max(places, default=0) <= duration:
        return beat
    fitted = Beat(
        beat.kind,
        _at_most(beat.from_milliseconds, duration),
        _at_most(beat.to_milliseconds, duration),
        beat.data,
    )
    if max(places) <= duration + TOLERANCE_MILLISECONDS:
        return fitted
    return _implausible(
        fitted, OUTSIDE, said_from=beat.from_milliseconds, said_to=beat.to_milliseconds
    )


def _at_most(place: int | None, most: int) -> int | None:
    return None if place is None else min(place, most)


def _implausible(beat: Beat, why: str, **data: Any) -> Beat:  # noqa: ANN401  # JSON
    marked = beat.data | {"implausible": why} | data
    return Beat(beat.kind, beat.from_milliseconds, beat.to_milliseconds, marked)
