"""The places of a market: tables, stands, rooms, and rooms online."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Text, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.actors import Actor
from app.errors import Conflict, Invalid, NotFound
from app.markets import reads
from app.markets.naming import NameTaken, under_its_own_name
from app.markets.place_schemas import PlaceIn, PlacePatch, flaw_of_place
from app.markets.service import changes_of, lock_market
from app.models.accounts import Organisation, Standing
from app.models.agendas import AgendaEntry
from app.models.markets import Hall, Market, Place, PlaceKind
from app.models.meetings import Meeting
from app.models.profiles import SellerProfile
from app.pagination import PageRequest


async def list_places(
    session: AsyncSession,
    market: Market,
    page: PageRequest,
    *,
    hall_id: int | None,
    seller_id: int | None,
    kind: PlaceKind | None,
) -> tuple[list[Place], str | None]:
    """Give a page of a market's places, in the order they were made."""
    statement = select(Place).where(Place.market_id == market.id).options(*reads.WHOLE_PLACE)
    wanted = ((Place.hall_id, hall_id), (Place.seller_id, seller_id), (Place.kind, kind))
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    return await reads.page_of_rows(session, statement, Place.id, page, newest_first=False)


async def get_place(session: AsyncSession, actor: Actor, id_: int) -> Place:
    """Give a place.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    return await _found(session, reads.visible_places(actor), id_)


async def lock_place(session: AsyncSession, actor: Actor, id_: int) -> tuple[Market, Place]:
    """Give a place to change and its market: nobody books there meanwhile.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    seen = await get_place(session, actor, id_)
    market = await lock_market(session, actor, seen.market_id)
    return market, await hold_place(session, actor, id_)


async def hold_place(session: AsyncSession, actor: Actor, id_: int) -> Place:
    """Give a place that nobody else books or changes until the transaction ends.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
    """
    return await _found(session, reads.visible_places(actor).with_for_update(of=Place), id_)


async def _found(session: AsyncSession, statement: Select[Place], id_: int) -> Place:
    statement = statement.where(Place.id == id_).options(*reads.WHOLE_PLACE)
    found = await session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("place")
    return found


async def create_places(
    session: AsyncSession,
    actor: Actor,
    market: Market,
    wanted: Sequence[PlaceIn],
    pointers: Sequence[str],
) -> list[Place]:
    """Make places of a market, all of them or none; `pointers` says where each was given.

    Raises:
        Invalid: two have one name, a hall is none of the market's, or a seller is none.
        NameTaken: other places of the market have some of the names.
    """
    _require_each_name_once(wanted, pointers)
    halls = {f"{at}/hall_id": one.hall_id for at, one in zip(pointers, wanted, strict=True)}
    await _require_halls(session, market.id, halls)
    sellers = {f"{at}/seller_id": one.seller_id for at, one in zip(pointers, wanted, strict=True)}
    await _require_sellers(session, sellers)
    places = [Place(market_id=market.id, **one.model_dump()) for one in wanted]
    try:
        async with under_its_own_name(session):
            session.add_all(places)
    except NameTaken:
        raise await _taken(session, market.id, [one.name for one in wanted]) from None
    for place in places:
        _record(session, actor, "place.created", place, name=place.name, kind=place.kind)
    return await _whole(session, [place.id for place in places])


async def _whole(session: AsyncSession, ids: Sequence[int]) -> list[Place]:
    statement = select(Place).where(Place.id.in_(ids)).options(*reads.WHOLE_PLACE)
    rows = await session.scalars(statement.execution_options(populate_existing=True))
    places = {place.id: place for place in rows}
    return [places[id_] for id_ in ids]


async def update_place(
    session: AsyncSession, actor: Actor, place: Place, patch: PlacePatch
) -> Place:
    """Change a place; what the patch leaves out stays.

    Raises:
        Invalid: it would not stand where its kind stands, or its seller is none.
        NameTaken: another place of the market has that name.
    """
    given = patch.given()
    if (closed := given.pop("closed", None)) is not None and closed != bool(place.closed_at):
        given["closed_at"] = datetime.now(UTC) if closed else None
    changes = changes_of(place, given)
    if not changes:
        return place
    hall_id = changes.get("hall_id", place.hall_id)
    if (flaw := flaw_of_place(changes.get("kind", place.kind), hall_id)) is not None:
        raise Invalid.field("/hall_id", flaw)
    await _require_halls(session, place.market_id, {"/hall_id": changes.get("hall_id")})
    await _require_sellers(session, {"/seller_id": changes.get("seller_id")})
    async with under_its_own_name(session):
        for name, value in changes.items():
            setattr(place, name, value)
    _record(session, actor, "place.updated", place, changed=sorted(changes))
    (whole,) = await _whole(session, [place.id])
    return whole


async def delete_place(session: AsyncSession, actor: Actor, place: Place) -> None:
    """Take a place away, with its blocks; no meeting to come is there any more.

    Raises:
        Conflict: people have met there.
    """
    there = Meeting.place_id == place.id
    if await session.scalar(select(Meeting.id).where(there, Meeting.cancelled_at.is_(None))):
        raise Conflict(
            "People have met here, and their meetings stay. Close the place instead.",
            code="place_used",
        )
    # What was called off keeps the words of where it would have been.
    await session.execute(update(Meeting).where(there).values(place_id=None))
    await session.execute(delete(AgendaEntry).where(AgendaEntry.place_id == place.id))
    await session.delete(place)
    await session.flush()
    _record(session, actor, "place.deleted", place)


def _require_each_name_once(wanted: Sequence[PlaceIn], pointers: Sequence[str]) -> None:
    seen: set[str] = set()
    errors = []
    for at, one in zip(pointers, wanted, strict=True):
        if one.name.lower() in seen:
            errors.append({"pointer": f"{at}/name", "detail": "is given twice"})
        seen.add(one.name.lower())
    _refuse(errors)


async def _require_halls(
    session: AsyncSession, market_id: int, wanted: dict[str, int | None]
) -> None:
    """Hold halls to those of a market, and keep them there until the transaction ends."""
    ids = {id_ for id_ in wanted.values() if id_ is not None}
    if not ids:
        return
    found = await session.scalars(
        select(Hall.id)
        .where(Hall.id.in_(ids), Hall.market_id == market_id)
        .order_by(Hall.id)
        .with_for_update(read=True, key_share=True)
    )
    _refuse(_errors(wanted, set(found), "must be a hall of this market"))


async def _require_sellers(session: AsyncSession, wanted: dict[str, int | None]) -> None:
    ids = {id_ for id_ in wanted.values() if id_ is not None}
    if not ids:
        return
    found = await session.scalars(
        select(Organisation.id)
        .join(SellerProfile, SellerProfile.organisation_id == Organisation.id)
        .where(Organisation.id.in_(ids), Organisation.standing == Standing.APPROVED)
    )
    _refuse(_errors(wanted, set(found), "must be a seller of the market"))


def _errors(wanted: dict[str, int | None], found: set[int], detail: str) -> list[dict[str, Any]]:
    return [
        {"pointer": pointer, "detail": detail}
        for pointer, id_ in wanted.items()
        if id_ is not None and id_ not in found
    ]


def _refuse(errors: list[dict[str, Any]]) -> None:
    if errors:
        raise Invalid("The request can't be taken as it is: see errors.", errors=errors)


async def _taken(session: AsyncSession, market_id: int, names: Sequence[str]) -> NameTaken:
    """Say which of some names other places have."""
    asked = select(func.lower(func.unnest(literal(list(names), ARRAY(Text)))))
    statement = select(Place.name).where(
        Place.market_id == market_id, func.lower(Place.name).in_(asked)
    )
    return NameTaken(
        "Other places of this market have these names. Take other ones.",
        names=sorted(await session.scalars(statement)),
    )


def _record(session: AsyncSession, actor: Actor, type_: str, place: Place, **data: object) -> None:
    events.record(
        session,
        actor,
        type_,
        place.id,
        organisation_ids=[actor.organisation_id],
        data={"market_id": str(place.market_id), **data},
    )
