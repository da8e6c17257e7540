"""What speakers call their language."""

from functools import cache

from babel import Locale, UnknownLocaleError


@cache
def own_name(tag: str) -> str:
    """Name a language (BCP 47) in itself; one that is not known by its tag."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return tag
    return locale.get_display_name() or tag


def sound_name(label: str | None, tag: str | None, number: int) -> str:
    """Name a sound track: as its file does, by its language, or by its place (from 1)."""
    named = own_name(tag) if tag else f"#{number}"
    return f"{named} · {label}" if label and label != named else named
