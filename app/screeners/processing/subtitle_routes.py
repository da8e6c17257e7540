"""Subtitles over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from app.accounts.schemas import Language
from app.deps import MarketActor, SessionDep
from app.ids import Id
from app.openapi import problems
from app.scopes import scoped
from app.screeners.processing import subtitles
from app.screeners.processing.subtitle_bodies import TAKEN, SubtitlesDep, SubtitlesRoute
from app.screeners.schemas import SubtitlesListOut, SubtitlesOut
from app.transaction import TransactionRoute

SubtitlesLanguage = Annotated[Language, Path(examples=["en"])]
_TEXT = {
    "schema": {
        "type": "string",
        "examples": ["WEBVTT\n\n00:01.000 --> 00:02.500\nThis is the Zone."],
    }
}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself: WebVTT or SubRip of any common encoding, up to 2 MiB.",
    "content": dict.fromkeys(TAKEN, _TEXT),
}
router = APIRouter(
    tags=["screeners"], route_class=TransactionRoute, dependencies=[scoped("screeners")]
)
uploading = APIRouter(
    tags=["screeners"], route_class=SubtitlesRoute, dependencies=[scoped("screeners")]
)


@router.get("/screeners/{screener_id}/subtitles", summary="List a screener's subtitles")
async def list_subtitles(
    session: SessionDep, actor: MarketActor, screener_id: Id
) -> SubtitlesListOut:
    """List the languages in which a film can be read, those found in the file included."""
    rows = await subtitles.list_subtitles(session, actor, screener_id)
    return SubtitlesListOut(items=[SubtitlesOut.model_validate(row) for row in rows])


@uploading.put(
    "/screeners/{screener_id}/subtitles/{language}",
    summary="Send subtitles in a language",
    openapi_extra={"requestBody": _BODY},
    responses={
        201: {"description": "There were none in this language before.", "model": SubtitlesOut},
        **problems(409, 413, 415),
    },
)
async def put_subtitles(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    screener_id: Id,
    language: SubtitlesLanguage,
    content: SubtitlesDep,
) -> SubtitlesOut:
    """Send a film's texts in one language, in place of those there were; at any time.

    Times and places of the cues stay, and bold, italic and underline of their markup; nothing
    else of it does. 409 with `screener_over` once it is withdrawn, rejected or expired. The title's
    seller only.
    """
    row, is_new = await subtitles.put_subtitles(session, actor, screener_id, language, content)
    if is_new:
        response.status_code = 201
        response.headers["Location"] = f"/v1/screeners/{screener_id}/subtitles"
    return SubtitlesOut.model_validate(row)


@router.delete(
    "/screeners/{screener_id}/subtitles/{language}",
    summary="Delete subtitles in a language",
    status_code=204,
    responses=problems(409),
)
async def delete_subtitles(
    session: SessionDep, actor: MarketActor, screener_id: Id, language: SubtitlesLanguage
) -> None:
    """Delete a film's texts in one language, those found in the file too. The seller only."""
    await subtitles.delete_subtitles(session, actor, screener_id, language)
