"""What the picture of an availability says in words, for those who can't see it."""

from collections.abc import Iterator, Mapping
from datetime import date

from app.rights.picture import Kind, Panel, Picture, Row, Run
from app.trees import LANGUAGES, MEDIA, TERRITORIES
from app.trees.media import OUTLINE

_MEDIA_NAMES = {medium.code: medium.name for medium in OUTLINE}
# Codes that a label names before it says how many more there are
MOST_CODES = 12

WORDS = {
    Kind.FREE: "free",
    Kind.FREE_BUT: "free, softly held back",
    Kind.PARTLY: "free in part",
    Kind.SOLD: "sold",
    Kind.HELD_BACK: "held back",
    Kind.OTHER_TERMS: "offered on other terms",
    Kind.NOT_OFFERED: "not offered",
    Kind.NOT_HELD: "not held by the seller",
    Kind.UNFREE: "not free, for several reasons",
}


def territories_of(row: Row, names: Mapping[str, str]) -> str:
    """Name the territories of a row: by name if it is one, else by the fewest codes."""
    if row.is_rest:
        return f"{len(TERRITORIES.leaves_in(row.territories))} other territories, together"
    codes = TERRITORIES.write(row.territories)
    return names[codes[0]] if len(codes) == 1 and codes[0] in names else listed(codes)


def media_of(panel: Panel) -> str:
    """Name the media of a panel by the fewest codes."""
    return listed(MEDIA.write(panel.media))


def heading_of(panel: Panel) -> str:
    """Name the media of a panel; one by its name, too."""
    codes = MEDIA.write(panel.media)
    if len(codes) > 1 or codes[0] == _MEDIA_NAMES[codes[0]]:
        return listed(codes)
    return f"{codes[0]}: {_MEDIA_NAMES[codes[0]]}"


def listed(codes: list[str]) -> str:
    """Write codes in a row, but not without end."""
    more = len(codes) - MOST_CODES
    return " ".join(codes[:MOST_CODES]) + (f" and {more} more" if more > 0 else "")


def summary_of(picture: Picture, today: date) -> str:
    """Say in a line what was asked, and when."""
    question = picture.question
    way = "to one buyer alone" if question.exclusive else "beside other buyers"
    languages = listed(LANGUAGES.write(question.box.languages))
    term = _days(question.box.term.start, question.box.term.until)
    return f"What may be bought {way}, {term}; languages: {languages}. As of {today}."


def notes_of(picture: Picture) -> list[str]:
    """Say what the picture leaves out."""
    notes = []
    if picture.step > 1:
        notes.append(
            f"Drawn in steps of {picture.step} days: what changes within one is drawn as one."
        )
    if picture.term.until != picture.question.box.term.until:
        last = picture.term.until
        goes_on = f"After {last} all stays as it is then."
        notes.append(goes_on if picture.goes_on else f"What comes after {last} is not drawn.")
    if any(row.is_rest for panel in picture.panels for row in panel.rows):
        notes.append(
            "Other territories, together: they differ, and have no room; ask for fewer to see them."
        )
    return notes


def sentence_of(row: Row, panel: Panel, picture: Picture, names: Mapping[str, str]) -> str:
    """Say a row: `Kazakhstan, SVOD: free 2027-01-01 to 2028-12-31; sold from 2029-01-01 on.`."""
    told = "; ".join(_told(run, picture) for run in row.runs)
    return f"{territories_of(row, names)}, {media_of(panel)}: {told}."


def sentences_of(picture: Picture, names: Mapping[str, str]) -> Iterator[str]:
    """Say every row."""
    for panel in picture.panels:
        for row in panel.rows:
            yield sentence_of(row, panel, picture, names)


def _told(run: Run, picture: Picture) -> str:
    is_end = run.term.high == picture.term.high and picture.goes_on
    return f"{WORDS[run.kind]} {_days(run.term.start, None if is_end else run.term.until)}"


def _days(first: date, until: date | None) -> str:
    if until is None:
        return f"from {first} on"
    return f"on {first}" if first == until else f"{first} to {until}"
