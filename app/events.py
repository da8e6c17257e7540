"""The journal: facts written in the transaction that makes them true."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.models.journal import Event

# What the kept answers of `app.answers` show: the first migration's trigger names the same nouns.
HEARD_NOUNS = frozenset({"organisation", "seller_profile", "title"})


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did something before they were let in as an `Actor`: they signed up, or in."""

    person_id: int
    organisation_id: int
    client_id: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a request came, and which it was: facts that it makes true say so."""

    address: str | None
    request_id: str | None


def record(
    session: AsyncSession,
    actor: Actor | Doer | None,
    type: str,  # noqa: A002  # the journal's own word
    subject_id: int,
    *,
    organisation_ids: Iterable[int] = (),
    is_public: bool = False,
    data: dict[str, Any] | None = None,
) -> None:
    """Write a fact: `type` is "<noun>.<what happened>"; no actor means the market's own clock.

    `organisation_ids` are those that may know of it, the whole market where it `is_public`; ids in
    `data` are strings, as on the wire.
    """
    _will_be_heard(session, type)
    session.add(
        Event(
            type=type,
            subject_id=subject_id,
            organisation_ids=sorted(set(organisation_ids)),
            is_public=is_public,
            data=data or {},
            **by(session, actor),
        )
    )


async def record_each(
    session: AsyncSession,
    actor: Actor | Doer | None,
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
    actor: Actor | Doer | None,
    type: str,  # noqa: A002
    told: Sequence[tuple[int, Iterable[int], dict[str, Any]]],
) -> None:
    """Write the same fact of many subjects: who may know of each, and the data of each."""
    if not told:
        return
    _will_be_heard(session, type)
    fact = {"type": type, **by(session, actor)}
    rows = [
        fact | {"subject_id": id_, "organisation_ids": sorted(set(known_to)), "data": data}
        for id_, known_to, data in told
    ]
    await session.execute(insert(Event), rows)


def by(session: AsyncSession, actor: Actor | Doer | None) -> dict[str, Any]:
    """Give the columns of a fact that say who made it true, from where."""
    session.info["has_facts"] = True
    origin: Origin | None = session.info.get("origin")
    return {
        "person_id": actor.person_id if actor else None,
        "organisation_id": actor.organisation_id if actor else None,
        "client_id": actor.client_id if actor else None,
        "address": origin.address if origin else None,
        "request_id": origin.request_id if origin else None,
    }


def _will_be_heard(session: AsyncSession, type_: str) -> None:
    if type_.partition(".")[0] in HEARD_NOUNS:
        session.info["is_heard"] = True
