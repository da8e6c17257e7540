"""The grid of a day as SVG: places × slots, in as large a picture as they need.

No script, no style sheet, nothing from elsewhere. What is drawn is said in words, too: of the whole
in its `<desc>`, of each row and of whatever is held in a `<title>`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from app.lettering import fit, number, shortened

Json = Mapping[str, Any]
LEFT, TOP = 190.0, 56.0
COLUMN, ROW = 110.0, 26.0
LARGE, SMALL = 16.0, 9.0
# What it is, by its look and by a sign
LOOKS = {
    "scheduled": ("#dbe9fb", ""),
    "held": ("#d5efd9", "✓ "),
    "no_show": ("#fbdcdc", "✗ "),
    "session": ("#efe3f8", ""),
    "block": ("#e4e4e4", ""),
}
WORDS = {"no_show": "no-show", "session": "a session", "block": "taken"}


def svg_of(grid: Json, market: str) -> bytes:
    """Draw the grid that `GET …/grid` gives; the same one gives the same bytes."""
    slots, places = grid["slots"], grid["places"]
    width, height = LEFT + COLUMN * len(slots) + 10, TOP + ROW * len(places) + 10
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    about = {"role": "img", "aria-labelledby": "title desc", "font-family": "sans-serif"}
    space = {"xmlns": "http://www.w3.org/2000/svg"}
    drawing = Element("svg", space | size | about)
    name = f"{fit(market)}, {grid['day']}"
    SubElement(drawing, "title", {"id": "title"}).text = name
    SubElement(drawing, "desc", {"id": "desc"}).text = _summary(grid)
    SubElement(drawing, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _text(drawing, 10, 24, name, LARGE)
    _slots(drawing, grid, height)
    for line, place in enumerate(places):
        _row(drawing, grid, place, TOP + ROW * line)
    written: bytes = tostring(drawing, encoding="utf-8", xml_declaration=True)
    return written


def _summary(grid: Json) -> str:
    kinds = [_kind(held) for place in grid["places"] for held in place["held"]]
    counts = ", ".join(f"{kinds.count(kind)} {WORDS.get(kind, kind)}" for kind in LOOKS)
    return (
        f"{len(grid['places'])} places by {len(grid['slots'])} slots, times of "
        f"{grid['time_zone']}: {counts}."
    )


def _slots(drawing: Element, grid: Json, height: float) -> None:
    group = SubElement(drawing, "g", {"class": "slots", "stroke": "#c8c8c8", "stroke-width": "0.5"})
    for column, slot in enumerate(grid["slots"]):
        x = LEFT + COLUMN * column
        ends = {"x1": number(x), "x2": number(x), "y1": number(TOP - 14), "y2": number(height - 10)}
        SubElement(group, "line", ends)
        label = _text(group, x + 3, TOP - 5, _times(slot, grid), SMALL)
        label.set("stroke", "none")


def _row(drawing: Element, grid: Json, place: Json, y: float) -> None:
    group = SubElement(drawing, "g", {"data-place": place["id"]})
    label = _label(place)
    told = "; ".join(_sentences(grid, place)) or "nothing is held"
    SubElement(group, "title").text = f"{label}: {told}."
    ends = {"x1": "10", "x2": number(LEFT + COLUMN * len(grid["slots"]))}
    SubElement(group, "line", ends | {"y1": number(y), "y2": number(y), "stroke": "#c8c8c8"})
    _text(group, 10, y + 0.65 * ROW, label, SMALL + 1, room=LEFT - 20)
    columns = {slot["index"]: column for column, slot in enumerate(grid["slots"])}
    for held in place["held"]:
        if held["slots"]:
            touched = [columns[index] for index in held["slots"]]
            _held(group, grid, held, (LEFT + COLUMN * touched[0], y, COLUMN * len(touched)))


def _held(row: Element, grid: Json, held: Json, where: tuple[float, float, float]) -> None:
    x, y, width = where
    group = SubElement(row, "g", {"data-kind": held["kind"]})
    if held["meeting"]:
        group.set("data-meeting", held["meeting"]["id"])
    SubElement(group, "title").text = _sentence(grid, held)
    fill, sign = LOOKS[_kind(held)]
    place = {"x": number(x + 1), "y": number(y + 2), "rx": "2"}
    size = {"width": number(width - 2), "height": number(ROW - 4)}
    SubElement(group, "rect", place | size | {"fill": fill, "stroke": "#555555"})
    _text(group, x + 5, y + 0.62 * ROW, sign + _who(held), SMALL, room=width - 10)


def _text(
    within: Element, x: float, y: float, text: str, size: float, room: float | None = None
) -> Element:
    """Write a line; what has no room ends in an ellipsis, and is said whole in a title."""
    place = {"x": number(x), "y": number(y), "font-size": number(size)}
    written = SubElement(within, "text", place)
    written.text = shortened(text, size, room) if room else text
    return written


def _label(place: Json) -> str:
    words = [place["name"], place["hall"]["name"] if place["hall"] else "online"]
    closed = " (closed)" if place["closed"] else ""
    return fit(", ".join(words)) + closed


def _sentences(grid: Json, place: Json) -> Iterator[str]:
    for held in place["held"]:
        yield _sentence(grid, held)


def _sentence(grid: Json, held: Json) -> str:
    kind = _kind(held)
    return f"{_times(held, grid)} {_who(held)} ({WORDS.get(kind, kind)})"


def _who(held: Json) -> str:
    if held["meeting"]:
        names = (one["organisation"]["name"] for one in held["meeting"]["people"])
        return fit(" · ".join(names))
    return fit(held["label"]) or WORDS[held["kind"]]


def _kind(held: Json) -> str:
    kind: str = held["meeting"]["state"] if held["meeting"] else held["kind"]
    return kind


def _times(period: Json, grid: Json) -> str:
    zone = ZoneInfo(grid["time_zone"])
    starts, ends = (
        datetime.fromisoformat(period[end]).astimezone(zone) for end in ("starts_at", "ends_at")
    )
    return f"{starts:%H:%M}–{ends:%H:%M}"
