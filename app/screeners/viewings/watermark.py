"""The watermark of a viewing: who watches, for whom and when, drawn anew each minute.

Outlines, not text: a browser would need fonts for every script, and could be given others.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.lettering import number, shortened
from app.outlines import EM, Outline, outline_of

# The height of each line's letters, and from one base line to the next
SIZES = (100.0, 76.0, 68.0)
LEADING = 1.45
MARGIN = 24.0
LONGEST = 40 * EM
# Of a long id, what people copy from a picture
SHOWN_DIGITS = 6


def lines_of(name: str, company: str | None, viewing_id: int, at: datetime) -> list[str]:
    """Say who watches, for whom, when (UTC, to the minute), and in which viewing."""
    when = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC · {short_number(viewing_id)}"
    return [shortened(line, EM, LONGEST) for line in (name, company, when) if line]


def short_number(viewing_id: int) -> str:
    """Give the end of a viewing's id: with the minute, it tells one from all others."""
    return f"№ {viewing_id % 10**SHOWN_DIGITS:0{SHOWN_DIGITS}}"


def draw(lines: Sequence[str]) -> str:
    """Draw lines one below the other, white with a dark rim: to be seen on any picture."""
    outlines = [outline_of(line) for line in lines]
    sizes = [SIZES[0], *[SIZES[1]] * (len(lines) - 2), SIZES[-1]][-len(lines) :]
    widths = [line.width * size / EM for line, size in zip(outlines, sizes, strict=True)]
    width = max(widths) + 2 * MARGIN
    height = sum(sizes) * LEADING + MARGIN
    drawn, y = [], 0.0
    for outline, size, own in zip(outlines, sizes, widths, strict=True):
        y += size * LEADING
        drawn.append(_line(outline, size, (width - own) / 2, y))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}">'
        '<g fill="#fff" stroke="#000" stroke-opacity=".6" stroke-width="45" '
        f'stroke-linejoin="round" paint-order="stroke">{"".join(drawn)}</g></svg>'
    )


def _line(outline: Outline, size: float, x: float, y: float) -> str:
    place = f"translate({number(x)} {number(y)}) scale({size / EM})"
    return f'<path transform="{place}" d="{outline.path}"/>'
