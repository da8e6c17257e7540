"""Loads the demo market, once, in one transaction."""

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.organisers import create_organiser
from app.accounts.schemas import OrganisationSignUp
from app.accounts.service import approve, sign_up
from app.actors import Actor
from app.buyers.schemas import BuyerIn
from app.buyers.service import lock_buyer, put_buyer
from app.catalogue import service as catalogue
from app.catalogue.schemas import TitleIn
from app.db import open_database
from app.demo.edition import add_edition
from app.meetings.responding import accept_request, decline_request
from app.meetings.schemas import MeetingRequestAcceptance, MeetingRequestIn
from app.meetings.service import create_request
from app.models.accounts import Organisation, Person, Role, Standing
from app.sellers.schemas import SellerIn
from app.sellers.service import lock_seller, put_seller
from app.settings import Settings

DEMO_PASSWORD = "filmmart-demo"  # noqa: S105  # the demo market alone, on loopback alone
DEMO_ACCOUNTS = [
    ("organiser@demo.example", "runs the market: approves companies, sees everything"),
    ("seller@demo.example", "lists titles, grants screeners, answers requests"),
    ("buyer@demo.example", "finds titles, asks for screeners and meetings"),
]
OFFICE = "office"
HALF_AN_HOUR = timedelta(minutes=30)
# Any number of our own: two loaders at once come one after the other.
LOADING = 4_107_300_001

Entry = dict[str, Any]


async def load_demo_market(settings: Settings) -> None:
    """Load the demo market where it isn't yet: all of it, or nothing."""
    database = await open_database(settings)
    try:
        async with database.session() as session, session.begin():
            # Who waits, waits until the other is done: on a busy machine that is many seconds.
            for timeout in ("lock_timeout", "statement_timeout"):
                await session.execute(text(f"SET LOCAL {timeout} = 0"))
            await session.execute(select(func.pg_advisory_xact_lock(LOADING)))
            if not await _is_loaded(session):
                await _Loader(session, settings).load()
    finally:
        await database.close()


async def _is_loaded(session: AsyncSession) -> bool:
    organiser, _ = DEMO_ACCOUNTS[0]
    found = await session.scalar(select(Person.id).where(func.lower(Person.email) == organiser))
    return found is not None


def _read(name: str) -> Entry:
    return tomllib.loads(files("app.demo").joinpath(name).read_text(encoding="utf-8"))


@dataclass
class _Loader:
    """What is made on the way, by the names it has in the data."""

    session: AsyncSession
    settings: Settings
    actors: dict[str, Actor] = field(default_factory=dict)
    title_ids: dict[str, int] = field(default_factory=dict)

    async def load(self) -> None:
        data = _read("companies.toml")
        for company in data["companies"]:
            await self._add_company(company)
        for title in _read("titles.toml")["titles"]:
            await self._add_title(title)
        for meeting in data["meetings"]:
            await self._add_meeting(meeting)
        office = self.actors[OFFICE]
        await add_edition(self.session, office, self.actors, _read("edition.toml"))

    async def _add_company(self, company: Entry) -> None:
        key = company["key"]
        wanted = _sign_up_of(company)
        if company.get("organiser"):
            person = await create_organiser(self.session, wanted)
            organisation = await self.session.get_one(Organisation, person.organisation_id)
        else:
            organisation, person = await sign_up(self.session, wanted)
            if not company.get("pending"):
                await approve(self.session, self.actors[OFFICE], organisation)
        self.actors[key] = actor = _actor_of(person, organisation, company)
        if "seller" in company:
            its, none_yet = await lock_seller(self.session, actor, organisation.id)
            sells = SellerIn.model_validate(company["seller"])
            await put_seller(self.session, actor, its, none_yet, sells)
        if "buyer" in company:
            its, nothing_yet = await lock_buyer(self.session, actor, organisation.id)
            seeks = BuyerIn.model_validate(company["buyer"])
            await put_buyer(self.session, actor, its, nothing_yet, seeks)

    async def _add_title(self, entry: Entry) -> None:
        actor = self.actors[entry.pop("seller")]
        directors = [{"role": "director", "name": name} for name in entry.pop("directors")]
        wanted = TitleIn.model_validate({**entry, "credits": directors})
        title = await catalogue.create(self.session, actor, wanted)
        await catalogue.publish(self.session, actor, title)
        self.title_ids[entry["reference"]] = title.id

    async def _add_meeting(self, entry: Entry) -> None:
        asking, asked = self.actors[entry["from"]], self.actors[entry["to"]]
        times = [_time_of(time, asked.time_zone) for time in entry["times"]]
        wanted = MeetingRequestIn.model_validate(
            {
                "to_organisation_id": asked.organisation_id,
                "title_ids": [self.title_ids[reference] for reference in entry["titles"]],
                "message": entry["message"],
                "proposed_times": times,
            }
        )
        request = await create_request(self.session, asking, wanted, self.settings)
        if entry.get("outcome") == "accepted":
            agreed = MeetingRequestAcceptance.model_validate(
                {**times[0], "place": entry.get("place")}
            )
            await accept_request(self.session, asked, request.id, agreed)
        if entry.get("outcome") == "declined":
            await decline_request(self.session, asked, request.id, entry["answer"])


def _sign_up_of(company: Entry) -> OrganisationSignUp:
    account = company.get("account", company["key"])
    secret = {"email": f"{account}@demo.example", "password": DEMO_PASSWORD}
    return OrganisationSignUp.model_validate(
        {
            "name": company["name"],
            "country": company["country"],
            "website": company.get("website"),
            "person": company["person"] | secret,
        }
    )


def _actor_of(person: Person, organisation: Organisation, company: Entry) -> Actor:
    return Actor(
        person_id=person.id,
        organisation_id=organisation.id,
        session_id=0,
        role=Role.ADMIN,
        standing=Standing(organisation.standing),
        is_organiser=organisation.is_organiser,
        sells="seller" in company,
        buys="buyer" in company,
        time_zone=person.time_zone,
        language=person.language,
    )


def _time_of(time: Entry, time_zone: str) -> dict[str, datetime]:
    """Give half an hour, so many days from now, at an hour of a place's own clock."""
    zone = ZoneInfo(time_zone)
    day = datetime.now(UTC).astimezone(zone) + timedelta(days=time["day"])
    starts_at = day.replace(hour=time["hour"], minute=0, second=0, microsecond=0)
    return {"starts_at": starts_at, "ends_at": starts_at + HALF_AN_HOUR}
