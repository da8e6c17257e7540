"""The page at `/watch/…`: static, with nothing from outside; the token stays behind the `#`."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from app.deps import store_of
from app.s3 import Store

ASSETS = Path(__file__).parent / "assets"
router = APIRouter()


def install(app: FastAPI) -> None:
    """Serve the page and its assets."""
    app.mount("/watch/assets", StaticFiles(directory=ASSETS), name="watch_assets")
    app.router.routes.extend(router.routes)


@router.get("/watch/link", include_in_schema=False)
@router.get("/watch/{viewing_id}", include_in_schema=False)
async def watch(request: Request) -> FileResponse:
    """Give the page; what it plays, it learns from behind the `#`, which is never sent."""
    headers = {
        "Content-Security-Policy": policy_for(origin_of(store_of(request))),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "picture-in-picture=(), display-capture=(), camera=(), microphone=()",
        "X-Frame-Options": "DENY",
    }
    return FileResponse(ASSETS / "watch.html", media_type="text/html", headers=headers)


def origin_of(store: Store) -> str:
    """Give the origin of the store as browsers see it."""
    (signed,) = store.sign_gets(["origin"], timedelta(seconds=1))
    address = urlsplit(signed)
    return f"{address.scheme}://{address.netloc}"


def policy_for(store_origin: str) -> str:
    """Hold the browser to ourselves and the store: no script but ours, nothing written inline."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
        f"connect-src 'self' {store_origin}; img-src 'self' blob: {store_origin}; "
        f"media-src 'self' blob: data: {store_origin}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
