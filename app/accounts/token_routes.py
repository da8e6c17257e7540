"""OAuth 2: tokens for passwords and refresh tokens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import JSONResponse

from app.accounts.schemas import TOKEN_EXAMPLE, TokenOut
from app.accounts.sign_in import Door, refresh, revoke, sign_in
from app.deps import SessionDep
from app.errors import Invalid
from app.transaction import TransactionRoute

router = APIRouter(tags=["accounts"], route_class=TransactionRoute)


def door_of(request: Request) -> Door:
    """Collect what signing in needs."""
    state = request.app.state
    return Door(state.database, state.signer, state.settings)


DoorDep = Annotated[Door, Depends(door_of)]


@router.post("/oauth/token", summary="Sign in, or refresh", response_model=TokenOut)
async def create_token(
    request: Request,
    session: SessionDep,
    door: DoorDep,
    grant_type: Annotated[Literal["password", "refresh_token"], Form()] = "password",
    username: Annotated[str | None, Form(max_length=254, examples=["buyer@demo.example"])] = None,
    password: Annotated[str | None, Form(max_length=256, examples=["filmmart-demo"])] = None,
    refresh_token: Annotated[str | None, Form(max_length=200)] = None,
) -> Response:
    """Exchange an e-mail address and password, or a refresh token, for an access token (RFC 6749).

    A refresh token is good once. One that comes a second time was copied: its session ends.
    """
    if grant_type == "password":
        if not username or not password:
            raise Invalid.parameter("username", "give username and password for this grant_type")
        address = request.client.host if request.client else "unknown"
        tokens = await sign_in(session, door, username, password, address)
    elif refresh_token:
        tokens = await refresh(session, door, refresh_token)
    else:
        raise Invalid.parameter("refresh_token", "give it for this grant_type")
    answer = TokenOut(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in,
    )
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})


@router.post("/oauth/revoke", summary="Sign out", status_code=200)
async def revoke_token(
    session: SessionDep,
    door: DoorDep,
    token: Annotated[str, Form(max_length=2000, examples=[TOKEN_EXAMPLE])],
) -> dict[str, bool]:
    """End the session of an access or refresh token; an unknown token is no error (RFC 7009)."""
    await revoke(session, door, token)
    return {"revoked": True}
