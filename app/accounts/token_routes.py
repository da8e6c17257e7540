"""OAuth 2: tokens for passwords, refresh tokens, the secrets of clients, tickets to the sandbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import JSONResponse

from app.accounts.clients.signing_in import credentials_of, sign_in_client
from app.accounts.oauth import InvalidRequest, UnsupportedGrantType
from app.accounts.sandbox.entering import GRANT_TYPE, enter
from app.accounts.schemas import TOKEN_EXAMPLE, TokenForm, TokenOut
from app.accounts.sign_in import Door, Tokens, refresh, revoke, sign_in
from app.authentication import address_of
from app.deps import SessionDep
from app.openapi import problems
from app.transaction import TransactionRoute

router = APIRouter(tags=["accounts"], route_class=TransactionRoute)


def door_of(request: Request) -> Door:
    """Collect what signing in needs."""
    state = request.app.state
    return Door(state.database, state.signer, state.settings)


DoorDep = Annotated[Door, Depends(door_of)]


@router.post(
    "/oauth/token",
    summary="Sign in, refresh, or sign a client in",
    response_model=TokenOut,
    response_model_exclude_none=True,
    responses=problems(401),
)
async def create_token(
    request: Request, session: SessionDep, door: DoorDep, form: Annotated[TokenForm, Form()]
) -> Response:
    """Exchange a password, refresh token or client's secret for an access token (RFC 6749).

    A refresh token is good once. One that comes a second time was copied: its session ends.

    A client gives its id and secret by `Authorization: Basic`, or as `client_id` and
    `client_secret`. It gets no refresh token: it asks again. With `scope` it asks for less than it
    was let do, for a program that needs less.

    In the sandbox a ticket of the live market (`POST /v1/sandbox-tickets` there) is an `assertion`
    of `grant_type` `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523). Its person enters as
    who they are there, each time anew. Refusals have RFC 6749's `error` beside `code`.
    """
    if form.grant_type == "client_credentials":
        answer = await _for_client(request, session, door, form)
    elif form.grant_type == "refresh_token":
        if not form.refresh_token:
            raise InvalidRequest("Give refresh_token for this grant_type.")
        answer = _told(await refresh(session, door, form.refresh_token))
    elif form.grant_type == "password":
        if not form.username or not form.password:
            raise InvalidRequest("Give username and password for this grant_type.")
        address = address_of(request) or "unknown"
        answer = _told(await sign_in(session, door, form.username, form.password, address))
    elif form.grant_type == GRANT_TYPE:
        answer = _told(await enter(session, door, form.assertion))
    else:
        raise UnsupportedGrantType(
            "grant_type must be password, refresh_token or client_credentials; in a sandbox also "
            f"{GRANT_TYPE}."
        )
    shown = answer.model_dump(exclude_none=True)
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})


async def _for_client(
    request: Request, session: SessionDep, door: Door, form: TokenForm
) -> TokenOut:
    header = request.headers.get("authorization")
    shown = credentials_of(header, form.client_id, form.client_secret)
    given = await sign_in_client(
        session, door.settings, door.signer, shown, form.scope, address_of(request)
    )
    return TokenOut(
        access_token=given.access_token,
        expires_in=given.expires_in,
        scope=" ".join(given.scopes),
    )


def _told(tokens: Tokens) -> TokenOut:
    return TokenOut(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in,
    )


@router.post("/oauth/revoke", summary="Sign out", status_code=200)
async def revoke_token(
    session: SessionDep,
    door: DoorDep,
    token: Annotated[str, Form(min_length=1, max_length=2000, examples=[TOKEN_EXAMPLE])],
) -> dict[str, bool]:
    """End the session of an access or refresh token; an unknown token is no error (RFC 7009).

    A client's access token lives for minutes; what ends it sooner is to revoke its secret.
    """
    await revoke(session, door, token)
    return {"revoked": True}
