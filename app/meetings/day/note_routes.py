"""A company's notes of a meeting, over HTTP."""

from fastapi import APIRouter, Response

from app.accounts.schemas import PersonRef
from app.deps import IfMatchDep, IfNoneMatchDep, MarketActor, SessionDep
from app.etags import NOT_MODIFIED, tagged, unless_known
from app.ids import Id
from app.meetings.day import notes
from app.meetings.day.schemas import NoteIn, NoteOut
from app.models.meetings import MeetingNote
from app.openapi import problems
from app.scopes import scoped
from app.transaction import TransactionRoute

router = APIRouter(
    tags=["meetings"], route_class=TransactionRoute, dependencies=[scoped("meetings")]
)


@router.get(
    "/meetings/{meeting_id}/notes",
    summary="Get your company's notes of a meeting",
    response_model=NoteOut,
    responses=NOT_MODIFIED,
)
async def get_notes(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    if_none_match: IfNoneMatchDep,
) -> NoteOut | Response:
    """Give what your company noted of a meeting, and what it makes of it; empty at first.

    Nobody else reads it: the other side has notes of its own, and the organisers have none (403
    `not_a_side`).
    """
    note = await notes.get_note(session, actor, meeting_id)
    return unless_known(response, _out(note), note.version if note else 0, if_none_match)


@router.put(
    "/meetings/{meeting_id}/notes",
    summary="Write your company's notes of a meeting",
    responses=problems(412),
)
async def put_notes(
    session: SessionDep,
    actor: MarketActor,
    response: Response,
    meeting_id: Id,
    wanted: NoteIn,
    if_match: IfMatchDep,
) -> NoteOut:
    """Write what your company notes of a meeting, over what stood there, for its people alone.

    An empty one has an `ETag`, too: with `If-Match` two colleagues don't write over each other.
    """
    note = await notes.put_note(session, actor, meeting_id, wanted, if_match)
    return tagged(response, _out(note), note.version)


def _out(note: MeetingNote | None) -> NoteOut:
    if note is None or note.version == 0:
        return NoteOut(text="", outcome=None, follow_up_on=None, written_by=None, written_at=None)
    return NoteOut(
        text=note.text,
        outcome=note.outcome,
        follow_up_on=note.follow_up_on,
        written_by=PersonRef.model_validate(note.written_by),
        written_at=note.updated_at,
    )
