"""An agenda to print, in words: what stands on which line. Pure; `printing` puts it on paper."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Something held: when, with whom, where, and what it is about."""

    time: str
    who: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetDay:
    """A day, and what is held on it."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An agenda of a person or a place."""

    title: str
    subtitle: str
    days: tuple[SheetDay, ...]
    footer: str
    # What stands there where nothing is held
    nothing: str = "Nothing is held."

    def texts(self) -> list[str]:
        """Give all that is written on it."""
        lines = [line for day in self.days for line in day.lines]
        return [
            *(self.title, self.subtitle, self.footer, self.nothing),
            *(day.heading for day in self.days),
            *(text for line in lines for text in (line.time, line.who, *line.notes)),
        ]
