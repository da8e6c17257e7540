"""What the tests of meetings at a market share: an edition with tables and people who attend it."""

from dataclasses import dataclass
from typing import Any

from tests import markets
from tests.meetings import ask, respond
from tests.world import Caller, World

Json = dict[str, Any]


@dataclass(frozen=True)
class Fair:
    """An open market in Tehran with two tables in a hall, and who attends it."""

    world: World
    organiser: Caller
    seller: Caller
    buyer: Caller
    market: Json
    hall: Json
    tables: list[Json]

    @property
    def id(self) -> str:
        """Name the market."""
        return str(self.market["id"])

    async def slots(self) -> list[Json]:
        """Give the slots of the first day."""
        path = f"/markets/{self.id}/slots?day={markets.DAYS[0]}&limit=100"
        found: list[Json] = (await self.organiser.get(path)).json()["items"]
        return found

    async def attends(self, person: Caller, role: str, **wanted: Any) -> Json:
        """Accredit somebody."""
        return await markets.accredited(self.organiser, self.id, person, role, **wanted)

    async def another(self, role: str, **wanted: Any) -> Caller:
        """Give somebody of another company who attends."""
        person = await (self.world.seller() if role == "seller" else self.world.buyer())
        await self.attends(person, role, **wanted)
        return person

    async def asked(
        self, asker: Caller | None = None, asked: Caller | None = None, **wanted: Any
    ) -> Json:
        """Ask for a meeting at the market; the buyer asks the seller."""
        to = asked or self.seller
        named = {"to_person_id": to.person_id, **wanted}
        return await ask(asker or self.buyer, to, market_id=self.id, **named)

    async def met(
        self,
        slot: Json,
        asker: Caller | None = None,
        asked: Caller | None = None,
        **wanted: Any,
    ) -> Json:
        """Ask and accept in a slot."""
        request = await self.asked(asker, asked, **wanted)
        starts_at = {"starts_at": slot["starts_at"]}
        answer = await respond(asked or self.seller, request, "accept", starts_at)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


async def fair(world: World, *, tables: int = 2, **wanted: Any) -> Fair:
    """Make an open market with tables, and one seller and one buyer who attend."""
    organiser, seller, buyer = await world.organiser(), await world.seller(), await world.buyer()
    market = await markets.opened(organiser, **wanted)
    hall = await markets.hall(organiser, market["id"])
    made = [await markets.place(organiser, hall, f"T{number}") for number in range(tables)]
    found = Fair(world, organiser, seller, buyer, market, hall, made)
    await found.attends(seller, "seller")
    await found.attends(buyer, "buyer")
    return found
