"""Why a film is not taken, and what else can go wrong."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a file is refused; each comes with a sentence for the seller."""

    NOT_AS_DECLARED = "not_as_declared"
    NO_VIDEO = "no_video"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    NO_DURATION = "no_duration"
    TOO_LONG = "too_long"
    TOO_LARGE_A_PICTURE = "too_large_a_picture"
    TOO_MANY_TRACKS = "too_many_tracks"
    TRACKS_DISAGREE = "tracks_disagree"
    UNKNOWN_CODEC = "unknown_codec"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_SLOW = "too_slow"
    TEXT_UNREADABLE = "text_unreadable"
    TEXT_TOO_LARGE = "text_too_large"


class MediaError(Exception):
    """A film could not be worked on."""


class MediaRefusedError(MediaError):
    """The file is at fault: trying again is no use. `str()` is the sentence for the seller."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class MediaFailedError(MediaError):
    """We are at fault (a full disk, no isolation to be had): trying again later may do."""
