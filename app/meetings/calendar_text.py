"""Lines of calendar files (RFC 5545): whatever a text holds, it never ends its line.

Written here: a library that makes an object of every property takes several times as long, while
nobody else is served. Two libraries read it back, in the tests.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

FOLD_AT = 75
# No control character but tab is fit for a line; nor Unicode's own line ends, at which some readers
# end it; nor halves of characters. A noncharacter may be a reader's own mark.
_UNFIT = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
# RFC 6868: what must not stand in a quoted parameter
_QUOTED = str.maketrans({"^": "^^", "\n": "^n", '"': "^'"})


def component(name: str, lines: Iterable[str]) -> str:
    """Put lines into a component."""
    return f"BEGIN:{name}\r\n{''.join(lines)}END:{name}\r\n"


def line(name: str, value: str, **parameters: str) -> str:
    """Write a property whose value is no TEXT, as it is."""
    named = "".join(f";{key}={parameter}" for key, parameter in parameters.items())
    whole = f"{name}{named}:{value}"
    return _folded(whole if whole.isprintable() else _UNFIT.sub(" ", whole))


def text_line(name: str, text: str) -> str:
    """Write a property of a TEXT, which may have line ends of its own."""
    return line(name, _with_line_feeds(text).translate(_ESCAPED))


def instant_line(name: str, instant: datetime) -> str:
    """Write a property of an instant, in UTC, to the second."""
    return line(name, instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))


def quoted(text: str) -> str:
    """Write a parameter's value of any text."""
    return f'"{_with_line_feeds(text).translate(_QUOTED)}"'


def in_one_line(text: str, at_most: int) -> str:
    """Take the line ends out of a text, and what is too long to be shown."""
    flat = _UNFIT.sub(" ", _LINE_ENDS.sub(" ", text)).strip()
    return flat if len(flat) <= at_most else f"{flat[: at_most - 1]}…"


def _with_line_feeds(text: str) -> str:
    return text if text.isprintable() else _LINE_ENDS.sub("\n", text)


def _folded(whole: str) -> str:
    """Break a line into pieces of at most 75 octets, each but the first after a blank (3.1)."""
    octets = whole.encode()
    if len(octets) <= FOLD_AT:
        return f"{whole}\r\n"
    pieces, start, room = [], 0, FOLD_AT
    while start < len(octets):
        end = min(start + room, len(octets))
        # Not within a character
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # noqa: PLR2004
            end -= 1
        pieces.append(octets[start:end].decode())
        start, room = end, FOLD_AT - 1
    return "\r\n ".join(pieces) + "\r\n"
