"""The journal: facts written in the transaction that makes them true."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.models.journal import Event

# What the kept answers of `app.answers` show: the first migration's trigger names the same nouns.
HEARD_NOUNS = frozenset({"organisation", "seller_profile", "title"})


def record(
    session: AsyncSession,
    actor: Actor | None,
    type: str,  # noqa: A002  # the journal's own word
    subject_id: int,
    *,
    organisation_ids: Iterable[int] = (),
    data: dict[str, Any] | None = None,
) -> None:
    """Write a fact: `type` is "<noun>.<what happened>"; no actor means the market's own clock.

    `organisation_ids` are those that may know of it; ids in `data` are strings, as on the wire.
    """
    if type.partition(".")[0] in HEARD_NOUNS:
        session.info["is_heard"] = True
    session.add(
        Event(
            type=type,
            subject_id=subject_id,
            person_id=actor.person_id if actor else None,
            organisation_ids=sorted(set(organisation_ids)),
            data=data or {},
        )
    )
