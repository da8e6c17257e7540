"""Clients of the API, over HTTP: for an organisation's admins, never for clients themselves."""

from fastapi import APIRouter, Response

from app.accounts.clients import secrets, service
from app.accounts.clients.schemas import (
    ApiClientIn,
    ApiClientMade,
    ApiClientOut,
    ApiClientPatch,
    ClientRotationIn,
    ClientSecretOut,
    SecretMade,
)
from app.accounts.schemas import PersonRef
from app.deps import IfMatchDep, MarketActor, PageDep, SessionDep, SettingsDep
from app.etags import etag_of, require_match
from app.ids import Id
from app.models.clients import ApiClient, ApiClientSecret
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import PEOPLE_ONLY
from app.security import secret_prefix
from app.settings import Settings
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/api-clients",
    tags=["clients"],
    route_class=TransactionRoute,
    dependencies=[PEOPLE_ONLY],
)


@router.post("", summary="Make a client of the API", status_code=201)
async def create_api_client(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    wanted: ApiClientIn,
) -> ApiClientMade:
    """Let a program act for your organisation, within its scopes; admins only.

    `secret` is shown this once. With it and the client's `id` the program asks for access tokens:
    `POST /v1/oauth/token` with `grant_type=client_credentials`. What it does is done by its own
    service account, which nobody can sign in as or meet.
    """
    client = await service.create_client(session, actor, wanted)
    _, secret = await secrets.add_secret(session, client, secret_prefix(settings))
    shown = await service.get_client(session, actor, client.id)
    response.headers["Location"] = f"/v1/api-clients/{client.id}"
    return ApiClientMade(**dict(_out(shown, settings)), secret=secret)


@router.get("", summary="List clients of the API")
async def list_api_clients(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    page: PageDep,
) -> ItemPage[ApiClientOut]:
    """List your organisation's clients, newest first, revoked ones too; admins only."""
    rows, cursor = await service.list_clients(session, actor, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[_out(row, settings) for row in rows], next_cursor=cursor)


@router.get("/{client_id}", summary="Get a client of the API")
async def get_api_client(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    client_id: Id,
) -> ApiClientOut:
    """Give a client: what it may do, its secrets, and when it last called; admins only."""
    client = await service.get_client(session, actor, client_id)
    response.headers["ETag"] = etag_of(client.version)
    return _out(client, settings)


@router.patch("/{client_id}", summary="Change a client of the API", responses=problems(409, 412))
async def update_api_client(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    client_id: Id,
    patch: ApiClientPatch,
    if_match: IfMatchDep,
) -> ApiClientOut:
    """Change a client's name, scopes or networks; admins only.

    What is taken away ends within 30 s, for tokens that it has already, too.
    """
    client = await service.get_client(session, actor, client_id, to_change=True)
    require_match(if_match, client.version)
    await service.update_client(session, actor, client, patch)
    response.headers["ETag"] = etag_of(client.version)
    return _out(client, settings)


@router.delete("/{client_id}", summary="Revoke a client of the API", status_code=204)
async def revoke_api_client(session: SessionDep, actor: MarketActor, client_id: Id) -> None:
    """End a client, its secrets and its tokens within 30 s; what it did stays. Admins only."""
    client = await service.get_client(session, actor, client_id, to_change=True)
    await service.revoke_client(session, actor, client)


@router.post("/{client_id}/secrets", summary="Rotate a client's secret", status_code=201)
async def rotate_secret(
    session: SessionDep,
    actor: MarketActor,
    settings: SettingsDep,
    response: Response,
    client_id: Id,
    wanted: ClientRotationIn | None = None,
) -> SecretMade:
    """Give a client its next secret, shown this once; admins only.

    The one of before goes on giving tokens until `old_good_until`, so that programs can change
    over one by one. 409 `two_secrets` where two are good already.
    """
    client = await service.get_client(session, actor, client_id, to_change=True)
    until = wanted.old_good_until if wanted else None
    prefix = secret_prefix(settings)
    row, secret = await secrets.rotate_secret(session, actor, client, prefix, until)
    response.headers["Location"] = f"/v1/api-clients/{client_id}"
    return SecretMade(**dict(_secret(row)), secret=secret)


@router.delete(
    "/{client_id}/secrets/{secret_id}", summary="Revoke a client's secret", status_code=204
)
async def revoke_secret(
    session: SessionDep, actor: MarketActor, client_id: Id, secret_id: Id
) -> None:
    """End a secret, and the tokens that it gave, within 30 s; admins only.

    For a secret that others have seen. The client's other secret goes on.
    """
    client = await service.get_client(session, actor, client_id, to_change=True)
    await secrets.revoke_secret(session, actor, client, secret_id)


def _out(client: ApiClient, settings: Settings) -> ApiClientOut:
    use = client.use
    return ApiClientOut(
        id=client.id,
        organisation_id=client.organisation_id,
        person_id=client.person_id,
        name=client.name,
        sandbox=settings.sandbox,
        scopes=client.scopes,
        allowed_networks=[str(network) for network in client.networks],
        created_by=PersonRef.model_validate(client.created_by),
        created_at=client.created_at,
        revoked_at=client.revoked_at,
        last_used_at=use.used_at if use else None,
        last_used_from=str(use.address) if use and use.address else None,
        secrets=[_secret(secret) for secret in client.secrets],
    )


def _secret(secret: ApiClientSecret) -> ClientSecretOut:
    return ClientSecretOut.model_validate(secret)
