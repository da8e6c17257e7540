"""What must hold before a request is made: whom one may ask, about what, and how much at once."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.visibility import in_market
from app.errors import Conflict, Forbidden, Invalid
from app.meetings.rules import flaw_of_start
from app.meetings.schemas import MeetingRequestIn
from app.models.accounts import IS_SOMEBODY, Organisation, Person, Standing
from app.models.catalogue import Title
from app.models.meetings import MeetingRequest, MeetingRequestState
from app.models.profiles import BuyerProfile, SellerProfile

# More than a person can meet in four days of 16 slots, fewer than there are to be asked. A market
# may say something else.
MAX_PENDING = 100


async def require_counterpart(session: AsyncSession, actor: Actor, asked_id: int) -> set[int]:
    """Hold to the market's one rule of who may ask whom: buyers sellers, and sellers buyers.

    Gives the sellers among the two sides: those whose titles they can talk about.

    Raises:
        Forbidden: the actor's organisation has no profile, or runs the market.
        Invalid: the asked one is not there to be asked by them.
    """
    if asked_id == actor.organisation_id:
        raise Invalid.field(
            "/to_organisation_id", "is your own organisation", code="own_organisation"
        )
    sides = await _sides(session, actor.organisation_id, asked_id)
    own_sells, own_buys = sides.get(actor.organisation_id, (False, False))
    if not (own_sells or own_buys):
        raise Forbidden(
            "Only sellers and buyers ask for meetings: PUT /v1/sellers/{organisation_id} or "
            "/v1/buyers/{organisation_id} makes your organisation one.",
            code="no_profile",
        )
    if asked_id not in sides:
        raise Invalid.field(
            "/to_organisation_id",
            "must be an organisation that sells or buys in the market",
            code="unknown_organisation",
        )
    sells, buys = sides[asked_id]
    seller_ids = {actor.organisation_id} if own_sells and buys else set()
    if own_buys and sells:
        seller_ids.add(asked_id)
    if not seller_ids:
        raise Invalid.field(
            "/to_organisation_id",
            "must be a seller of the market where you buy, or a buyer where you sell",
            code="not_a_counterpart",
        )
    return seller_ids


async def _sides(session: AsyncSession, *ids: int) -> dict[int, tuple[bool, bool]]:
    """Tell of each organisation of the market whether it sells, and whether it buys."""
    statement = select(
        Organisation.id,
        exists().where(SellerProfile.organisation_id == Organisation.id).correlate(Organisation),
        exists().where(BuyerProfile.organisation_id == Organisation.id).correlate(Organisation),
    ).where(
        Organisation.id.in_(ids),
        Organisation.standing == Standing.APPROVED,
        Organisation.is_organiser.is_(False),
    )
    return {id_: (sells, buys) for id_, sells, buys in await session.execute(statement)}


async def require_person_of(
    session: AsyncSession, organisation_id: int, person_id: int, pointer: str
) -> None:
    """Hold a person to an organisation.

    Raises:
        Invalid: nobody there is that person now.
    """
    found = await session.scalar(
        select(Person.id).where(
            Person.id == person_id,
            Person.organisation_id == organisation_id,
            Person.removed_at.is_(None),
            IS_SOMEBODY,
        )
    )
    if found is None:
        raise Invalid.field(
            pointer, "must be one of that organisation's people, and still be there"
        )


async def require_published(
    session: AsyncSession, title_ids: Sequence[int], seller_ids: Collection[int]
) -> None:
    """Hold a request to titles that the market sees and one of its sides sells.

    Raises:
        Invalid: names each title that is not.
    """
    found = await session.scalars(
        select(Title.id).where(
            Title.id.in_(title_ids),
            in_market(),
            Title.seller_id.in_(seller_ids),
        )
    )
    missing = set(title_ids) - set(found)
    if missing:
        raise Invalid(
            "The request can't be taken as it is: see errors.",
            errors=[
                {
                    "pointer": f"/title_ids/{place}",
                    "detail": "must be a published title of the side that sells",
                }
                for place, id_ in enumerate(title_ids)
                if id_ in missing
            ],
        )


async def require_room_for_one_more(
    session: AsyncSession, actor: Actor, wanted: MeetingRequestIn, quota: int | None
) -> list[MeetingRequest]:
    """Keep a person from asking the same again, or everybody at once.

    `quota` is how many may wait at a market. Gives those of the actor's requests that are overdue
    and not marked so yet: while they look pending, `uq_meeting_requests_pending` would refuse the
    next.

    Raises:
        Conflict: the same was asked and is not answered, or too much is not.
    """
    # Their own row, so that two requests of one person come one after the other.
    await session.execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)
    )
    mine = select(MeetingRequest).where(
        MeetingRequest.from_person_id == actor.person_id,
        MeetingRequest.market_id.is_not_distinct_from(wanted.market_id),
        MeetingRequest.state == MeetingRequestState.PENDING,
    )
    overdue = await session.scalars(
        mine.where(MeetingRequest.expires_at <= func.now()).with_for_update()
    )
    waiting = await session.scalars(mine.where(MeetingRequest.expires_at > func.now()))
    asked = {(one.to_organisation_id, one.to_person_id): one.id for one in waiting}
    same = asked.get((wanted.to_organisation_id, wanted.to_person_id))
    if same is not None:
        raise Conflict(
            "You asked them already and they have not answered. Wait, or cancel that request and "
            "ask anew.",
            code="already_asked",
            meeting_request_id=str(same),
        )
    most = MAX_PENDING if quota is None else quota
    if len(asked) >= most:
        raise Conflict(
            f"{most} of your requests wait for an answer. Cancel one, or wait: what is answered, "
            "declined, cancelled or expired makes room.",
            code="too_many_pending",
            quota=most,
        )
    return list(overdue)


def require_ahead(starts_at: datetime, now: datetime, pointer: str) -> None:
    """Hold a time to come to what can be planned.

    Raises:
        Invalid: it is over, or too far away.
    """
    if (flaw := flaw_of_start(starts_at, now)) is not None:
        raise Invalid.field(pointer, flaw)
