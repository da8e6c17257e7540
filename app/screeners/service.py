"""Screeners: who finds them, how they are withdrawn, what is told of them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import events, jobs
from app.actors import Actor
from app.errors import Conflict, Forbidden, NotFound
from app.models.accounts import Person
from app.models.catalogue import Title
from app.models.screener_grants import ScreenerGrant
from app.models.screeners import Screener, ScreenerState
from app.models.viewings import Viewing, ViewingEnd
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
    """Give a screener one keeps, or one that was granted to one; `lock` makes its writers queue.

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


async def kept_screener(
    session: AsyncSession, actor: Actor, id_: int, *, lock: bool = False
) -> Screener:
    """Give a screener that one sells, or administers for its seller.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: the actor may watch it, no more.
    """
    screener = await get_screener(session, actor, id_, lock=lock)
    if not keeps(actor, screener):
        raise Forbidden(
            "Only the title's seller may do this, or who administers the screener for them.",
            code="not_the_seller",
        )
    return screener


def keeps(actor: Actor, screener: Screener) -> bool:
    """Tell whether an actor's organisation sells or administers a screener."""
    return actor.organisation_id in (screener.organisation_id, screener.administrator_id)


def require_ready(screener: Screener) -> None:
    """Hold an act to a screener that can be watched.

    Raises:
        Conflict: it can't.
    """
    if screener.state is not ScreenerState.READY:
        raise Conflict(
            f"The screener is {screener.state}; only a ready one can be watched.",
            code="screener_not_ready",
            state=screener.state,
        )


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
    grantees = await grantees_of(session, screener)
    screener.state = ScreenerState.WITHDRAWN
    screener.stage = None
    await end_viewings(session, ViewingEnd.WITHDRAWN, Viewing.screener_id == screener.id)
    record(session, actor, "screener.withdrawn", screener, grantees=grantees)
    await jobs.defer(session, "remove_screener", screener_id=str(screener.id))


async def grantees_of(session: AsyncSession, screener: Screener) -> Sequence[int]:
    """Name the organisations that may watch a screener, or one of whose people may."""
    found = await session.scalars(
        reads.open_grants()
        .outerjoin(Person, Person.id == ScreenerGrant.person_id)
        .with_only_columns(func.coalesce(ScreenerGrant.organisation_id, Person.organisation_id))
        .where(ScreenerGrant.screener_id == screener.id, ScreenerGrant.token_hash.is_(None))
    )
    return found.all()


async def end_viewings(
    session: AsyncSession, reason: ViewingEnd, *which: ColumnElement[bool]
) -> int:
    """End the viewings that go on, and count them; what they have got so far stays got."""
    ended = await session.scalars(
        update(Viewing)
        .where(Viewing.ended_at.is_(None), Viewing.expires_at > func.now(), *which)
        .values(ended_at=func.clock_timestamp(), end_reason=reason)
        .returning(Viewing.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


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
    """Write a fact about a screener, for who keeps it and the `grantees` to know."""
    keepers = [screener.organisation_id]
    if screener.administrator_id is not None:
        keepers.append(screener.administrator_id)
    events.record(
        session,
        actor,
        type_,
        screener.id,
        organisation_ids=[*keepers, *grantees],
        data={"title_id": str(screener.title_id), **data},
    )
