"""Webhook endpoints over HTTP, for the admins of an organisation."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.actors import Actor
from app.deps import (
    MARKET_ROLE,
    IfMatchDep,
    IfNoneMatchDep,
    PageDep,
    SessionDep,
    SettingsDep,
    SignerDep,
    caller,
)
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.openapi import problems
from app.pagination import ItemPage
from app.partners.webhooks import deliveries, endpoints
from app.partners.webhooks.schemas import (
    EnablingIn,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    EndpointPatch,
    RotationIn,
    SecretOut,
)
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/webhook-endpoints",
    tags=["webhooks"],
    route_class=TransactionRoute,
    dependencies=[scoped("webhooks")],
)
AdminActor = Annotated[
    Actor,
    Depends(caller(lambda actor: actor.in_market and actor.is_admin, f"an admin of {MARKET_ROLE}")),
]


@router.post("", summary="Create a webhook endpoint", status_code=201)
async def create_webhook_endpoint(
    session: SessionDep,
    actor: AdminActor,
    settings: SettingsDep,
    signer: SignerDep,
    response: Response,
    wanted: EndpointIn,
) -> EndpointMade:
    """Have each fact that your organisation may see from now on sent to an address.

    It comes as Standard Webhooks has it, seconds after it became true: `{"type", "timestamp",
    "data"}`, `data` the fact as in the feed, signed by the `secret` of this answer. Any 2xx within
    15 seconds takes it; anything else is tried again, ten times in three days. It may come more
    than once, with the same `webhook-id`, and out of order: `data.position` is the order. 410
    disables the endpoint, as do five days of failure: then there is a fact
    `webhook_endpoint.disabled`. 409 `too_many_endpoints` for more than 20.
    """
    endpoint, secret = await endpoints.create_endpoint(session, actor, settings, signer, wanted)
    response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
    return EndpointMade(**dict(EndpointOut.model_validate(endpoint)), secret=secret)


@router.get("", summary="List webhook endpoints")
async def list_webhook_endpoints(
    session: SessionDep, actor: AdminActor, response: Response, page: PageDep
) -> ItemPage[EndpointOut]:
    """List your organisation's, newest first; its admins only."""
    rows, cursor = await endpoints.list_endpoints(session, actor, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[EndpointOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get(
    "/{endpoint_id}",
    summary="Get a webhook endpoint",
    response_model=EndpointOut,
    responses=NOT_MODIFIED,
)
async def get_webhook_endpoint(
    session: SessionDep,
    actor: AdminActor,
    response: Response,
    endpoint_id: Id,
    if_none_match: IfNoneMatchDep,
) -> EndpointOut | Response:
    """Tell what is sent where, and whether it gets there."""
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id)
    shown = EndpointOut.model_validate(endpoint)
    return unless_known(response, shown, endpoint.version, if_none_match)


@router.patch("/{endpoint_id}", summary="Change a webhook endpoint", responses=problems(412))
async def update_webhook_endpoint(
    session: SessionDep,
    actor: AdminActor,
    settings: SettingsDep,
    response: Response,
    endpoint_id: Id,
    patch: EndpointPatch,
    if_match: IfMatchDep,
) -> EndpointOut:
    """Send elsewhere, or other types (RFC 7396); what waits already goes to the new address."""
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id, lock=True)
    require_match(if_match, endpoint.version)
    await endpoints.update_endpoint(session, actor, settings, endpoint, patch)
    return tagged(response, EndpointOut.model_validate(endpoint), endpoint.version)


@router.delete("/{endpoint_id}", summary="Delete a webhook endpoint", status_code=204)
async def delete_webhook_endpoint(session: SessionDep, actor: AdminActor, endpoint_id: Id) -> None:
    """Send it nothing more, and forget its secret and its log."""
    await endpoints.delete_endpoint(session, actor, endpoint_id)


@router.post("/{endpoint_id}/show-secret", summary="Show an endpoint's secret again")
async def show_webhook_secret(
    session: SessionDep, actor: AdminActor, signer: SignerDep, endpoint_id: Id
) -> SecretOut:
    """Show what signatures are verified by; it is kept sealed, and readable, as it signs.

    No GET: each time is a fact, `webhook_endpoint.secret_shown`, and needs leave to write. 409
    `secret_lost` where the operator changed the key that it was sealed with: rotate it.
    """
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id)
    secret, previous = endpoints.read_secrets(session, actor, signer, endpoint)
    return SecretOut(
        secret=secret,
        previous_secret=previous,
        previous_secret_expires_at=endpoint.previous_secret_expires_at if previous else None,
    )


@router.post("/{endpoint_id}/rotate-secret", summary="Rotate an endpoint's secret")
async def rotate_webhook_secret(
    session: SessionDep,
    actor: AdminActor,
    signer: SignerDep,
    endpoint_id: Id,
    wanted: RotationIn | None = None,
) -> SecretOut:
    """Sign by a new secret, and for `overlap_hours` by the one of now as well.

    During those, each delivery has two signatures, and whoever knows either secret can verify it.
    """
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id, lock=True)
    overlap = timedelta(hours=(wanted or RotationIn()).overlap_hours)
    secret, previous = await endpoints.rotate_secret(session, actor, signer, endpoint, overlap)
    return SecretOut(
        secret=secret,
        previous_secret=previous,
        previous_secret_expires_at=endpoint.previous_secret_expires_at,
    )


@router.post("/{endpoint_id}/disable", summary="Disable a webhook endpoint")
async def disable_webhook_endpoint(
    session: SessionDep, actor: AdminActor, response: Response, endpoint_id: Id
) -> EndpointOut:
    """Send nothing until it is enabled again. Disabling twice is disabling once."""
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id, lock=True)
    await endpoints.disable_endpoint(session, actor, endpoint)
    return tagged(response, EndpointOut.model_validate(endpoint), endpoint.version)


@router.post("/{endpoint_id}/enable", summary="Enable a webhook endpoint again")
async def enable_webhook_endpoint(
    session: SessionDep,
    actor: AdminActor,
    response: Response,
    endpoint_id: Id,
    wanted: EnablingIn | None = None,
) -> EndpointOut:
    """Go on where it stopped: what happened meanwhile is sent, as long as the feed has it.

    With `skip_missed` only what happens from now on. Enabling twice is enabling once.
    """
    endpoint = await endpoints.get_endpoint(session, actor, endpoint_id, lock=True)
    await deliveries.enable_endpoint(session, actor, endpoint, wanted or EnablingIn())
    return tagged(response, EndpointOut.model_validate(endpoint), endpoint.version)
