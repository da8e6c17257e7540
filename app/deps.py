"""What endpoints depend on: `XDep` for things, `CurrentX` for callers."""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.authentication import authenticate, bearer_token
from app.db import Reads
from app.errors import Forbidden, Unauthenticated
from app.models.accounts import Standing
from app.pagination import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from app.s3 import Store
from app.security import Signer, elsewhere
from app.settings import Settings

OAUTH2 = OAuth2PasswordBearer(
    tokenUrl="/v1/oauth/token",
    refreshUrl="/v1/oauth/token",
    auto_error=False,
    description="`POST /v1/oauth/token` with an e-mail address and password.",
)


def session_of(request: Request) -> AsyncSession:
    """Give the request's transaction: `app.transaction` opens, commits and repeats it."""
    session: AsyncSession = request.state.session
    return session


def reads_of(request: Request) -> Reads:
    """Give the path of the hot reads."""
    reads: Reads = request.app.state.database.reads
    return reads


def settings_of(request: Request) -> Settings:
    """Give the settings the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


def signer_of(request: Request) -> Signer:
    """Give what signs and seals."""
    signer: Signer = request.app.state.signer
    return signer


def store_of(request: Request) -> Store:
    """Give the object store of the screeners."""
    store: Store = request.app.state.store
    return store


SessionDep = Annotated[AsyncSession, Depends(session_of)]
ReadsDep = Annotated[Reads, Depends(reads_of)]
SettingsDep = Annotated[Settings, Depends(settings_of)]
SignerDep = Annotated[Signer, Depends(signer_of)]
StoreDep = Annotated[Store, Depends(store_of)]


# Who calls ------------------------------------------------------------------------------------


def refusal(actor: Actor, *, may: Callable[[Actor], bool], role: str) -> Forbidden | None:
    """Say why an actor may not do what only `role` may; None when they may."""
    if actor.standing is Standing.SUSPENDED:
        return Forbidden(
            "Your organisation is suspended. Ask the organisers of the market.",
            code="organisation_suspended",
        )
    if may(actor):
        return None
    if actor.standing is Standing.PENDING:
        return Forbidden(
            "Your organisation waits for the organisers' approval; until then it sees its own "
            "profile only.",
            code="organisation_pending",
        )
    return Forbidden(f"Only {role} may do this.", code="forbidden")


def caller(may: Callable[[Actor], bool], role: str) -> Callable[..., Coroutine[Any, Any, Actor]]:
    """Make the dependency that lets in those who `may`, and names the `role` to the others."""

    async def current(request: Request, _: Annotated[str | None, Depends(OAUTH2)]) -> Actor:
        return await admit(request, may=may, role=role)

    return current


async def admit(request: Request, *, may: Callable[[Actor], bool], role: str) -> Actor:
    """Give the caller of a request, if they `may`.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: they may not.
    """
    actor = await authenticate(request)
    if actor is not None and refusal(actor, may=may, role=role) is None:
        return actor
    # A no is never taken from memory.
    actor = await authenticate(request, anew=True)
    if actor is None:
        raise _stranger(request)
    if (problem := refusal(actor, may=may, role=role)) is not None:
        raise problem
    return actor


def _stranger(request: Request) -> Unauthenticated:
    """Say why nobody is let in: no token, or one that is no good here."""
    token = bearer_token(request)
    if token is None:
        return Unauthenticated(
            "Sign in first: send Authorization: Bearer with a token of POST /v1/oauth/token."
        )
    settings = settings_of(request)
    if (where := elsewhere(token, settings)) is not None:
        return Unauthenticated(where, code="live_token" if settings.sandbox else "sandbox_token")
    return Unauthenticated(
        "This token has expired, was revoked, or is none of ours. Refresh it, or sign in again.",
        code="invalid_token",
    )


async def admit_to_market(request: Request) -> Actor:
    """Give the caller of a hot read: an approved organisation's people."""
    return await admit(request, may=_is_in_market, role=MARKET_ROLE)


async def admit_seller(request: Request) -> Actor:
    """Give the caller of a request whose body is a file, before a byte of it is read."""
    return await admit(request, may=_is_seller, role=SELLER_ROLE)


def _is_in_market(actor: Actor) -> bool:
    return actor.in_market


def _is_seller(actor: Actor) -> bool:
    return actor.in_market and actor.sells


MARKET_ROLE = "a company of the market"
SELLER_ROLE = "a seller (PUT /v1/sellers/{organisation_id} makes your organisation one)"


async def _signed_in(request: Request, _: Annotated[str | None, Depends(OAUTH2)]) -> Actor:
    # Their own account is shown as it stands: what was remembered of it may be seconds old.
    actor = await authenticate(request, anew=True)
    if actor is None:
        raise _stranger(request)
    return actor


# Signed in, whatever the organisation's standing: their own account.
CurrentActor = Annotated[Actor, Depends(_signed_in)]
# Signed in and not suspended: their own organisation's papers.
UnsuspendedActor = Annotated[Actor, Depends(caller(lambda _: True, "a member"))]
# An approved organisation's people, organisers among them: the market.
MarketActor = Annotated[Actor, Depends(caller(_is_in_market, MARKET_ROLE))]
SellerActor = Annotated[Actor, Depends(caller(_is_seller, SELLER_ROLE))]
BuyerActor = Annotated[
    Actor,
    Depends(
        caller(
            lambda actor: actor.in_market and actor.buys,
            "a buyer (PUT /v1/buyers/{organisation_id} makes your organisation one)",
        )
    ),
]
OrganiserActor = Annotated[
    Actor, Depends(caller(lambda actor: actor.in_market and actor.is_organiser, "an organiser"))
]


# What is asked for ----------------------------------------------------------------------------


def page_of(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, description="Rows a page; more than 100 is taken as 100.", examples=[20])
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(max_length=2000, description="`next_cursor` of the page before."),
    ] = None,
) -> PageRequest:
    """Read which page is wanted."""
    return PageRequest(min(limit, MAX_LIMIT), cursor, request.url)


PageDep = Annotated[PageRequest, Depends(page_of)]

_IS_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*").fullmatch
_MAX_LANGUAGES = 10
# Whatever comes after is passed over; who remembers what was asked for remembers no more of it.
MAX_ACCEPT_LANGUAGE = 1000


def preferred_languages(header: str | None) -> tuple[str, ...]:
    """Read `Accept-Language` into BCP 47 tags, best first; what can't be read is passed over.

    RFC 4647 lookup: each tag is followed by its shorter forms (zh-Hant-TW, zh-Hant, zh).
    """
    wanted: list[tuple[float, int, str]] = []
    read = (header or "")[:MAX_ACCEPT_LANGUAGE]
    for place, part in enumerate(read.split(",")[:_MAX_LANGUAGES]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if _IS_LANGUAGE(tag.strip()) and 0 < quality <= 1:
            wanted.append((-quality, place, tag.strip()))
    ordered: dict[str, None] = {}
    for _, _, tag in sorted(wanted):
        subtags = tag.split("-")
        for length in range(len(subtags), 0, -1):
            ordered["-".join(subtags[:length]).lower()] = None
    return tuple(ordered)


def languages_of(
    accept_language: Annotated[
        str | None,
        Header(
            description="Languages to read titles and synopses in, best first.",
            examples=["zh, en;q=0.8"],
        ),
    ] = None,
) -> tuple[str, ...]:
    """Give the wanted languages in lower case, best first, with their fall-backs."""
    return preferred_languages(accept_language)


LanguagesDep = Annotated[tuple[str, ...], Depends(languages_of)]


def if_match_of(
    if_match: Annotated[
        str | None,
        Header(
            max_length=200,
            description="The `ETag` of what you read: refused with 412 when it changed since.",
            examples=['"3"'],
        ),
    ] = None,
) -> str | None:
    """Give the precondition of an edit."""
    return if_match


IfMatchDep = Annotated[str | None, Depends(if_match_of)]


def if_none_match_of(
    if_none_match: Annotated[
        str | None,
        Header(
            description="The `ETag` of what you have: answered with 304 where it is still that.",
            examples=['"3"'],
        ),
    ] = None,
) -> str | None:
    """Give the precondition of a read."""
    return if_none_match


IfNoneMatchDep = Annotated[str | None, Depends(if_none_match_of)]
