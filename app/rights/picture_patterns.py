"""How kinds of days look: told apart by pattern in black and white, and by colour besides.

The colours are of Okabe and Ito's palette, which people with any colour vision tell apart, mixed
with white; light is what is free, dark is what is sold.
"""

from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from app.rights.picture import Kind


class Look(NamedTuple):
    """A ground, and lines on it: paths in a square of `SIZE`, their colour and their width."""

    ground: str
    lines: str = ""
    ink: str = "#000000"
    width: float = 0.3


# Millimetres
SIZE = 2.0
_RISING = "M-.5 .5L.5 -.5M0 2L2 0M1.5 2.5L2.5 1.5"
_FALLING = "M-.5 1.5L.5 2.5M0 0L2 2M1.5 -.5L2.5 .5"

LOOKS = {
    Kind.FREE: Look("#8ed6be"),
    Kind.FREE_BUT: Look("#8ed6be", "M.6 .6h.01M1.6 1.6h.01", "#00523c", 0.5),
    Kind.PARTLY: Look("#ffffff", _RISING, "#009e73", 0.7),
    Kind.SOLD: Look("#8a3200", _FALLING, "#d98a5c", 0.2),
    Kind.HELD_BACK: Look("#f0e08a", "M.5 .5h.01M1.5 1.5h.01", "#000000", 0.6),
    Kind.OTHER_TERMS: Look("#b7dcf2", "M0 1H2", "#0072b2", 0.4),
    Kind.NOT_OFFERED: Look("#e4e4e4", "M1 0V2", "#8c8c8c", 0.2),
    Kind.NOT_HELD: Look("#ffffff"),
    Kind.UNFREE: Look("#a8a8a8", f"{_RISING}{_FALLING}", "#3a3a3a", 0.25),
}


def fill_of(kind: Kind) -> str:
    """Say what a shape of this kind is filled with."""
    return f"url(#{kind})"


def define(drawing: Element, kinds: list[Kind]) -> None:
    """Define the patterns of some kinds."""
    definitions = SubElement(drawing, "defs")
    for kind in kinds:
        look, size = LOOKS[kind], f"{SIZE:g}"
        pattern = SubElement(
            definitions,
            "pattern",
            {"id": kind, "width": size, "height": size, "patternUnits": "userSpaceOnUse"},
        )
        SubElement(pattern, "rect", {"width": size, "height": size, "fill": look.ground})
        if look.lines:
            line = {"stroke": look.ink, "stroke-width": f"{look.width:g}"}
            line |= {"stroke-linecap": "round", "fill": "none"}
            SubElement(pattern, "path", {"d": look.lines} | line)
