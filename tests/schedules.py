"""What the tests of the schedule share: a market of a few companies, planned by the real worker."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

import httpx2

from app.meetings.planning.instance import Instance, Meeting, Person, Place, Request, Slot
from app.worker import HANDLERS, make_worker
from tests.markets import DAYS, accredited, hall, hours, opened, place
from tests.meetings import ask, respond
from tests.operations import means_of
from tests.world import Caller, World

Json = dict[str, Any]


@dataclass
class Floor:
    """A market with who attends it, and where they meet."""

    world: World
    organiser: Caller
    market: Json
    sellers: list[Caller]
    buyers: list[Caller]
    halls: list[Json]
    tables: list[Json]
    accreditations: dict[str, Json] = field(default_factory=dict)
    # Who asked whom, by request
    wishes: dict[str, tuple[Caller, Caller]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Give the address of its runs."""
        return f"/markets/{self.market['id']}/schedule-runs"

    async def attend(self, person: Caller, role: str, **wanted: Any) -> None:
        """Register somebody."""
        made = await accredited(self.organiser, self.market["id"], person, role, **wanted)
        self.accreditations[person.person_id] = made

    async def accept(
        self,
        asker: Caller,
        asked: Caller,
        *,
        anyone: bool = False,
        starts_at: str | None = None,
        **wanted: Any,
    ) -> str:
        """Ask and accept, without a time so that it waits for the schedule; give the request."""
        request = await ask(
            asker,
            asked,
            market_id=self.market["id"],
            to_person_id=None if anyone else asked.person_id,
            **wanted,
        )
        body: Json = {"anyone": True} if anyone else {}
        answer = await respond(asked, request, "accept", body | {"starts_at": starts_at})
        assert answer.json()["state"] == ("scheduled" if starts_at else "accepted"), answer.text
        self.wishes[str(request["id"])] = (asker, asked)
        return str(request["id"])

    async def everybody_meets(self, **wanted: Any) -> list[str]:
        """Have each buyer wish to meet each seller."""
        return [
            await self.accept(buyer, seller, **wanted)
            for buyer in self.buyers
            for seller in self.sellers
        ]

    async def begin(self, **wanted: Any) -> Json:
        """Ask for a plan, and give the run."""
        answer = await self.organiser.post(self.path, {"effort": 0.1} | wanted)
        assert answer.status_code == 202, answer.text
        run: Json = answer.json()
        return run

    async def planned(self, **wanted: Any) -> Json:
        """Have the worker make a plan, and give the run."""
        run = await self.begin(**wanted)
        await work(self.world)
        found = await self.run(run["id"])
        assert found["state"] == "planned", found
        return found

    async def run(self, id_: str) -> Json:
        """Give a run as it stands."""
        answer = await self.organiser.get(f"/schedule-runs/{id_}")
        assert answer.status_code == 200, answer.text
        run: Json = answer.json()
        return run

    async def meetings(self, run: Json, **params: Any) -> list[Json]:
        """Give all meetings of a plan."""
        return await self._all(f"/schedule-runs/{run['id']}/meetings", params)

    async def left_out(self, run: Json, **params: Any) -> list[Json]:
        """Give all that a plan leaves out."""
        return await self._all(f"/schedule-runs/{run['id']}/left-out", params)

    async def _all(self, path: str, params: Json) -> list[Json]:
        found: list[Json] = []
        asked = dict(params)
        while True:
            answer = await self.organiser.get(path, params=asked)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            asked["cursor"] = page["next_cursor"]

    async def instance(self) -> Instance:
        """Give what was to be planned, by what the API says: everybody free, all places shared."""
        slots = (await self.organiser.get(f"/markets/{self.market['id']}/slots")).json()["items"]
        free = frozenset(range(len(slots)))
        people = {one.person_id: one for one in (*self.sellers, *self.buyers)}
        return Instance(
            slots=tuple(
                Slot(0, _minutes(one["starts_at"]), _minutes(one["ends_at"])) for one in slots
            ),
            people=tuple(
                Person(int(id_), int(one.organisation_id), free) for id_, one in people.items()
            ),
            places=tuple(Place(int(one["id"]), int(one["hall_id"]), free) for one in self.tables),
            requests=tuple(
                Request(int(id_), ((int(asker.person_id),), (int(asked.person_id),)))
                for id_, (asker, asked) in self.wishes.items()
            ),
            walks={
                (int(one["id"]), int(other["id"])): self.market["walk_minutes"]
                for one, other in combinations(self.halls, 2)
            },
        )

    async def apply(self, run: Json) -> httpx2.Response:
        """Apply a plan."""
        return await self.organiser.post(f"/schedule-runs/{run['id']}/apply")

    async def applied(self, **wanted: Any) -> Json:
        """Plan and apply, and give the run."""
        answer = await self.apply(await self.planned(**wanted))
        assert answer.status_code == 200, answer.text
        run: Json = answer.json()
        return run


def _minutes(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp()) // 60


async def as_planned(found: Floor, meetings: list[Json]) -> dict[int, Meeting]:
    """Give a plan that came over HTTP to the checker."""
    path = f"/markets/{found.market['id']}/slots"
    slots = [one["starts_at"] for one in (await found.organiser.get(path)).json()["items"]]
    return {
        int(one["request_id"]): Meeting(
            slots.index(one["starts_at"]),
            int(one["place"]["id"]),
            (int(one["people"][0]["person"]["id"]), int(one["people"][1]["person"]["id"])),
        )
        for one in meetings
    }


async def floor(
    world: World,
    organiser: Caller,
    *,
    sellers: int = 4,
    buyers: int = 6,
    tables: int = 4,
    halls: int = 1,
    closes: str = "12:00",
    **wanted: Any,
) -> Floor:
    """Open a market for a morning, with tables shared by all; everybody attends in person."""
    market = await opened(organiser, **wanted)
    answer = await organiser.put(
        f"/markets/{market['id']}/hours", hours(DAYS[0], closes=closes, breaks=[])
    )
    assert answer.status_code == 200, answer.text
    made = [await hall(organiser, market["id"], f"Hall {number}") for number in range(halls)]
    found = Floor(
        world,
        organiser,
        market,
        [await world.seller() for _ in range(sellers)],
        [await world.buyer() for _ in range(buyers)],
        made,
        [await place(organiser, made[n % halls], f"T{n}") for n in range(tables)],
    )
    for people, role in ((found.sellers, "seller"), (found.buyers, "buyer")):
        for person in people:
            await found.attend(person, role)
    return found


async def work(world: World) -> None:
    """Do what is due, and stop."""
    worker = make_worker(world.app.state.settings, means_of(world), HANDLERS)
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, delete_jobs="successful", install_signal_handlers=False
        )
