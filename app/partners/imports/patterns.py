"""Patterns such as `{value} min`: what a mapping says a text looks like.

They are not regular expressions: a mapping may come from anybody, and no pattern here can take for
ever, whatever text it meets. docs/decisions/0008-imports.md
"""

import re

MAX_OPEN = 3
MAX_MATCHED_CHARACTERS = 300
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
DURATION = frozenset({"hours", "minutes", "seconds"})


def compile_pattern(text: str, numbers: frozenset[str], texts: frozenset[str]) -> re.Pattern[str]:
    """Make a pattern of literal text and {placeholders}.

    `numbers` are the placeholders that stand for digits, `texts` those for any text; `{any}` stands
    for text nobody wants. Case does not count, and white space is as long as it likes.

    Raises:
        ValueError: a placeholder is unknown, given twice, next to another, or there are too many.
    """
    pieces = _PLACEHOLDER.split(text.strip())
    names = pieces[1::2]
    _check(text, names, numbers | texts | {"any"})
    if any(not literal for literal in pieces[2:-1:2]):
        raise ValueError(f"{text!r}: something must stand between two placeholders")
    if sum(name not in numbers for name in names) > MAX_OPEN:
        raise ValueError(f"{text!r}: at most {MAX_OPEN} placeholders may stand for any text")
    expression = "".join(
        _group(piece, numbers) if at % 2 else _literal(piece) for at, piece in enumerate(pieces)
    )
    return re.compile(expression, re.IGNORECASE | re.DOTALL)


def _check(text: str, names: list[str], known: frozenset[str]) -> None:
    wanted = [name for name in names if name != "any"]
    if not wanted:
        raise ValueError(f"{text!r} has no placeholder: write {{value}} where the value stands")
    for name in names:
        if name not in known:
            raise ValueError(f"{text!r}: {{{name}}} is none of {', '.join(sorted(known))}")
    if len(wanted) > len(set(wanted)):
        raise ValueError(f"{text!r} has a placeholder twice")


def _group(name: str, numbers: frozenset[str]) -> str:
    if name == "any":
        return ".*?"
    return rf"(?P<{name}>\d{{1,9}})" if name in numbers else rf"(?P<{name}>\S|\S.*?\S)"


def _literal(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))


def compile_split(separators: list[str], unsplit: list[str]) -> re.Pattern[str]:
    """Make the pattern that a cell is split by; nothing is split where an `unsplit` text stands."""
    kept = "|".join(_loosely(text) for text in unsplit)
    wanted = "|".join(re.escape(separator.strip() or separator) for separator in separators)
    return re.compile((f"(?!{kept})" if kept else "") + f"(?:{wanted})")


def _loosely(text: str) -> str:
    """Write a text as a pattern in which white space is as long as it likes, or none."""
    return r"\s*".join(re.escape(word) for word in text.split())


def minutes_of(groups: dict[str, str]) -> int:
    """Add hours, minutes and seconds up, rounded to minutes.

    A film of less than half a minute has one.
    """
    seconds = (
        int(groups.get("hours") or 0) * 3600
        + int(groups.get("minutes") or 0) * 60
        + int(groups.get("seconds") or 0)
    )
    return max((seconds + 30) // 60, 1) if seconds else 0
