"""An operation that will go says so in every answer, and in the description."""

from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app.deprecation import deprecated
from app.errors import NotFound
from app.hot import HotRoute, Lane
from app.openapi import build
from tests.world import World

MARKER = deprecated(date(2027, 1, 1), sunset_on=date(2027, 7, 1), instead="/v1/films/{film_id}")
TOLD = {
    "Deprecation": "@1798761600",
    "Sunset": "Thu, 01 Jul 2027 00:00:00 GMT",
    "Link": '</v1/films/{film_id}>; rel="successor-version", </docs>; rel="deprecation"',
}


def teach(world: World, route_class: type[APIRoute]) -> None:
    """Add an operation that will go, and one beside it that stays."""
    router = APIRouter(prefix="/v1", route_class=route_class)

    async def ancient(number: int) -> dict[str, int]:
        """Read a film by its number."""
        if number == 0:
            raise NotFound("There is no such film.")
        return {"number": number}

    router.add_api_route("/ancient/{number}", ancient, methods=["GET"], **MARKER)
    router.add_api_route("/young/{number}", ancient, methods=["GET"])
    world.app.include_router(router)
    world.app.state.lane = Lane(world.app)


async def test_what_will_go_says_since_when_until_when_and_what_comes_instead(world: World) -> None:
    teach(world, APIRoute)
    for number, status in ((1, 200), (0, 404), ("no number", 422)):
        answer = await world.anonymous.get(f"/ancient/{number}")
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in TOLD} == TOLD
    answer = await world.anonymous.get("/young/1")
    assert answer.status_code == 200
    assert TOLD.keys() & {name.title() for name in answer.headers} == set()


async def test_a_hot_read_that_will_go_says_so_too(world: World) -> None:
    router = APIRouter(route_class=HotRoute)

    async def hot(request: Request) -> Response:
        return Response(request.method)

    router.add_api_route("/hot", hot, methods=["GET"], **MARKER)
    world.app.include_router(router)
    world.app.state.lane = Lane(world.app)
    answer = await world.http.get("/hot")
    assert answer.headers["Deprecation"] == TOLD["Deprecation"]


async def test_the_description_tells_what_will_go(world: World) -> None:
    teach(world, APIRoute)
    document = build(world.app)
    operation = document["paths"]["/v1/ancient/{number}"]["get"]
    assert operation["deprecated"] is True
    assert operation["x-deprecation"]["sunset_on"] == "2027-07-01"
    assert {"Deprecation", "Sunset"} <= operation["responses"]["200"]["headers"].keys()
    assert {"Deprecation", "Sunset"} <= document["components"]["headers"].keys()
    assert "deprecated" not in document["paths"]["/v1/young/{number}"]["get"]
