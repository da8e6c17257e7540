"""Texts that a calendar file can hold (RFC 5545): whatever one says, it never ends its line."""

import re

# No control character but tab and line feed is fit for a TEXT; nor Unicode's own line ends, at
# which some readers end it; nor halves of characters. A noncharacter may be a reader's own mark.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def fit(text: str) -> str:
    """Give what is left of a text that a calendar can hold; its line ends are line feeds."""
    return text if text.isprintable() else _UNFIT.sub(" ", _LINE_ENDS.sub("\n", text))


def in_one_line(text: str, at_most: int) -> str:
    """Take the line ends out of a text, and what is too long to be shown."""
    flat = fit(text).replace("\n", " ").strip()
    return flat if len(flat) <= at_most else f"{flat[: at_most - 1]}…"
