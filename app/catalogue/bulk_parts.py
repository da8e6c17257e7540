"""Many titles at once: what the parts among them are part of, and whether they fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.parts import (
    UNFIT_FOR_PARTS,
    UNKNOWN_WHOLE,
    UNPUBLISHED_WHOLE,
    Whole,
    kinds_of_parts,
    lock_wholes,
)
from app.catalogue.rules import Complaint, may_have_parts, misplacements
from app.models.base import Base
from app.models.catalogue import Title, TitleState
from app.models.vocabulary import DEPENDENT_PARTS, Kind

Row = Mapping[str, Any]
# What no two parts share: what they are part of, their kind and their numbers
Key = tuple[Any, ...]
_NUMBERS = ("season_number", "volume_number", "episode_number")
_KEY = ("part_of_id", "kind", *_NUMBERS)
_OWN_NUMBER = {
    Kind.SEASON: "season_number",
    Kind.VOLUME: "volume_number",
    Kind.EPISODE: "episode_number",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A title as it is kept, if it is, and as it is wanted."""

    id: int | None
    before: Row | None
    after: Row

    @property
    def keys(self) -> tuple[Key | None, Key | None]:
        """Give what it occupies, and what it will."""
        return key_of(self.before) if self.before else None, key_of(self.after)

    def changes_kind(self) -> bool:
        """Tell whether it was something else."""
        return self.before is not None and self.before["kind"] != self.after["kind"]

    def suits(self, parts: Mapping[int, frozenset[Kind]]) -> bool:
        """Tell whether it may have the parts that it has."""
        return may_have_parts(self.after["kind"], parts.get(self.id or 0, frozenset()))


def key_of(row: Row) -> Key | None:
    """Give what a part occupies; None for what has no number, or is no part."""
    own = _OWN_NUMBER.get(row["kind"])
    if row["part_of_id"] is None or own is None or row[own] is None:
        return None
    return tuple(row[name] for name in _KEY)


def number_of(row: Row) -> str:
    """Name the field that has a part's own number."""
    return _OWN_NUMBER[row["kind"]]


@dataclass(frozen=True, slots=True)
class Relations:
    """What the titles of a batch are part of, and have as parts."""

    wholes: dict[int, Whole]
    # Of what parts those that become something else have
    parts: dict[int, frozenset[Kind]]
    # What becomes of those of the batch that others may be part of
    kinds: dict[int, Kind]
    published: set[int]

    def complaints(self, change: Change, state: TitleState) -> Iterator[Complaint]:
        """Say why a title can't be where it is wanted."""
        row = change.after
        if not change.suits(self.parts):
            yield "kind", UNFIT_FOR_PARTS
        is_published = state is TitleState.PUBLISHED
        if row["part_of_id"] is not None:
            yield from self._misplacements(change)
            if is_published and not self.may_publish(row):
                yield "part_of_id", UNPUBLISHED_WHOLE
        elif is_published and row["kind"] in DEPENDENT_PARTS:
            yield "part_of_id", f"is missing: a published {row['kind']} is part of another title"

    def _misplacements(self, change: Change) -> Iterator[Complaint]:
        whole = self.wholes.get(change.after["part_of_id"])
        if whole is None or whole.id == change.id:
            yield "part_of_id", UNKNOWN_WHOLE
            return
        # It may become something else in the same batch, or be refused that.
        for kind in {whole.kind, self.kinds.get(whole.id, whole.kind)}:
            yield from misplacements(change.after, kind)

    def may_publish(self, row: Row) -> bool:
        """Tell whether what a title is part of, if anything, is published."""
        return row["part_of_id"] is None or row["part_of_id"] in self.published


async def relations_of(
    session: AsyncSession, seller_id: int, changes: Sequence[Change]
) -> Relations:
    """Read what a batch's titles are part of, and keep that from changing."""
    whole_ids = {change.after["part_of_id"] for change in changes} - {None}
    wholes = await lock_wholes(session, seller_id, whole_ids) if whole_ids else {}
    changed = [change for change in changes if change.id and change.changes_kind()]
    ids = [change.id for change in changed if change.id]
    parts = await kinds_of_parts(session, ids) if ids else {}
    return Relations(
        wholes=wholes,
        parts=parts,
        kinds={change.id or 0: change.after["kind"] for change in changed if change.suits(parts)},
        published={id_ for id_, whole in wholes.items() if whole.state is TitleState.PUBLISHED},
    )


async def clashing(
    session: AsyncSession, changes: Sequence[Change], staying: Iterable[Change]
) -> set[int]:
    """Tell which changes, by their place, want a number that another part has or gets first.

    `staying` are the titles of the batch that do not change. Numbers may be exchanged.
    """
    moves = [(place, *change.keys) for place, change in enumerate(changes)]
    moves = [move for move in moves if move[2] is not None]
    whole_ids = {after[0] for _, before, after in moves if after and after != before}
    if not whole_ids:
        return set()
    ours = [change.id for change in (*changes, *staying) if change.id]
    found = await session.execute(
        select(*(getattr(Title, name) for name in _KEY)).where(
            Title.part_of_id.in_(whole_ids), Title.id.not_in(ours)
        )
    )
    taken = {tuple(row) for row in found}
    taken |= {key for change in staying if change.before and (key := key_of(change.before))}
    return _refused(moves, taken)


def _refused(moves: list[tuple[int, Key | None, Key | None]], taken: set[Key]) -> set[int]:
    """Refuse who wants what is taken: they stay where they are, which others may have wanted."""
    refused: set[int] = set()
    while True:
        held = set(taken)
        count = len(refused)
        for place, before, after in moves:
            if place in refused or after is None:
                continue
            if after in held:
                refused.add(place)
                taken |= {before} if before else set()
            held.add(after)
        if len(refused) == count:
            return refused


async def vacate(session: AsyncSession, changes: Iterable[Change]) -> None:
    """Take away the numbers that change, so that parts can exchange them in one statement."""
    ids = [
        change.id
        for change in changes
        if change.id and change.keys[0] and change.keys[0] != change.keys[1]
    ]
    if ids:
        titles = Base.metadata.tables["titles"]
        await session.execute(
            update(titles).where(titles.c.id.in_(ids)).values(dict.fromkeys(_NUMBERS))
        )
