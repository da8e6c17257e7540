"""How the answers about a title's availability are worked out: exactly, and letting others pass."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from anyio import to_thread

from app.errors import Invalid
from app.rights.availability_schemas import AvailabilityOut, AvailabilityQuery
from app.rights.picture import picture_of
from app.rights.picture_drawing import Named, svg_of
from app.rights.rules.availability import Question, availability
from app.rights.rules.ledgers import Ledgers
from app.trees.tree import today

# What these say is worked out in milliseconds; more would keep everybody else waiting.
FEW_ROWS = 60
# A box takes a millisecond to be written in the fewest codes.
MAX_BOXES = 3000
Worked = TypeVar("Worked")


async def availability_json(title_id: int, query: AvailabilityQuery, ledgers: Ledgers) -> str:
    """Give the answer as JSON.

    Raises:
        Invalid: it would have too many boxes.
    """
    return await _apart(ledgers, partial(_json, title_id, query, ledgers))


async def availability_svg(question: Question, ledgers: Ledgers, named: Named) -> bytes:
    """Give the answer as a picture."""
    return await _apart(ledgers, partial(_svg, question, ledgers, named))


def _json(title_id: int, query: AvailabilityQuery, ledgers: Ledgers) -> str:
    question = query.question
    found = availability(question, ledgers)
    boxes = len(found.free) + sum(len(boxes) for _, boxes in found.unavailable)
    if boxes > MAX_BOXES:
        raise Invalid(
            f"The answer has {boxes} boxes; {MAX_BOXES} are the most. Ask for fewer territories, "
            "media or languages, or for a shorter term.",
            code="too_many_boxes",
        )
    shown = AvailabilityOut.of(title_id, question, query.match, found)
    return shown.model_dump_json(by_alias=True)


def _svg(question: Question, ledgers: Ledgers, named: Named) -> bytes:
    return svg_of(picture_of(question, availability(question, ledgers)), named, today())


async def _apart(ledgers: Ledgers, work: Callable[[], Worked]) -> Worked:
    """Do what takes long in a thread."""
    return work() if ledgers.rows <= FEW_ROWS else await to_thread.run_sync(work)
