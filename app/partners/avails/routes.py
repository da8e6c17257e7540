"""Avails in and out over HTTP."""

from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from app.deps import PageDep, SellerActor, SessionDep
from app.openapi import problems
from app.operations.answers import ACCEPTED, accepted
from app.operations.schemas import OperationOut
from app.pagination import ItemPage
from app.partners.avails import service
from app.partners.avails.exports import Export, Format
from app.partners.avails.schemas import UnsaidOut
from app.partners.avails.uploads import TAKEN, XLSX, XML, UploadRoute
from app.partners.bodies import UploadDep
from app.scopes import scoped
from app.transaction import TransactionRoute

MEDIA_TYPES = {Format.XLSX: XLSX, Format.XML: XML}
CHUNK = 2**16
_FILE = {"schema": {"type": "string", "format": "binary", "examples": ["(the file's bytes)"]}}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself: an .xlsx workbook 1.6 to 1.9, or XML 2.2 to 2.7.",
    "content": dict.fromkeys(TAKEN, _FILE),
}
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as an attachment.",
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
        "content": dict.fromkeys((XLSX, XML), _FILE),
    }
}
router = APIRouter(tags=["avails"], route_class=TransactionRoute, dependencies=[scoped("exports")])
uploading = APIRouter(tags=["avails"], route_class=UploadRoute, dependencies=[scoped("imports")])


@uploading.post(
    "/avails/imports",
    summary="Import avails",
    status_code=202,
    openapi_extra={"requestBody": _BODY},
    responses=ACCEPTED | problems(409, 413, 415),
)
async def import_avails(
    session: SessionDep,
    actor: SellerActor,
    response: Response,
    upload: UploadDep,
    *,
    publish: Annotated[
        bool, Query(description="Publish titles that have what the market must know.")
    ] = False,
    dry_run: Annotated[bool, Query(description="Tell everything, keep nothing.")] = False,
) -> OperationOut:
    """Bring in your avails: an operation of kind `avails.import` reads the file row by row.

    Titles are known by your references (`ContentID`, `ALID`, `AltID`); new ones are made, seasons
    and episodes as parts of their series. A `Full Extract` replaces everything of its ALID, a
    `Full Delete` removes it; the same file again changes nothing. A row with an error is refused,
    and what was offered of its ALID before stays; `GET /v1/operations/{operation_id}/findings`
    names cell, problem and what was done.
    """
    operation = await service.begin_import(
        session, actor, upload.key, publish=publish, dry_run=dry_run
    )
    return accepted(operation, response)


@router.get(
    "/avails/exports",
    summary="Export avails",
    response_class=Response,
    responses=_WRITTEN,
)
async def export_avails(
    request: Request,
    actor: SellerActor,
    format_: Annotated[Format, Query(alias="format", examples=["xlsx"])],
) -> StreamingResponse:
    """Write all that you offer as a spreadsheet 1.9, or as XML 2.7.

    What came as avails goes out as it came in. Avails know home entertainment alone: what they
    have no words for is listed by `GET /v1/avails/unsaid`.
    """
    export = Export(request.app.state.database.engine, actor.organisation_id)
    # It is gone when it is closed, whoever closes it.
    file = TemporaryFile()  # noqa: SIM115  # `_sent` closes it
    try:
        await export.write(file, format_)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    headers = {
        "Content-Disposition": f'attachment; filename="avails.{format_}"',
        "Content-Length": str(size),
    }
    return StreamingResponse(_sent(file), media_type=MEDIA_TYPES[format_], headers=headers)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Read a file from its beginning to its end, however far the client listens."""
    with file:
        file.seek(0)
        while chunk := await to_thread.run_sync(file.read, CHUNK):
            yield chunk


@router.get("/avails/unsaid", summary="List what avails can't say")
async def list_unsaid(
    session: SessionDep,
    actor: SellerActor,
    response: Response,
    page: PageDep,
    format_: Annotated[
        Format | None,
        Query(
            alias="format",
            description="List also what this format can't say of offerings that came as avails in "
            "another. So many are looked at that a page may have few items, or none, and a next.",
        ),
    ] = None,
) -> ItemPage[UnsaidOut]:
    """List which of your offerings say more than avails can: an export leaves it out.

    Cinema, television, airlines, remakes … have no licence type; a shortest term, holdbacks and
    the choice between exclusive and not have no column.
    """
    rows, cursor = await service.get_unsaid(session, actor, format_, page)
    response.headers.update(page.link(cursor))
    return ItemPage(items=[UnsaidOut.model_validate(row) for row in rows], next_cursor=cursor)
