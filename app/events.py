"""The journal: facts written in the transaction that makes them true."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert
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
    _will_be_heard(session, type)
    session.add(
        Event(
            type=type,
            subject_id=subject_id,
            person_id=actor.person_id if actor else None,
            organisation_ids=sorted(set(organisation_ids)),
            data=data or {},
        )
    )


async def record_each(
    session: AsyncSession,
    actor: Actor | None,
    type: str,  # noqa: A002
    told: Mapping[int, dict[str, Any]],
    *,
    organisation_ids: Iterable[int],
) -> None:
    """Write the same fact of many subjects, with the data of each: one statement, as they come."""
    known_to = sorted(set(organisation_ids))
    rows = [(id_, known_to, data) for id_, data in told.items()]
    await record_all(session, actor, type, rows)


async def record_all(
    session: AsyncSession,
    actor: Actor | None,
    type: str,  # noqa: A002
    told: Sequence[tuple[int, Iterable[int], dict[str, Any]]],
) -> None:
    """Write the same fact of many subjects: who may know of each, and the data of each."""
    if not told:
        return
    _will_be_heard(session, type)
    fact = {"type": type, "person_id": actor.person_id if actor else None}
    rows = [
        fact | {"subject_id": id_, "organisation_ids": sorted(set(known_to)), "data": data}
        for id_, known_to, data in told
    ]
    await session.execute(insert(Event), rows)


def _will_be_heard(session: AsyncSession, type_: str) -> None:
    if type_.partition(".")[0] in HEARD_NOUNS:
        session.info["is_heard"] = True
