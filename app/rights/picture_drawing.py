"""The picture of an availability as SVG: a page of A4, landscape, in millimetres.

No script, no style sheet, nothing from elsewhere: it may be shown, printed and mailed as it is.
What is drawn is said in words in its `<desc>`, and of each row in its `<title>`.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from app.lettering import fit, number, shortened
from app.lettering import width as width_of
from app.rights.picture import Panel, Picture, Row
from app.rights.picture_axis import marks_of
from app.rights.picture_patterns import define, fill_of
from app.rights.picture_words import (
    WORDS,
    heading_of,
    notes_of,
    sentence_of,
    sentences_of,
    summary_of,
    territories_of,
)
from app.rights.rules.boxes import Term
from app.trees import MEDIA, TERRITORIES

WIDTH, HEIGHT = 297.0, 210.0
MARGIN = 10.0
# Where the bars begin and end, and the lines of panels and rows
LEFT, RIGHT = 74.0, WIDTH - MARGIN
TOP, BOTTOM = 47.0, HEIGHT - MARGIN
TALLEST_LINE = 6.5
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class Named(NamedTuple):
    """What is called how: the title, and the territories by their codes, in their languages."""

    title: str
    title_language: str
    territories: Mapping[str, str]
    language: str


def svg_of(picture: Picture, named: Named, today: date) -> bytes:
    """Draw a picture; the same one on the same day gives the same bytes."""
    page = _Page(picture, named)
    page.head(today)
    page.legend()
    page.panels()
    written: bytes = tostring(page.drawing, encoding="utf-8", xml_declaration=True)
    return written


class _Page:
    def __init__(self, picture: Picture, named: Named) -> None:
        self.picture = picture
        self.named = named
        lines = sum(len(panel.rows) + 1 for panel in picture.panels)
        self.line = min(TALLEST_LINE, (BOTTOM - TOP) / lines)
        self.letter = min(3.0, 0.72 * self.line)
        about = {"role": "img", "aria-labelledby": "title desc", _LANGUAGE: "en"}
        size = {"width": f"{WIDTH:g}mm", "height": f"{HEIGHT:g}mm"}
        size |= {"viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}", "font-family": "sans-serif"}
        space = {"xmlns": "http://www.w3.org/2000/svg"}
        self.drawing = Element("svg", space | size | about | _days_of(picture.term))

    def head(self, today: date) -> None:
        """Name it, in words to read and in the words of those who can't see it."""
        name = f"Availability: {fit(self.named.title)}"
        summary = [summary_of(self.picture, today), *notes_of(self.picture)]
        SubElement(self.drawing, "title", {"id": "title"}).text = name
        said = [*summary, *sentences_of(self.picture, self.named.territories)]
        SubElement(self.drawing, "desc", {"id": "desc"}).text = "\n".join(said)
        define(self.drawing, self.picture.kinds)
        SubElement(self.drawing, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        heading = self._text(MARGIN, 16, name, 5, weight="bold", room=WIDTH - 2 * MARGIN)
        heading.set(_LANGUAGE, self.named.title_language)
        for place, line in enumerate(summary):
            self._text(MARGIN, 21.5 + 3.5 * place, line, 2.8, room=WIDTH - 2 * MARGIN)

    def legend(self) -> None:
        """Say what the patterns mean."""
        x, y, size = MARGIN, 34.0, 2.8
        legend = SubElement(self.drawing, "g", {"class": "legend"})
        for kind in self.picture.kinds:
            room = 8 + width_of(WORDS[kind], size) + 4
            if x + room > RIGHT:
                x, y = MARGIN, y + 4
            self._bar(legend, x, y - 2.6, 6, 3.2, {"fill": fill_of(kind)})
            self._text(x + 7.5, y, WORDS[kind], size, within=legend)
            x += room

    def panels(self) -> None:
        """Draw the years, and under them every panel."""
        y = TOP
        bars = Element("g", {"class": "panels"})
        for panel in self.picture.panels:
            group = SubElement(bars, "g", {"data-media": " ".join(MEDIA.write(panel.media))})
            label = heading_of(panel)
            y += self.line
            heading = self._text(
                MARGIN, y - 0.3 * self.line, label, self.letter, weight="bold", within=group
            )
            # The lines of the years make room for it.
            heading.attrib |= {"stroke": "#ffffff", "stroke-width": "1", "paint-order": "stroke"}
            for row in panel.rows:
                self._row(group, y, row, panel)
                y += self.line
        self._axis(y)
        self.drawing.append(bars)

    def _row(self, panel: Element, y: float, row: Row, drawn: Panel) -> None:
        names = self.named.territories
        codes = " ".join(TERRITORIES.write(row.territories))
        group = SubElement(panel, "g", {"data-territories": codes})
        words = sentence_of(row, drawn, self.picture, names)
        SubElement(group, "title").text = words
        label = territories_of(row, names)
        base = y + 0.7 * self.line
        text = self._text(
            MARGIN + 2, base, label, self.letter, within=group, room=LEFT - MARGIN - 4
        )
        text.set(_LANGUAGE, self.named.language)
        for run in row.runs:
            x, end = self._x(run.term.low), self._x(run.term.high)
            told = {"fill": fill_of(run.kind), "data-kind": str(run.kind), **_days_of(run.term)}
            self._bar(group, x, y + 0.1 * self.line, end - x, 0.8 * self.line, told)

    def _axis(self, bottom: float) -> None:
        axis = SubElement(self.drawing, "g", {"class": "axis", "stroke": "#9a9a9a"})
        room_until = 0.0
        for mark in marks_of(self.picture.term):
            x = self._x(mark.day)
            width = "0.3" if mark.is_year else "0.1"
            line = {"x1": number(x), "x2": number(x), "stroke-width": width}
            SubElement(axis, "line", line | {"y1": f"{TOP - 2:g}", "y2": number(bottom)})
            size = 2.8 if mark.is_year else 2.0
            if x >= room_until:
                label = self._text(x, TOP - 2.8, mark.label, size, within=axis)
                label.set("stroke", "none")
                room_until = x + width_of(mark.label, size) + 1

    def _x(self, day: int) -> float:
        term = self.picture.term
        return LEFT + (RIGHT - LEFT) * (day - term.low) / term.days

    def _bar(
        self, within: Element, x: float, y: float, width: float, height: float, told: dict[str, str]
    ) -> None:
        place = {"x": number(x), "y": number(y)}
        place |= {"width": number(width), "height": number(height)}
        SubElement(within, "rect", place | {"stroke": "#444444", "stroke-width": "0.12"} | told)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        weight: str = "normal",
        within: Element | None = None,
        room: float | None = None,
    ) -> Element:
        """Write a line; what has no room ends in an ellipsis, and is said whole in words."""
        written = SubElement(
            self.drawing if within is None else within,
            "text",
            {"x": number(x), "y": number(y), "font-size": number(size), "font-weight": weight},
        )
        written.text = shortened(text, size, room) if room else text
        return written


def _days_of(term: Term) -> dict[str, str]:
    days = {"data-from": str(term.start)}
    return days | ({"data-until": str(term.until)} if term.until else {})
