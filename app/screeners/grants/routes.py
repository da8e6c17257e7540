"""Grants over HTTP: leave to watch a screener, given, changed and revoked."""

from fastapi import APIRouter, Response

from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, PageDep, SessionDep, SettingsDep
from app.etags import NOT_MODIFIED, require_match, tagged, unless_known
from app.ids import Id
from app.openapi import problems
from app.pagination import ItemPage
from app.scopes import scoped
from app.screeners.grants import changing, service
from app.screeners.grants.schemas import GrantIn, GrantOut, GrantPatch
from app.transaction import TransactionRoute

router = APIRouter(
    prefix="/screeners/{screener_id}/grants",
    tags=["screeners"],
    route_class=TransactionRoute,
    dependencies=[scoped("screeners")],
)


@router.post("", summary="Grant a screener", status_code=201)
async def create_grant(
    session: SessionDep,
    settings: SettingsDep,
    actor: MarketActor,
    response: Response,
    screener_id: Id,
    wanted: GrantIn,
) -> GrantOut:
    """Let a company, one person or whoever has a link watch a screener until an instant.

    Say from when on, how often, in which territories, and whether they may have the file, if it is
    not at once, always, everywhere and no. The secret of a link is in this answer alone. A grant to
    a company, or to the person of it who asked, answers its pending request for the title. 409 with
    `already_granted` where they have a grant for some of that time: `grant_id` says which; with
    `title_not_published`, `screener_not_ready`. The title's seller, or who administers the
    screener, only.
    """
    grant, token = await service.create_grant(session, actor, screener_id, wanted)
    response.headers["Location"] = f"/v1/screeners/{screener_id}/grants/{grant.id}"
    shown = GrantOut.model_validate(grant)
    if token is not None:
        # Behind the #, which browsers send to nobody: no server writes it into its log.
        shown.link = f"{settings.public_url.rstrip('/')}/watch/link#{token}"
    return tagged(response, shown, grant.version)


@router.get("", summary="List a screener's grants")
async def list_grants(
    session: SessionDep, actor: MarketActor, response: Response, screener_id: Id, page: PageDep
) -> ItemPage[GrantOut]:
    """List who may watch or might, newest first, ended and revoked ones too.

    The title's seller, or who administers the screener, only.
    """
    rows, cursor = await service.list_grants(session, actor, screener_id, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[GrantOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{grant_id}", summary="Get a grant", response_model=GrantOut, responses=NOT_MODIFIED)
async def get_grant(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    screener_id: Id,
    grant_id: Id,
    if_none_match: IfNoneMatchDep,
) -> GrantOut | Response:
    """Give a grant, and how often it was opened.

    The title's seller, or who administers the screener, only.
    """
    _, grant = await service.get_grant(session, actor, screener_id, grant_id)
    shown = GrantOut.model_validate(grant)
    return unless_known(response, shown, grant.version, if_none_match)


@router.patch("/{grant_id}", summary="Change a grant", responses=problems(409, 412))
async def update_grant(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    screener_id: Id,
    grant_id: Id,
    patch: GrantPatch,
    if_match: IfMatchDep,
) -> GrantOut:
    """Prolong or shorten a grant, or change how often and where (RFC 7396): null lifts a limit.

    Who is watching where it is granted no longer is stopped. 409 with `already_granted`, as where
    it is given, with `grant_begun` for another beginning of what has begun, with `grant_revoked`.
    The title's seller, or who administers the screener, only.
    """
    screener, grant = await service.get_grant(session, actor, screener_id, grant_id, lock=True)
    require_match(if_match, grant.version)
    await changing.update_grant(session, actor, screener, grant, patch)
    return tagged(response, GrantOut.model_validate(grant), grant.version)


@router.delete("/{grant_id}", summary="Revoke a grant", status_code=204)
async def revoke_grant(
    session: SessionDep, actor: MarketActor, screener_id: Id, grant_id: Id
) -> None:
    """End leave to watch, also for those who are watching: they get no further key or segment.

    A URL of the file itself that they have already lives out its 15 minutes. The title's seller, or
    who administers the screener, only.
    """
    await changing.revoke_grant(session, actor, screener_id, grant_id)
