"""A report as SVG: a page of A4, landscape, in millimetres.

Above, how many viewings saw each stretch of the film; below, how often somebody went back to it.
No script, no style sheet, nothing from elsewhere. What is drawn is said in words in its `<desc>`.
"""

from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from app.lettering import fit, number, shortened
from app.screeners.reports.rules import Report
from app.screeners.reports.words import clock, place, sentences_of, summary_of

WIDTH, HEIGHT, MARGIN = 297.0, 210.0, 14.0
# The curve, and the bars below it
LEFT, RIGHT = 30.0, WIDTH - MARGIN
TOP, FLOOR = 48.0, 138.0
BARS_TOP, BARS_FLOOR = 156.0, 184.0
INK, FAINT, LINES = "#1a1a1a", "#595959", "#d5d5d5"
# Of Okabe and Ito's palette, told apart by any eyes, and in grey by where they stand
BLUE, PALE, ORANGE = "#0072b2", "#cfe4f3", "#b34d00"
# Minutes between the marks of the axis
STEPS = (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
MOST_MARKS = 10
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def svg_of(report: Report, now: datetime) -> bytes:
    """Draw a report."""
    page = _Page(report)
    page.head(now)
    page.grid()
    page.curve()
    page.rewinds()
    page.axis()
    written: bytes = tostring(page.drawing, encoding="utf-8", xml_declaration=True)
    return written


class _Page:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.drawing = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": f"{WIDTH:g}mm",
                "height": f"{HEIGHT:g}mm",
                "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}",
                "font-family": "sans-serif",
                "role": "img",
                "aria-labelledby": "title desc",
                _LANGUAGE: "en",
            },
        )

    def head(self, now: datetime) -> None:
        """Name it, in words to read and in the words of those who can't see it."""
        name = f"Who watched: {fit(self.report.title)}"
        summary = summary_of(self.report)
        SubElement(self.drawing, "title", {"id": "title"}).text = name
        said = [summary, *sentences_of(self.report)]
        SubElement(self.drawing, "desc", {"id": "desc"}).text = "\n".join(said)
        SubElement(self.drawing, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        self._text(MARGIN, 19, name, 6, weight="bold", room=WIDTH - 2 * MARGIN)
        self._text(MARGIN, 27, summary, 3.6, room=WIDTH - 2 * MARGIN)
        as_of = f"As of {now:%Y-%m-%d %H:%M} UTC, from the ledger of viewings."
        self._text(MARGIN, 32.5, as_of, 3, fill=FAINT)
        self._text(LEFT, TOP - 4, "Share of viewings that saw it", 3.4, weight="bold")

    def grid(self) -> None:
        """Draw the lines that the curve is read by."""
        grid = SubElement(self.drawing, "g", {"class": "grid"})
        for quarter in range(5):
            y = self._y(quarter / 4)
            self._line(grid, LEFT, y, RIGHT, y, LINES)
            self._text(LEFT - 2, y + 1.1, f"{25 * quarter} %", 3, anchor="end", fill=FAINT)

    def curve(self) -> None:
        """Draw who was still there: an area, and its edge."""
        points = self.report.curve
        steps = [(self._x(point.begins), self._y(point.seen)) for point in points]
        ends = [x for x, _ in steps[1:]] + [RIGHT]
        path = " ".join(
            f"L{number(x)} {number(y)}L{number(end)} {number(y)}"
            for (x, y), end in zip(steps, ends, strict=True)
        )
        first = steps[0][1]
        area = f"M{number(LEFT)} {number(FLOOR)}{path}L{number(RIGHT)} {number(FLOOR)}Z"
        edge = f"M{number(LEFT)} {number(first)}{path}"
        group = SubElement(self.drawing, "g", {"class": "curve"})
        SubElement(group, "path", {"d": area, "fill": PALE, "fill-opacity": "0.75"})
        line = {"fill": "none", "stroke": BLUE, "stroke-width": "0.7", "stroke-linejoin": "round"}
        SubElement(group, "path", {"d": edge} | line)
        self._line(group, LEFT, FLOOR, RIGHT, FLOOR, INK)
        for point, end in zip(points, ends, strict=True):
            self._hover(group, self._x(point.begins), end, TOP, FLOOR, self._told(point.begins))

    def rewinds(self) -> None:
        """Draw what was gone back to."""
        points = self.report.curve
        most = max(point.rewinds for point in points)
        group = SubElement(self.drawing, "g", {"class": "rewinds"})
        heading = "How often somebody went back to it" + ("" if most else ": never")
        self._text(LEFT, BARS_TOP - 4, heading, 3.4, weight="bold")
        width = (RIGHT - LEFT) / len(points)
        for point in points:
            if point.rewinds:
                height = (BARS_FLOOR - BARS_TOP) * point.rewinds / most
                bar = {
                    "x": number(self._x(point.begins)),
                    "y": number(BARS_FLOOR - height),
                    "width": number(max(0.4, 0.85 * width)),
                    "height": number(height),
                    "fill": ORANGE,
                    "data-rewinds": str(point.rewinds),
                }
                drawn = SubElement(group, "rect", bar)
                SubElement(drawn, "title").text = self._told(point.begins)
        self._line(group, LEFT, BARS_FLOOR, RIGHT, BARS_FLOOR, INK)
        if most:
            self._text(LEFT - 2, BARS_TOP + 1.1, f"{most:,}", 3, anchor="end", fill=FAINT)
            self._text(LEFT - 2, BARS_FLOOR + 1.1, "0", 3, anchor="end", fill=FAINT)

    def axis(self) -> None:
        """Say which place of the film is where."""
        axis = SubElement(self.drawing, "g", {"class": "axis"})
        for share, label in self._marks():
            x = self._x(share)
            for floor in (FLOOR, BARS_FLOOR):
                self._line(axis, x, floor, x, floor + 1.5, INK)
                anchor = "end" if share >= 1 else "middle"
                self._text(x, floor + 5, label, 3, within=axis, anchor=anchor, fill=FAINT)
        what = "Time in the film" if self.report.duration else "Share of the film"
        self._text(RIGHT, HEIGHT - 12, what, 3, anchor="end", fill=FAINT)

    def _marks(self) -> list[tuple[float, str]]:
        if self.report.duration is None:
            return [(tenth / 10, f"{10 * tenth} %") for tenth in range(11)]
        minutes = self.report.duration / 60_000
        step = next((step for step in STEPS if minutes / step <= MOST_MARKS), STEPS[-1])
        count = int(minutes / step)
        return [(at * step / minutes, clock(at * step * 60_000)) for at in range(count + 1)]

    def _told(self, begins: float) -> str:
        point = self.report.curve[round(begins * len(self.report.curve))]
        told = f"{place(self.report, begins)}: seen by {100 * point.seen:.0f} % of viewings"
        return f"{told}, gone back to {point.rewinds:,} times" if point.rewinds else told

    @staticmethod
    def _x(share: float) -> float:
        return LEFT + (RIGHT - LEFT) * share

    @staticmethod
    def _y(share: float) -> float:
        return FLOOR - (FLOOR - TOP) * share

    @staticmethod
    def _hover(within: Element, x: float, end: float, top: float, floor: float, told: str) -> None:
        """Tell what stands here to whoever points at it."""
        place_ = {"x": number(x), "y": number(top), "fill": "#ffffff", "fill-opacity": "0"}
        size = {"width": number(end - x), "height": number(floor - top)}
        SubElement(SubElement(within, "rect", place_ | size), "title").text = told

    @staticmethod
    def _line(within: Element, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        ends = {"x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2)}
        SubElement(within, "line", ends | {"stroke": colour, "stroke-width": "0.25"})

    def _text(  # noqa: PLR0913  # each is an attribute
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        weight: str = "normal",
        anchor: str = "start",
        fill: str = INK,
        within: Element | None = None,
        room: float | None = None,
    ) -> None:
        """Write a line; what has no room ends in an ellipsis, and is said whole in words."""
        said = {
            "x": number(x),
            "y": number(y),
            "font-size": number(size),
            "font-weight": weight,
            "text-anchor": anchor,
            "fill": fill,
        }
        written = SubElement(self.drawing if within is None else within, "text", said)
        written.text = shortened(text, size, room) if room else text
