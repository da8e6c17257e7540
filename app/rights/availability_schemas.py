"""What availability is asked for, and how it is answered."""

from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from app.ids import Id
from app.rights.rules.availability import Availability, Match, Question, Reason
from app.rights.rules.boxes import Box, Term
from app.rights.schemas import BoxOut, Day, TermOut, told
from app.trees import LANGUAGES, MEDIA, TERRITORIES, Tree

MAX_CODES = 300
MAX_DAYS = 36_500

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Codes = Annotated[list[Code], Field(max_length=MAX_CODES)]


def _known(tree: Tree) -> AfterValidator:
    def check(codes: list[str]) -> list[str]:
        tree.parse(codes)
        return codes

    return AfterValidator(check)


class AvailabilityQuery(BaseModel):
    """Which part of a title's rights is asked about; what is left out is everything."""

    territories: Annotated[
        Codes,
        _known(TERRITORIES),
        Field(description="Codes of `GET /v1/territories`.", examples=[["SCO", "-CN"]]),
    ] = [TERRITORIES.root]
    media: Annotated[
        Codes, _known(MEDIA), Field(description="Codes of `GET /v1/media`.", examples=[["SVOD"]])
    ] = [MEDIA.root]
    languages: Annotated[
        Codes, _known(LANGUAGES), Field(description="BCP 47.", examples=[["ru"]])
    ] = [LANGUAGES.root]
    from_: Day | None = Field(
        default=None, alias="from", description="The first day; left out, today."
    )
    until: Day | None = Field(
        default=None, description="The last day, included; left out, for ever."
    )
    exclusive: bool = Field(
        default=False, description="For one buyer alone; left out, beside other buyers."
    )
    min_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = Field(
        default=1, description="Free windows of fewer days are of no use."
    )
    match: Match = Field(default=Match.COVERS_ALL, description="What `is_available` is to mean.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until and self.until < self.first:
            raise ValueError("until is before from, which is today where it is left out")
        return self

    @property
    def first(self) -> date:
        """Give the first day."""
        return self.from_ or datetime.now(UTC).date()

    @property
    def question(self) -> Question:
        """Give the question."""
        box = Box(
            TERRITORIES.parse(self.territories),
            MEDIA.parse(self.media),
            LANGUAGES.parse(self.languages),
            Term.inclusive(self.first, self.until),
        )
        return Question(box, self.exclusive, self.min_days)


EXPLANATIONS = {
    Reason.NO_RIGHTS_IN: "The seller does not hold these rights.",
    Reason.RIGHTS_OUT: "These rights are sold.",
    Reason.NOT_OFFERED: "The seller does not offer these rights, or not to you.",
    Reason.EXCLUSIVITY_NOT_OFFERED: "They are offered, but not in this way: see `exclusive`.",
    Reason.HOLDBACK: "A holdback keeps these rights from being sold for now.",
    Reason.TERM_TOO_SHORT: "They are sold for a longer term only.",
}


def box_out(box: Box) -> BoxOut:
    """Say a box."""
    return BoxOut(**told(box))


def term_out(term: Term) -> TermOut:
    """Say a term."""
    return TermOut(start=term.start, until=term.until)


class UnavailableOut(BaseModel):
    """A part that is not free, and why."""

    reason: Reason
    explanation: str
    boxes: list[BoxOut]


class AvailabilityOut(BaseModel):
    """What of a title is free; `free` and `unavailable` together are all that was asked about."""

    title_id: Id
    asked: BoxOut
    exclusive: bool
    is_available: bool = Field(description="By `match`: whether a free window lies as asked.")
    matches: dict[Match, bool] = Field(description="The same for each way to ask.")
    free: list[BoxOut]
    unavailable: list[UnavailableOut]
    soft_holdbacks: list[BoxOut] = Field(
        description="Free, but the seller would rather not sell it now."
    )
    windows: list[TermOut] = Field(
        description="When all the territories, media and languages asked about are free, "
        "inside the term and outside of it."
    )
    largest_window: TermOut | None = Field(description="The longest of them inside the term.")
    territories: list[str] = Field(
        description="Where all the media and languages asked about are free for the whole term."
    )

    @classmethod
    def of(
        cls, title_id: int, question: Question, match: Match, found: Availability
    ) -> "AvailabilityOut":
        """Say an answer."""
        largest = found.largest_window
        return cls(
            title_id=title_id,
            asked=box_out(question.box),
            exclusive=question.exclusive,
            is_available=found.matches[match],
            matches=found.matches,
            free=[box_out(box) for box in found.free],
            unavailable=[
                UnavailableOut(
                    reason=reason,
                    explanation=EXPLANATIONS[reason],
                    boxes=[box_out(box) for box in boxes],
                )
                for reason, boxes in found.unavailable
            ],
            soft_holdbacks=[box_out(box) for box in found.held_back],
            windows=[term_out(term) for term in found.windows],
            largest_window=term_out(largest) if largest else None,
            territories=TERRITORIES.write(found.territories) if found.territories else [],
        )
