"""What a company notes of its meetings, for itself alone."""

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import events
from app.actors import Actor
from app.errors import Forbidden
from app.etags import require_match
from app.meetings import agenda
from app.meetings.day.schemas import NoteIn
from app.models.meetings import MeetingNote


async def get_note(session: AsyncSession, actor: Actor, meeting_id: int) -> MeetingNote | None:
    """Give what the actor's company noted of a meeting; None where that is nothing.

    Raises:
        NotFound: there is no such meeting, or it isn't the actor's to see.
        Forbidden: the actor runs the market, and is no side of it.
    """
    await _require_side(session, actor, meeting_id)
    found: MeetingNote | None = await session.scalar(_of_own(actor, meeting_id))
    return found


async def put_note(
    session: AsyncSession, actor: Actor, meeting_id: int, wanted: NoteIn, if_match: str | None
) -> MeetingNote:
    """Write what the actor's company notes of a meeting, over what stood there.

    Raises:
        NotFound: there is no such meeting, or it isn't the actor's to see.
        Forbidden: the actor runs the market, and is no side of it.
        PreconditionFailed: a colleague wrote it meanwhile.
    """
    await _require_side(session, actor, meeting_id)
    # Of two who write the first note at once, one waits for the other's.
    blank = {"meeting_id": meeting_id, "organisation_id": actor.organisation_id}
    made = insert(MeetingNote).values(**blank, written_by_id=actor.person_id, version=0)
    await session.execute(made.on_conflict_do_nothing())
    note = (await session.scalars(_of_own(actor, meeting_id).with_for_update(of=MeetingNote))).one()
    require_match(if_match, note.version)
    for name, value in wanted.model_dump().items():
        setattr(note, name, value)
    note.written_by_id = actor.person_id
    await session.flush()
    # That something was noted, and not what.
    events.record(
        session, actor, "meeting.noted", meeting_id, organisation_ids=[actor.organisation_id]
    )
    written = _of_own(actor, meeting_id).execution_options(populate_existing=True)
    return (await session.scalars(written)).one()


def _of_own(actor: Actor, meeting_id: int) -> Select[MeetingNote]:
    return (
        select(MeetingNote)
        .where(
            MeetingNote.meeting_id == meeting_id,
            MeetingNote.organisation_id == actor.organisation_id,
        )
        .options(joinedload(MeetingNote.written_by, innerjoin=True))
    )


async def _require_side(session: AsyncSession, actor: Actor, meeting_id: int) -> None:
    request = (await agenda.get_meeting(session, actor, meeting_id)).request
    sides = (request.from_organisation_id, request.to_organisation_id)
    if not any(actor.belongs_to(side) for side in sides):
        raise Forbidden(
            "You see this meeting because you run the market; what the two companies note of it is "
            "theirs alone.",
            code="not_a_side",
        )
