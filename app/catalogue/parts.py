"""Parts of titles (seasons, episodes, volumes, supplements), and what each is part of."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.rules import may_have_parts, misplacements
from app.errors import Conflict, Invalid
from app.models.catalogue import Title, TitleState
from app.models.vocabulary import Kind

UNKNOWN_WHOLE = "must be another title of the same seller"
UNPUBLISHED_WHOLE = "is of a title that is not published: publish that first"
UNFIT_FOR_PARTS = "can't be this while there are parts that a title of this kind can't have"


class Whole(NamedTuple):
    """What a part has to know of the title that it is part of."""

    id: int
    kind: Kind
    state: TitleState


async def lock_wholes(
    session: AsyncSession, seller_id: int, ids: Collection[int]
) -> dict[int, Whole]:
    """Give those of these titles that are the seller's, and keep others from changing them."""
    found = await session.execute(
        select(Title.id, Title.kind, Title.state)
        .where(Title.seller_id == seller_id, Title.id.in_(ids))
        .order_by(Title.id)
        .with_for_update(read=True)
    )
    return {id_: Whole(id_, kind, state) for id_, kind, state in found}


async def kinds_of_parts(session: AsyncSession, ids: Collection[int]) -> dict[int, frozenset[Kind]]:
    """Tell of each of these titles of which kinds its parts are; of titles without parts nothing.

    Whoever asks has locked the titles: a part is only added under such a lock.
    """
    found = await session.execute(
        select(Title.part_of_id, Title.kind).where(Title.part_of_id.in_(ids)).distinct()
    )
    kinds: dict[int, frozenset[Kind]] = {}
    for id_, kind in found:
        if id_ is not None:
            kinds[id_] = kinds.get(id_, frozenset()) | {kind}
    return kinds


async def require_place(session: AsyncSession, title: Title) -> None:
    """Hold a title to what it is part of.

    Raises:
        Invalid: it can't be part of that.
        Conflict: it is published, and what it is part of is not.
    """
    if title.part_of_id is None:
        return
    whole = await _whole_of(session, title)
    facts = {"kind": title.kind, "season_number": title.season_number}
    if complaints := list(misplacements(facts, whole.kind)):
        raise Invalid(
            "The title has no place in that one: see errors.",
            errors=[{"pointer": f"/{name}", "detail": detail} for name, detail in complaints],
        )
    if title.state is TitleState.PUBLISHED:
        _require_published(whole)


async def require_fit_for_parts(session: AsyncSession, title: Title) -> None:
    """Hold a title that is kept to the parts that it has.

    Raises:
        Invalid: a title of its kind can't have them.
    """
    with session.no_autoflush:
        kinds = await kinds_of_parts(session, [title.id])
    if not may_have_parts(title.kind, kinds.get(title.id, frozenset())):
        raise Invalid.field("/kind", UNFIT_FOR_PARTS)


async def require_published_whole(session: AsyncSession, title: Title) -> None:
    """Hold a part that is to be published to a whole that is.

    Raises:
        Conflict: it is not.
    """
    if title.part_of_id is not None:
        _require_published(await _whole_of(session, title))


async def _whole_of(session: AsyncSession, part: Title) -> Whole:
    id_ = part.part_of_id or 0
    with session.no_autoflush:
        whole = (await lock_wholes(session, part.seller_id, [id_])).get(id_)
    if whole is None or id_ == part.id:
        raise Invalid.field("/part_of_id", UNKNOWN_WHOLE)
    return whole


def _require_published(whole: Whole) -> None:
    if whole.state is not TitleState.PUBLISHED:
        raise Conflict(
            "A part is published after the title that it is part of: publish that first.",
            code="whole_not_published",
            part_of_id=str(whole.id),
        )
