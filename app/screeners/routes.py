"""Screeners: their uploads, and who may watch them."""

from fastapi import APIRouter, Response

from app.deps import MarketActor, PageDep, SellerActor, SessionDep, SettingsDep, StoreDep
from app.ids import Id
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.screeners import service, uploads, views
from app.screeners.schemas import (
    Completion,
    PartUrls,
    PartUrlsIn,
    ScreenerIn,
    ScreenerOut,
    ScreenerStarted,
    UploadProgress,
)
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["screeners"], route_class=TransactionRoute, dependencies=[scoped("screeners")]
)


@router.post("/titles/{title_id}/screeners", summary="Start a screener's upload", status_code=201)
async def create_screener(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    actor: SellerActor,
    response: Response,
    title_id: Id,
    wanted: ScreenerIn,
) -> ScreenerStarted:
    """Start the upload of a file of up to 100 GiB, straight to the store.

    PUT each part to its URL, with its `headers`, in any order and several at a time. `part_urls`
    has the first 200 parts, or all; the rest, and new ones for those that ran out, come from
    `POST /v1/screeners/{screener_id}/part-urls`. Then state what you sent:
    `POST /v1/screeners/{screener_id}/complete`. The title's seller only.
    """
    screener = await uploads.create_screener(
        session, store, actor, title_id, wanted, settings.upload_lifetime
    )
    response.headers["Location"] = f"/v1/screeners/{screener.id}"
    parts = uploads.first_parts(screener)
    urls = uploads.sign_parts(store, screener, parts, settings.upload_url_lifetime)
    return ScreenerStarted(
        **(await views.show(session, screener)).model_dump(),
        upload=uploads.upload_of(screener),
        part_urls=urls,
    )


@router.get("/titles/{title_id}/screeners", summary="List a title's screeners")
async def list_screeners(
    session: SessionDep, actor: MarketActor, response: Response, title_id: Id, page: PageDep
) -> ItemPage[ScreenerOut]:
    """List a title's screeners, newest first.

    Its seller sees all of them, others those that they may watch now.
    """
    rows, cursor = await service.list_screeners(session, actor, title_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=await views.show_all(session, rows), next_cursor=cursor)


@router.get("/screeners/{screener_id}", summary="Get a screener")
async def get_screener(session: SessionDep, actor: MarketActor, screener_id: Id) -> ScreenerOut:
    """Give a screener of one's own, or one that one may watch.

    While it is processed, `processing` tells its seller how far it is.
    """
    return await views.show(session, await service.get_screener(session, actor, screener_id))


@router.delete("/screeners/{screener_id}", summary="Withdraw a screener", status_code=204)
async def withdraw_screener(session: SessionDep, actor: MarketActor, screener_id: Id) -> None:
    """Take a screener away from everybody, or give its upload up.

    The store drops the file soon after, and URLs that were signed before end with it. The title's
    seller only.
    """
    await service.withdraw_screener(session, actor, screener_id)


@router.get(
    "/screeners/{screener_id}/upload",
    summary="See what of an upload arrived",
    responses=problems(409),
)
async def get_upload(
    session: SessionDep, store: StoreDep, actor: MarketActor, screener_id: Id
) -> UploadProgress:
    """List the parts that the store holds, to resume an upload from any machine.

    409 with `upload_over` once it is complete, expired or withdrawn; with `upload_lost` where the
    store lost it. The title's seller only.
    """
    screener = await service.own_screener(session, actor, screener_id)
    return await uploads.get_upload(store, screener)


@router.post("/screeners/{screener_id}/part-urls", summary="Sign part URLs")
async def sign_part_urls(
    session: SessionDep,
    store: StoreDep,
    settings: SettingsDep,
    actor: MarketActor,
    screener_id: Id,
    wanted: PartUrlsIn,
) -> PartUrls:
    """Sign URLs to PUT parts to, as often as needed; each is good for 15 minutes.

    A URL takes its own part only, of exactly its length; with an `md5`, exactly those bytes. A part
    sent twice replaces the first, where the store can (`rclone` answers 501 to other bytes than it
    has: withdraw the screener then, and start again). Where the store answers `NoSuchUpload`, look
    at `GET /v1/screeners/{screener_id}/upload`. The title's seller only.
    """
    screener = await service.own_screener(session, actor, screener_id)
    return uploads.sign_parts(store, screener, wanted.parts, settings.upload_url_lifetime)


@router.post("/screeners/{screener_id}/complete", summary="Complete an upload")
async def complete_upload(
    session: SessionDep,
    store: StoreDep,
    actor: MarketActor,
    screener_id: Id,
    stated: Completion,
) -> ScreenerOut:
    """Hold what arrived to what you computed from your own file; then it is processed.

    The state is `processing` until it is `ready`, or `rejected` with a `reason`.
    Give the MD5 of every part, or the checksum made of them. 409 with `parts_do_not_match` names
    in `parts` what is missing or wrong: the upload stays open, send those again. 409 with
    `upload_lost` ends it: start a new one. Repeating a completion is harmless. The title's seller
    only.
    """
    screener = await uploads.complete_upload(session, store, actor, screener_id, stated)
    return await views.show(session, screener)
