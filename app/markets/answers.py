"""What changes of a market have in common over HTTP: a word about the meetings they strand."""

from typing import Annotated

from fastapi import Query

from app.markets.stranding import Stranded

StrandedDep = Annotated[
    Stranded | None,
    Query(
        description="What becomes of meetings to come that this change strands: `cancel` calls "
        "them off, `replan` leaves them to the market's schedule; else the change is refused."
    ),
]
