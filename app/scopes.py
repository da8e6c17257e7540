"""What a client of the API may be let do: to read, and to write, per noun of the business.

Every operation that asks who calls declares its scope beside its route, or that it is for people
alone. It is held to it in one place, where a request's caller is found (`app.authentication`), so
none can forget to ask; an operation that declares nothing is closed to clients.
"""

from typing import Any

from fastapi import Depends, params
from fastapi.routing import APIRoute

# What may be read of each, and what may be written; None where nothing is.
NOUNS: dict[str, tuple[str | None, str | None]] = {
    "organisations": (
        "Companies of the market, and their profiles as sellers and buyers.",
        "Your own company and its profiles; of organisers: who is let into the market.",
    ),
    "people": ("Your company's people, by name and e-mail address.", None),
    "titles": (
        "Titles on the market, and your own in any state.",
        "Your own titles and their texts; publishing and withdrawing them.",
    ),
    "rights": (
        "What of a title may be sold and is free; your own holdings, offerings and licences.",
        "Your own holdings, offerings and licences.",
    ),
    "screeners": (
        "Screeners you may see, who may watch yours, and reports of who did.",
        "Your own screeners: uploads, subtitles, leave to watch; asking others for theirs.",
    ),
    "markets": (
        "Editions of the market: halls, places, hours, and who is accredited.",
        "Accreditations of your people; of organisers: everything about a market.",
    ),
    "meetings": (
        "Your company's meetings and requests; of organisers: the schedule and the grid.",
        "Answering and calling off; of organisers: planning, moving and checking in.",
    ),
    "imports": (
        "What became of your imports.",
        "Bringing in titles, rights and companies by the file: whatever such a file may change.",
    ),
    "exports": ("Taking out whatever you may see, by the file.", "Beginning and ending exports."),
    "operations": ("Long work: how far it is and what it found.", "Calling it off."),
    "events": ("The feed of facts that your company may know.", None),
    "webhooks": (
        "Your webhooks and the log of what was delivered.",
        "Your webhooks: addresses, secrets, replays.",
    ),
}


def _scopes() -> dict[str, str]:
    return {
        f"{noun}:{verb}": told
        for noun, words in NOUNS.items()
        for verb, told in zip(("read", "write"), words, strict=True)
        if told is not None
    }


# Every scope there is, and what it lets a client do.
SCOPES = _scopes()
# Methods that change nothing
_READS = frozenset({"GET", "HEAD"})


class Declared:
    """A route's scope, carried among its dependencies: it asks for nothing itself."""

    def __init__(self, noun: str | None, verb: str | None = None) -> None:
        """Name the noun, None for people alone; the verb follows from the method if not given."""
        self.noun = noun
        self.verb = verb

    async def __call__(self) -> None:
        """Do nothing: who calls is held to it where they are found."""

    def of(self, route: APIRoute) -> str | None:
        """Name the scope of a route."""
        if self.noun is None:
            return None
        verb = self.verb or ("read" if _READS.issuperset(route.methods or ()) else "write")
        return f"{self.noun}:{verb}"


def scoped(noun: str, verb: str | None = None) -> params.Depends:
    """Declare a router's or an operation's scope: `dependencies=[scoped("titles")]`.

    A GET is `titles:read` and everything else `titles:write`, unless the verb is given.
    """
    if noun not in NOUNS:
        raise ValueError(f"no noun of a scope: {noun}")
    dependency: params.Depends = Depends(Declared(noun, verb))
    return dependency


# Of an operation that is people's own: their account, their agenda, what they watch.
PEOPLE_ONLY: params.Depends = Depends(Declared(None))


def scope_of(route: Any) -> str | None:  # noqa: ANN401  # whatever the router found
    """Name the scope that a client needs for a route; None where it is for people alone."""
    for dependency in reversed(getattr(route, "dependencies", ())):
        if isinstance(dependency.dependency, Declared):
            return dependency.dependency.of(route)
    return None
