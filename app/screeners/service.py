"""Screeners: who finds them, how they are withdrawn, what is told of them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app import events, jobs
from app.actors import Actor
from app.errors import Forbidden, NotFound
from app.models.catalogue import Title
from app.models.screeners import Screener, ScreenerGrant, ScreenerState
from app.pagination import PageRequest, bounded_int
from app.screeners import reads

ORDER = "id"


# Finding --------------------------------------------------------------------------------------


async def get_title(session: AsyncSession, actor: Actor, id_: int) -> Title:
    """Give a title the actor may see.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    found = await session.scalar(reads.visible_titles(actor).where(Title.id == id_))
    if found is None:
        raise NotFound("title")
    return found


async def get_screener(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> Screener:
    """Give a screener of one's own, or one that one may watch; `lock` makes its writers queue.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    statement = reads.visible_screeners(actor).where(Screener.id == id_)
    if lock:
        statement = statement.with_for_update(of=Screener)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound("screener")
    return found


async def own_screener(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> Screener:
    """Give a screener of one's own.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor may watch it, no more.
    """
    screener = await get_screener(session, actor, id_, lock=lock)
    require_seller(actor, screener.organisation_id)
    return screener


def require_seller(actor: Actor, organisation_id: int) -> None:
    """Hold an act to the seller's own people.

    Raises:
        Forbidden: the actor is none of them.
    """
    if not actor.belongs_to(organisation_id):
        raise Forbidden("Only the title's seller may do this.", code="not_the_seller")


async def list_screeners(
    session: AsyncSession, actor: Actor, title_id: int, page: PageRequest
) -> tuple[list[Screener], str | None]:
    """Give a page of a title's screeners, newest first: all to its seller, to others theirs."""
    await get_title(session, actor, title_id)
    statement = (
        reads.visible_screeners(actor)
        .where(Screener.title_id == title_id)
        .order_by(Screener.id.desc())
        .limit(page.fetch)
    )
    if (after := page.after(ORDER, bounded_int)) is not None:
        statement = statement.where(Screener.id < after[0])
    rows = (await session.scalars(statement)).all()
    return page.split(rows, ORDER, lambda row: (row.id,))


# Ending ---------------------------------------------------------------------------------------


async def withdraw_screener(session: AsyncSession, actor: Actor, id_: int) -> None:
    """Take a screener away from everybody; withdrawing twice is withdrawing once.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor may watch it, no more.
    """
    screener = await own_screener(session, actor, id_, lock=True)
    if screener.state is ScreenerState.WITHDRAWN:
        return
    grantees = await session.scalars(
        reads.open_grants()
        .with_only_columns(ScreenerGrant.organisation_id)
        .where(ScreenerGrant.screener_id == screener.id)
    )
    screener.state = ScreenerState.WITHDRAWN
    record(session, actor, "screener.withdrawn", screener, grantees=grantees.all())
    await jobs.defer(session, "remove_screener", screener_id=str(screener.id))


async def expire(session: AsyncSession, screener: Screener, reason: str) -> None:
    """End an upload that can't be finished any more."""
    screener.state = ScreenerState.EXPIRED
    screener.reason = reason
    record(session, None, "screener.expired", screener)
    await jobs.defer(session, "remove_screener", screener_id=str(screener.id))


def record(
    session: AsyncSession,
    actor: Actor | None,
    type_: str,
    screener: Screener,
    *,
    grantees: Sequence[int] = (),
    **data: object,
) -> None:
    """Write a fact about a screener, for its seller and the `grantees` to know."""
    events.record(
        session,
        actor,
        type_,
        screener.id,
        organisation_ids=[screener.organisation_id, *grantees],
        data={"title_id": str(screener.title_id), **data},
    )
