"""What the market holds of the caller, over HTTP."""

from collections.abc import Iterator
from typing import IO, Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app.accounts import people
from app.deps import CurrentActor, IfMatchDep, ReadsDep, SessionDep
from app.etags import require_match
from app.openapi import problems
from app.partners.personal import service
from app.partners.personal.reads import write_export
from app.scopes import PEOPLE_ONLY
from app.transaction import TransactionRoute

CHUNK_BYTES = 2**16
router = APIRouter(
    prefix="/me", tags=["accounts"], route_class=TransactionRoute, dependencies=[PEOPLE_ONLY]
)
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Everything, as a file.",
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "By the name of its table, the rows that lead to you.",
                    "additionalProperties": {"type": "array", "items": {"type": "object"}},
                },
                "example": {"people": [{"id": 116823110451200001, "name": "Aizhan"}]},
            }
        },
    }
}


@router.get("/export", summary="Everything held of me", response_class=Response, responses=EXPORTED)
async def export_me(actor: CurrentActor, reads: ReadsDep) -> Response:
    """Give everything that the market holds of you, from your account to what you did, as JSON.

    By table, each row as it is kept, but for what proves who you are. Ids are numbers here.
    """
    file = await write_export(reads, actor.person_id)
    headers = {
        "Content-Disposition": 'attachment; filename="filmmart-me.json"',
        "Content-Length": str(file.tell()),
    }
    return StreamingResponse(_chunks(file), headers=headers, media_type="application/json")


@router.delete(
    "", summary="Leave the market for good", status_code=204, responses=problems(409, 412)
)
async def delete_me(session: SessionDep, actor: CurrentActor, if_match: IfMatchDep) -> None:
    """Erase who you are: name, address, password, language, sign-ins and private calendars.

    What you did stays, as a number's: meetings, contracts and the audit trail are others', too.
    There is no way back. 409 `last_admin` while nobody else speaks for your organisation.
    """
    person = await people.get_me(session, actor)
    require_match(if_match, person.version)
    await service.leave(session, actor, person)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
