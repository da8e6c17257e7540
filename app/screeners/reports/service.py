"""Reports put together: what is asked of the ledger, for whom, and what is made of it."""

from anyio import CapacityLimiter, to_thread
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.db import Reads
from app.errors import Forbidden
from app.models.screeners import Screener
from app.screeners.reads import is_kept_by
from app.screeners.reports import reads as ledger
from app.screeners.reports import rules
from app.screeners.reports.rules import Report
from app.screeners.reports.schemas import ReportQuery
from app.screeners.service import get_title

# Reckoning a long report is work of the processor: one after the other.
_AT_ONCE = CapacityLimiter(1)


async def report_of(
    session: AsyncSession, reads: Reads, actor: Actor, title_id: int, query: ReportQuery
) -> Report:
    """Tell who watched what of a title's screeners that the actor's company keeps.

    Raises:
        NotFound: there is no such title, or it is not the actor's to see.
        Forbidden: they neither sell it nor administer a screener of it.
    """
    title = await get_title(session, actor, title_id)
    if not actor.belongs_to(title.seller_id) and not await _keeps_one(session, actor, title_id):
        raise Forbidden(
            "Only the title's seller may read this, or who administers a screener for them.",
            code="not_the_seller",
        )
    sittings = await ledger.sittings(reads, actor.organisation_id, title_id, query)
    return await to_thread.run_sync(
        rules.report_of, title.id, title.original_title, sittings, limiter=_AT_ONCE
    )


async def _keeps_one(session: AsyncSession, actor: Actor, title_id: int) -> bool:
    kept = select(func.count()).where(Screener.title_id == title_id, is_kept_by(actor))
    return bool(await session.scalar(kept.select_from(Screener)))
