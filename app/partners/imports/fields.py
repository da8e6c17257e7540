"""The fields of a title that a file can fill, and how a cell's text becomes their value."""

from app.models.vocabulary import CreditRole, Genre, Kind, Sought, Stage
from app.partners.imports.rules import Shape

FIELDS = {
    "reference": Shape.LINE,
    "kind": Shape.LINE,
    "stage": Shape.LINE,
    # The id of a title that is there; a mapping has no way yet to name it by its reference.
    "part_of_id": Shape.LINE,
    "season_number": Shape.NUMBER,
    "volume_number": Shape.NUMBER,
    "episode_number": Shape.NUMBER,
    "original_title": Shape.LINE,
    "original_language": Shape.LINE,
    "year": Shape.NUMBER,
    "runtime_minutes": Shape.NUMBER,
    "seasons": Shape.NUMBER,
    "episodes": Shape.NUMBER,
    "episode_minutes": Shape.NUMBER,
    "countries": Shape.LINES,
    "audio_languages": Shape.LINES,
    "subtitle_languages": Shape.LINES,
    "genres": Shape.LINES,
    "keywords": Shape.LINES,
    "awards": Shape.RECORDS,
    "eidr": Shape.LINE,
    "isan": Shape.LINE,
    "seeks": Shape.LINES,
    "financing.budget.amount": Shape.LINE,
    "financing.budget.currency": Shape.LINE,
    "financing.in_place.amount": Shape.LINE,
    "financing.in_place.currency": Shape.LINE,
    "financing.note": Shape.TEXT,
    # As JSON alone, from files that have it; a mapping says them by [[credits]] and [texts.xx].
    "credits": Shape.JSON,
    "texts": Shape.JSON,
    "financing": Shape.JSON,
}
TEXTS = {"title": Shape.LINE, "logline": Shape.LINE, "synopsis": Shape.TEXT}
CREDITS = "credits"
MINUTES = frozenset({"runtime_minutes", "episode_minutes"})
# What patterns may name in the members of a record
MEMBERS = {
    "credits": frozenset({"value", "character"}),
    "awards": frozenset({"name", "category", "result"}),
}
MEMBER_NUMBERS = frozenset({"year"})

# A title can't be without these; the reference is what the next import knows it by.
MANDATORY = ("reference", "kind", "original_title")

# The market's own words, which a file may write with spaces, hyphens or capitals.
WORDS: dict[str, frozenset[str]] = {
    "kind": frozenset(Kind),
    "stage": frozenset(Stage),
    "genres": frozenset(Genre),
    "seeks": frozenset(Sought),
}
ROLES = frozenset(CreditRole)


def word(text: str, known: frozenset[str]) -> str:
    """Give the market's word that a text spells: `Science fiction` is `science_fiction`."""
    if text in known:
        return text
    spelled = text.casefold().replace(" ", "_").replace("-", "_")
    return spelled if spelled in known else text


def number(text: str) -> int | str:
    """Read a whole number, `2019` or a spreadsheet's `2019.0`; what is none stays text."""
    whole = text.removesuffix(".0")
    return int(whole) if whole.isdecimal() and len(whole) < 10 else text  # noqa: PLR2004
