"""The demo market's edition: days, halls and tables, and everybody registered."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.markets import accreditations, halls, hours, places, service
from app.markets.accreditation_schemas import AccreditationIn
from app.markets.hall_schemas import HallIn, WalksIn
from app.markets.hour_schemas import HoursIn
from app.markets.place_schemas import PlacesIn
from app.markets.rules import DayHours
from app.markets.schemas import MarketIn
from app.models.markets import AccreditationRole, Market, PlaceKind

Entry = dict[str, Any]
Actors = dict[str, Actor]
DAY = timedelta(days=1)


async def add_edition(session: AsyncSession, office: Actor, actors: Actors, data: Entry) -> None:
    """Make the edition, open it, and register everybody who is in the market."""
    days = list(_days(data))
    market = await service.create_market(session, office, _market_of(data, days))
    await hours.put_hours(session, office, market, _hours_of(data, days))
    ids = await _add_halls(session, office, market, data)
    await _add_places(session, office, market, list(_places(data, ids, actors)))
    await service.open_market(session, office, market)
    for actor in actors.values():
        if actor.in_market:
            wanted = AccreditationIn(person_id=actor.person_id, role=_role_of(actor))
            await accreditations.create_accreditation(session, office, market, wanted)


def _days(data: Entry) -> Iterator[date]:
    today = datetime.now(UTC).astimezone(ZoneInfo(data["time_zone"])).date()
    for number in range(data["lasts_days"]):
        yield today + (data["starts_in_days"] + number) * DAY


def _market_of(data: Entry, days: list[date]) -> MarketIn:
    rules = {name: value for name, value in data.items() if name in MarketIn.model_fields}
    return MarketIn.model_validate({**rules, "starts_on": days[0], "ends_on": days[-1]})


def _hours_of(data: Entry, days: list[date]) -> list[DayHours]:
    same = {name: data[name] for name in ("opens", "closes", "breaks")}
    wanted = HoursIn.model_validate({"days": [{"day": day, **same} for day in days]})
    return [one.hours for one in wanted.days]


async def _add_halls(
    session: AsyncSession, office: Actor, market: Market, data: Entry
) -> dict[str, int]:
    ids = {}
    for hall in data["halls"]:
        made = await halls.create_hall(session, office, market, HallIn(name=hall["name"]))
        ids[made.name] = made.id
    walks = [
        {"hall_ids": [ids[name] for name in walk["between"]], "minutes": walk["minutes"]}
        for walk in data["walks"]
    ]
    wanted = WalksIn.model_validate({"walks": walks})
    await halls.put_walks(session, office, market, wanted.walks)
    return ids


async def _add_places(
    session: AsyncSession, office: Actor, market: Market, wanted: list[Entry]
) -> None:
    made = PlacesIn.model_validate({"places": wanted}).places
    pointers = [f"/places/{number}" for number in range(len(made))]
    await places.create_places(session, office, market, made, pointers)


def _places(data: Entry, hall_ids: dict[str, int], actors: Actors) -> Iterator[Entry]:
    for hall in data["halls"]:
        here = {"hall_id": hall_ids[hall["name"]]}
        for name in _numbered(hall["tables"]):
            yield {"name": name, "kind": PlaceKind.TABLE, **here}
        for name, seller in hall["stands"].items():
            stands = {"kind": PlaceKind.STAND, "seller_id": actors[seller].organisation_id}
            yield {"name": name, **stands, **here}
    for name in _numbered(data["online"]):
        yield {"name": name, "kind": PlaceKind.ONLINE}


def _numbered(series: Entry) -> list[str]:
    return [f"{series['prefix']}{number}" for number in range(1, series["count"] + 1)]


def _role_of(actor: Actor) -> AccreditationRole:
    if actor.sells:
        return AccreditationRole.SELLER
    return AccreditationRole.BUYER if actor.buys else AccreditationRole.STAFF
