"""What text needs to be drawn: nothing that XML or a page has no place for, and room."""

import re
import unicodedata

# How wide letters are, to their height: most of them, capital ones, and Chinese ones
_LETTER, _CAPITAL, _WIDE = 0.56, 0.7, 1.0
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(text: str) -> str:
    """Leave out what XML has no place for."""
    return _UNFIT.sub(" ", text)


def shortened(text: str, size: float, room: float) -> str:
    """Cut what has no room at a size, and end it in an ellipsis."""
    if width(text, size) <= room:
        return text
    while text and width(text, size) + size > room:
        text = text[:-1]
    return f"{text}…"


def width(text: str, size: float) -> float:
    """Tell, roughly, how wide a text is at a size."""
    return size * sum(map(_width_of, text))


def number(value: float) -> str:
    """Write a length."""
    return f"{value:.2f}"


def _width_of(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return _CAPITAL if letter.isupper() else _LETTER
