"""One title of many that go in at once: as it is, as it is wanted, and what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.catalogue.bulk_parts import Change, Relations
from app.catalogue.indexing import row_of, texts_of
from app.catalogue.parts import UNPUBLISHED_WHOLE
from app.catalogue.rules import Complaint, contradictions, missing_to_publish
from app.catalogue.schemas import TitleIn
from app.models.catalogue import TitleState

Row = dict[str, Any]
Texts = dict[str, Row]


class Outcome(StrEnum):
    """What became of a title."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    # What it says contradicts what is kept: nothing was done
    REFUSED = "refused"


@dataclass(slots=True)
class Upserted:
    """What became of one title; `complaints` say why it was refused, or why it is not published."""

    outcome: Outcome
    title_id: int | None = None
    complaints: list[Complaint] = field(default_factory=list)


@dataclass(slots=True)
class Kept:
    """A title as it is in the database, or as it is going to be."""

    id: int | None
    state: TitleState
    row: Row
    texts: Texts
    published_at: datetime | None = None


@dataclass(slots=True)
class Wanted:
    """A title of a batch: as it is, as it is wanted, and what becomes of it."""

    before: Kept | None
    after: Kept
    change: Change
    told: Upserted

    @classmethod
    def of(cls, before: Kept | None, title: TitleIn) -> "Wanted":
        """Merge what is wanted into what is there."""
        row, texts = row_of(title), texts_of(title)
        if before is None:
            after = Kept(None, TitleState.DRAFT, row, texts)
            return cls(None, after, Change(None, None, row), Upserted(Outcome.CREATED))
        row = before.row | {name: row[name] for name in title.model_fields_set if name in row}
        after = Kept(before.id, before.state, row, before.texts | texts, before.published_at)
        told = Upserted(Outcome.UPDATED, before.id)
        return cls(before, after, Change(before.id, before.row, row), told)

    @property
    def is_written(self) -> bool:
        """Tell whether anything is done."""
        return self.told.outcome in {Outcome.CREATED, Outcome.UPDATED}

    @property
    def is_new(self) -> bool:
        """Tell whether it says anything that is not kept."""
        before, after = self.before, self.after
        return before is None or before.row != after.row or before.texts != after.texts

    def judge(self, relations: Relations) -> None:
        """Leave it untouched where it says nothing new, refuse it where it can't be."""
        if not self.is_new:
            self.told.outcome = Outcome.UNCHANGED
            return
        complaints = list(contradictions(self.after.row)) if self.before else []
        complaints += relations.complaints(self.change, self.after.state)
        if complaints:
            self.refuse(complaints)

    def refuse(self, complaints: list[Complaint]) -> None:
        """Do nothing, and say why."""
        self.told.outcome, self.told.complaints = Outcome.REFUSED, complaints

    def publish(self, relations: Relations, now: datetime) -> None:
        """Publish a draft that may be, or say why it may not."""
        if self.after.state is not TitleState.DRAFT or self.told.outcome is Outcome.REFUSED:
            return
        row = self.after.row
        self.told.complaints = list(missing_to_publish(row, len(self.after.texts)))
        if not relations.may_publish(row):
            self.told.complaints.append(("part_of_id", UNPUBLISHED_WHOLE))
        if self.told.complaints:
            return
        self.after.state, self.after.published_at = TitleState.PUBLISHED, now
        if self.before is not None:
            self.told.outcome = Outcome.UPDATED
            relations.published.add(self.before.id or 0)

    def happened(self) -> Iterator[str]:
        """Name the facts."""
        if self.before is None:
            yield "created"
        elif self.is_new:
            yield "updated"
        was_draft = self.before is None or self.before.state is TitleState.DRAFT
        if self.after.state is TitleState.PUBLISHED and was_draft:
            yield "published"
