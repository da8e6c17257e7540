"""What every refusal looks like, and apps with a route more than ours."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI

from app.main import create_app
from app.settings import Settings
from app.transaction import TransactionRoute

SIGN_UP: dict[str, Any] = {
    "name": "Kazakhfilm Sales",
    "country": "KZ",
    "person": {
        "email": "aigerim@kazakhfilm.example",
        "name": "Aigerim Omarova",
        "password": "correct-horse-battery",
    },
}


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Hold an answer to what every refusal has, and give its document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"].endswith((".", "see errors."))
    assert document["request_id"] == answer.headers["X-Request-ID"]
    return document


def pointers(document: dict[str, Any]) -> list[str]:
    """Name the members of the body that a refusal points at."""
    return [error["pointer"] for error in document["errors"]]


def with_route(
    settings: Settings, endpoint: Callable[..., Awaitable[Any]], method: str = "POST"
) -> FastAPI:
    """Make the app with one route more, `/v1/experiment`, in a transaction like all others."""
    app = create_app(settings)
    router = APIRouter(route_class=TransactionRoute)
    router.add_api_route("/v1/experiment", endpoint, methods=[method])
    app.include_router(router)
    return app
