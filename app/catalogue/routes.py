"""Writing titles: what their sellers do with them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue import service
from app.catalogue.answers import TitleOut
from app.catalogue.details import show_written
from app.catalogue.schemas import TextIn, TitleIn, TitlePatch
from app.catalogue.values import Language
from app.deps import IfMatchDep, LanguagesDep, MarketActor, SellerActor, SessionDep
from app.etags import require_match
from app.ids import Id
from app.openapi import problems
from app.profiles.answers import languages_for
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(tags=["titles"], route_class=TransactionRoute, dependencies=[scoped("titles")])

TextLanguage = Annotated[Language, Path(examples=["zh-Hans"])]


@router.post("/titles", summary="List a title", status_code=201, response_model=TitleOut)
async def create_title(
    session: SessionDep, actor: SellerActor, wanted: TitleIn, languages: LanguagesDep
) -> Response:
    """Make a draft, which your organisation alone sees until it is published.

    A season, an episode, a volume or a supplement is part of another title of yours: name it as
    `part_of_id`. 409 with `reference_taken` where you have a title of this reference already, with
    `number_taken` where another part of the same title has this number.
    """
    title = await service.create(session, actor, wanted)
    answer = await _shown(session, actor, title.id, languages, status=201)
    answer.headers["Location"] = f"/v1/titles/{title.id}"
    return answer


@router.patch(
    "/titles/{title_id}",
    summary="Change a title",
    response_model=TitleOut,
    responses=problems(409, 412),
)
async def update_title(
    session: SessionDep,
    actor: MarketActor,
    title_id: Id,
    patch: TitlePatch,
    if_match: IfMatchDep,
    languages: LanguagesDep,
) -> Response:
    """Change a title of your organisation (RFC 7396): what is left out stays, null empties.

    A published title must keep what the market has to know of it. 409 with `reference_taken` where
    you have another title of this reference, with `number_taken` where another part of the same
    title has this number, with `whole_not_published` where a published part is moved to a title
    that is not.
    """
    title = await service.get_own(session, actor, title_id)
    require_match(if_match, title.version)
    await service.update(session, actor, title, patch)
    return await _shown(session, actor, title_id, languages)


@router.post("/titles/{title_id}/publish", summary="Publish a title", response_model=TitleOut)
async def publish_title(
    session: SessionDep, actor: MarketActor, title_id: Id, languages: LanguagesDep
) -> Response:
    """Put a title of your organisation on the market; publishing twice is publishing once.

    409 with `incomplete` names what the market has to know first, `whole_not_published` says that a
    part waits for the title that it is part of. A title that was withdrawn returns to its old place
    among the newest.
    """
    title = await service.get_own(session, actor, title_id)
    await service.publish(session, actor, title)
    return await _shown(session, actor, title_id, languages)


@router.post("/titles/{title_id}/withdraw", summary="Withdraw a title", response_model=TitleOut)
async def withdraw_title(
    session: SessionDep, actor: MarketActor, title_id: Id, languages: LanguagesDep
) -> Response:
    """Take a title off the market; its seller keeps it, and can publish it again.

    Its parts are not seen meanwhile, and come back with it.

    Organisers may withdraw any title. Withdrawing twice is withdrawing once. 409 with
    `not_published` for what never was.
    """
    title = await service.get_to_withdraw(session, actor, title_id)
    await service.withdraw(session, actor, title)
    return await _shown(session, actor, title_id, languages)


@router.put(
    "/titles/{title_id}/texts/{language}",
    summary="Say of a title in a language",
    response_model=TitleOut,
    responses={
        201: {"description": "Nothing was said in this language before.", "model": TitleOut},
        **problems(409, 412),
    },
)
async def put_text(
    session: SessionDep,
    actor: MarketActor,
    title_id: Id,
    language: TextLanguage,
    wanted: TextIn,
    if_match: IfMatchDep,
    languages: LanguagesDep,
) -> Response:
    """Set title, logline and synopsis in one language, in place of what was said in it before.

    A text is part of its title: `If-Match` takes the title's `ETag`, and the answer is the title.
    """
    title = await service.get_own(session, actor, title_id)
    require_match(if_match, title.version)
    is_new = await service.set_text(session, actor, title, language, wanted)
    answer = await _shown(session, actor, title_id, languages, status=201 if is_new else 200)
    if is_new:
        answer.headers["Location"] = f"/v1/titles/{title_id}"
    return answer


@router.delete(
    "/titles/{title_id}/texts/{language}",
    summary="Unsay a title's text in a language",
    response_model=TitleOut,
    responses=problems(409, 412),
)
async def delete_text(
    session: SessionDep,
    actor: MarketActor,
    title_id: Id,
    language: TextLanguage,
    if_match: IfMatchDep,
    languages: LanguagesDep,
) -> Response:
    """Delete what is said of a title in one language; the answer is the title.

    409 with `last_text` where a published title would be left without any.
    """
    title = await service.get_own(session, actor, title_id)
    require_match(if_match, title.version)
    await service.delete_text(session, actor, title, language)
    return await _shown(session, actor, title_id, languages)


async def _shown(
    session: AsyncSession,
    actor: Actor,
    title_id: int,
    languages: tuple[str, ...],
    *,
    status: int = 200,
) -> Response:
    reading = languages_for(actor, languages)
    shown = await show_written(session, actor.organisation_id, title_id, reading)
    return Response(shown.item, status, shown.headers(), "application/json")
