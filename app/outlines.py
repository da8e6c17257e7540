"""Text as outlines: shaped by HarfBuzz, in any script, for pictures that bring no fonts along."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

import uharfbuzz
from fpdf.bidi import BidiParagraph

from app.fonts import REGULAR, Family, face_of, family_of, writable
from app.lettering import fit

# Outlines are given in thousandths of the height of the letters.
EM = 1000
# Seen on a moving picture, thin letters are lost.
WEIGHT = {"wght": 600}


@dataclass(frozen=True, slots=True)
class Outline:
    """A line of text: the `d` of an SVG path that begins at the base line's left end."""

    path: str
    width: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Letters of one direction and one font, in the order they are read in."""

    text: str
    is_rtl: bool
    family: Family


@lru_cache(maxsize=1024)
def outline_of(text: str) -> Outline:
    """Draw a line of text as it is read: joined where its script joins, from whichever side."""
    pen = _Pen()
    for run in _runs(writable(fit(text))):
        _draw(run, pen)
    return Outline("".join(pen.written), pen.x)


def _runs(text: str) -> Iterator[_Run]:
    """Cut a line into runs, from left to right as they are seen."""
    seen = BidiParagraph(text, preserve_bn_chars=True).get_reordered_characters()
    for is_rtl, group in groupby(seen, key=lambda found: bool(found.embedding_level % 2)):
        letters = [found.character for found in group]
        runs = list(_of_one_font("".join(letters[::-1] if is_rtl else letters), is_rtl=is_rtl))
        yield from reversed(runs) if is_rtl else runs


def _of_one_font(text: str, *, is_rtl: bool) -> Iterator[_Run]:
    found: list[tuple[Family | None, str]] = []
    family: Family | None = None
    for letter in text:
        # A mark or a space stays with what it follows.
        family = family_of(letter, family if not letter.isalnum() else None)
        found.append((family, letter))
    for one, group in groupby(found, key=lambda pair: pair[0]):
        if one is not None:
            yield _Run("".join(letter for _, letter in group), is_rtl, one)


def _draw(run: _Run, pen: "_Pen") -> None:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.is_rtl else "ltr"
    font = _font(run.family)
    uharfbuzz.shape(font, buffer)
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        pen.offset = (pen.x + position.x_offset, position.y_offset)
        font.draw_glyph(info.codepoint, _draws(), pen)
        pen.x += position.x_advance


@cache
def _font(family: Family) -> uharfbuzz.Font:
    font = uharfbuzz.Font(face_of(family)[0])
    font.scale = (EM, EM)
    font.set_variations(dict(REGULAR) | WEIGHT)
    return font


class _Pen:
    """Writes the outlines of glyphs, each from where it stands."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.x = 0.0
        self.offset = (0.0, 0.0)

    def write(self, command: str, *points: float) -> None:
        """Write a command and its points: SVG counts downwards."""
        left, up = self.offset
        pairs = zip(points[::2], points[1::2], strict=True)
        self.written.append(command + " ".join(f"{left + x:.0f} {-(up + y):.0f}" for x, y in pairs))


@cache
def _draws() -> uharfbuzz.DrawFuncs:
    draws = uharfbuzz.DrawFuncs()
    draws.set_move_to_func(lambda x, y, pen: pen.write("M", x, y))
    draws.set_line_to_func(lambda x, y, pen: pen.write("L", x, y))
    draws.set_quadratic_to_func(lambda *given: given[-1].write("Q", *given[:-1]))
    draws.set_cubic_to_func(lambda *given: given[-1].write("C", *given[:-1]))
    draws.set_close_path_func(lambda pen: pen.written.append("Z"))
    return draws
