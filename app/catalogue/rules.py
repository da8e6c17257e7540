"""What a title may say of itself, and what it must say before the market sees it."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.models.vocabulary import DEPENDENT_PARTS, PARTS, Kind, Stage

# These are one work, however long, or several that count for themselves.
UNDIVIDED = frozenset({Kind.FEATURE, Kind.SHORT, Kind.EPISODE, Kind.SUPPLEMENT, Kind.COLLECTION})
EXTENT = ("seasons", "episodes", "episode_minutes")
FUNDING = ("seeks", "financing")

# What each kind of part may be part of. It goes down only (a supplement has no part, nor has an
# episode but supplements), so that there is no circle, and four titles are the longest chain.
SERIAL = frozenset({Kind.SERIES, Kind.MICRODRAMA, Kind.DOCUMENTARY, Kind.ANIMATION})
WHOLES = {
    Kind.SEASON: SERIAL,
    Kind.VOLUME: SERIAL | {Kind.SEASON},
    Kind.EPISODE: SERIAL | {Kind.SEASON},
    Kind.SUPPLEMENT: frozenset(Kind) - {Kind.SUPPLEMENT},
}
PLACE = ("part_of_id", "season_number", "volume_number", "episode_number")

# Which kinds have none of what a field is about, and what that is
_EVERY = frozenset(Kind)
LACKING = {
    "seasons": (UNDIVIDED | {Kind.SEASON, Kind.VOLUME}, "seasons"),
    "episodes": (UNDIVIDED, "episodes"),
    "episode_minutes": (UNDIVIDED, "episodes"),
    "part_of_id": (_EVERY - set(PARTS), "title that it is part of"),
    "season_number": (_EVERY - set(DEPENDENT_PARTS), "season"),
    "volume_number": (_EVERY - {Kind.VOLUME}, "number as a volume"),
    "episode_number": (_EVERY - {Kind.EPISODE}, "number as an episode"),
}

# A field, and what is wrong with it
Complaint = tuple[str, str]
Facts = Mapping[str, Any]


def default_stage(kind: Kind | None) -> Stage:
    """Give the stage of a title that names none: a project begins, anything else is there."""
    return Stage.IN_DEVELOPMENT if kind is Kind.PROJECT else Stage.COMPLETED


def contradiction(field: str, value: object, facts: Facts) -> str | None:
    """Say why a field's value can't be, given the kind and stage; None when it can."""
    kind, stage = facts.get("kind"), facts.get("stage")
    if field == "stage" and kind == Kind.PROJECT and value == Stage.COMPLETED:
        return "can't be completed while kind is project: give what it became as kind"
    if value is not None and field in LACKING:
        kinds, noun = LACKING[field]
        return f"must be left out while kind is {kind}: it has no {noun}" if kind in kinds else None
    if field in FUNDING and value and stage == Stage.COMPLETED:
        return "must be left out while stage is completed: it is for what is still being made"
    return None


def contradictions(facts: Facts) -> Iterator[Complaint]:
    """Name what can't be together."""
    for field in ("stage", *EXTENT, *PLACE, *FUNDING):
        if complaint := contradiction(field, facts[field], facts):
            yield field, complaint


def misplacements(facts: Facts, whole: Kind) -> Iterator[Complaint]:
    """Name what a part of a title of this kind can't be or say."""
    kind = facts["kind"]
    if whole not in WHOLES.get(kind, frozenset()):
        yield "part_of_id", f"is a {whole}: a {kind} can't be part of one"
    if whole == Kind.SEASON and facts["season_number"] is not None:
        yield "season_number", "must be left out: the season that it is part of has it"


def may_have_parts(kind: Kind, parts: frozenset[Kind]) -> bool:
    """Tell whether a title of this kind may have parts of those."""
    return all(kind in WHOLES[part] for part in parts)


def missing_to_publish(facts: Facts, texts: int) -> Iterator[Complaint]:
    """Name what the market has to know: what it is called in some language, and how old it is."""
    if not texts:
        yield "texts", "is empty: say in one language at least what it is called (PUT …/texts/en)"
    # A part is as old as what it is part of, unless it says otherwise.
    is_part = facts["part_of_id"] is not None
    if facts["year"] is None and facts["stage"] == Stage.COMPLETED and not is_part:
        yield "year", "is missing: a completed title has one"
    if facts["kind"] == Kind.MICRODRAMA and facts["episodes"] is None:
        yield "episodes", "is missing: a microdrama is sold by their number"
    if facts["kind"] in DEPENDENT_PARTS and not is_part:
        yield "part_of_id", f"is missing: a {facts['kind']} is sold as part of another title"
