"""Many titles of one seller at once, known by the seller's own references."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.bulk_parts import clashing, number_of, relations_of, vacate
from app.catalogue.bulk_rows import read_known, record, write
from app.catalogue.bulk_titles import Outcome, Upserted, Wanted
from app.catalogue.schemas import TitleIn

__all__ = ["BATCH", "Outcome", "Upserted", "upsert_many"]

BATCH = 1000
NUMBER_TAKEN = "is taken: another part of the same title has it"


async def upsert_many(
    session: AsyncSession,
    actor: Actor | None,
    seller_id: int,
    titles: Sequence[TitleIn],
    *,
    publish: bool = False,
) -> list[Upserted]:
    """Create the titles whose reference is new to the seller, change the others.

    Of a title that is there only the members that were given (`model_fields_set`) and the
    languages that were given change; one that says nothing new is left untouched, with its
    version. What a title is part of (`part_of_id`) is there already: put wholes in before their
    parts. With `publish`, drafts that have what the market must know are published. The answer
    tells of each title, in order.

    Raises:
        ValueError: a title has no reference, or two have the same.
    """
    references = [title.reference for title in titles]
    if None in references or len(set(references)) != len(references):
        raise ValueError("every title needs a reference of its own")
    done: list[Upserted] = []
    for at in range(0, len(titles), BATCH):
        batch = titles[at : at + BATCH]
        done += await _upsert(session, actor, seller_id, batch, publish=publish)
    return done


async def _upsert(
    session: AsyncSession,
    actor: Actor | None,
    seller_id: int,
    titles: Sequence[TitleIn],
    *,
    publish: bool,
) -> list[Upserted]:
    known = await read_known(session, seller_id, [str(title.reference) for title in titles])
    wanted = [Wanted.of(known.get(str(title.reference)), title) for title in titles]
    await _judge(session, seller_id, wanted, publish=publish)
    written = [each for each in wanted if each.is_written]
    if written:
        await vacate(session, [each.change for each in written])
        await write(session, seller_id, written)
        await record(session, actor, seller_id, written)
    return [each.told for each in wanted]


async def _judge(
    session: AsyncSession, seller_id: int, wanted: Sequence[Wanted], *, publish: bool
) -> None:
    """Say of each title what becomes of it; those that come first may be part of later ones."""
    relations = await relations_of(session, seller_id, [each.change for each in wanted])
    for each in wanted:
        each.judge(relations)
    moving = [each for each in wanted if each.is_written]
    staying = [each.change for each in wanted if not each.is_written]
    for place in await clashing(session, [each.change for each in moving], staying):
        moving[place].refuse([(number_of(moving[place].after.row), NUMBER_TAKEN)])
    now = datetime.now(UTC)
    for each in wanted:
        if publish:
            each.publish(relations, now)
