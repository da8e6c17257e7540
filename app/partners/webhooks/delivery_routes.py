"""Deliveries over HTTP: the log, pings, replays."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.deps import PageDep, SessionDep
from app.ids import Id
from app.models.webhooks import DeliveryState
from app.openapi import problems
from app.pagination import ItemPage
from app.partners.webhooks import deliveries
from app.partners.webhooks.endpoints import get_endpoint
from app.partners.webhooks.routes import AdminActor
from app.partners.webhooks.schemas import (
    AttemptOut,
    DeliveryDetail,
    DeliveryOut,
    EndpointOut,
    ReplayIn,
)
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/webhook-endpoints/{endpoint_id}",
    tags=["webhooks"],
    route_class=TransactionRoute,
    dependencies=[scoped("webhooks")],
)


@router.post("/ping", summary="Ping a webhook endpoint", status_code=201)
async def ping_webhook_endpoint(
    session: SessionDep, actor: AdminActor, response: Response, endpoint_id: Id
) -> DeliveryOut:
    """Send `{"type": "ping", …}`, signed as everything is; its delivery tells what came of it.

    409 `endpoint_disabled` while it is.
    """
    endpoint = await get_endpoint(session, actor, endpoint_id)
    delivery = await deliveries.ping(session, actor, endpoint)
    path = f"/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery.id}"
    response.headers["Location"] = path
    return DeliveryOut.model_validate(delivery)


@router.get("/deliveries", summary="List an endpoint's deliveries")
async def list_webhook_deliveries(
    session: SessionDep,
    actor: AdminActor,
    response: Response,
    page: PageDep,
    endpoint_id: Id,
    state: Annotated[DeliveryState | None, Query()] = None,
) -> ItemPage[DeliveryOut]:
    """List what was sent and what waits, newest first; what has ended is kept for 30 days."""
    endpoint = await get_endpoint(session, actor, endpoint_id)
    rows, cursor = await deliveries.list_deliveries(session, endpoint, page, state)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[DeliveryOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/deliveries/{delivery_id}", summary="Get a delivery")
async def get_webhook_delivery(
    session: SessionDep, actor: AdminActor, endpoint_id: Id, delivery_id: Id
) -> DeliveryDetail:
    """Tell what was sent, and what came of each attempt."""
    endpoint = await get_endpoint(session, actor, endpoint_id)
    delivery = await deliveries.get_delivery(session, endpoint, delivery_id)
    attempts = await deliveries.list_attempts(session, delivery)
    return DeliveryDetail(
        **dict(DeliveryOut.model_validate(delivery)),
        payload=delivery.payload,
        tried=[AttemptOut.model_validate(attempt) for attempt in attempts],
    )


@router.post("/deliveries/{delivery_id}/replay", summary="Send a delivery again")
async def replay_webhook_delivery(
    session: SessionDep, actor: AdminActor, endpoint_id: Id, delivery_id: Id
) -> DeliveryOut:
    """Send it at once, however it stood, under the same `webhook-id`.

    409 `endpoint_disabled` while the endpoint is.
    """
    endpoint = await get_endpoint(session, actor, endpoint_id)
    delivery = await deliveries.replay_delivery(session, actor, endpoint, delivery_id)
    return DeliveryOut.model_validate(delivery)


@router.post("/replay", summary="Send everything since an instant again", responses=problems(409))
async def replay_webhook_endpoint(
    session: SessionDep, actor: AdminActor, endpoint_id: Id, wanted: ReplayIn
) -> EndpointOut:
    """Send what happened since an instant anew, in its order, under the same `webhook-id`s.

    What happens meanwhile comes after it, unless only what had failed is sent. 409
    `endpoint_disabled` while the endpoint is.
    """
    endpoint = await get_endpoint(session, actor, endpoint_id)
    await deliveries.replay_since(session, actor, endpoint, wanted)
    return EndpointOut.model_validate(endpoint)
