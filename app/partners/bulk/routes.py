"""Imports and exports over HTTP."""

from enum import Enum
from typing import Any

from fastapi import APIRouter, Response

from app.deps import MarketActor, SessionDep, SettingsDep, StoreDep
from app.ids import Id
from app.openapi import problems
from app.operations.answers import ACCEPTED, accepted
from app.operations.schemas import OperationOut
from app.partners.bodies import UploadDep
from app.partners.bulk import service
from app.partners.bulk.files import file_id_of, format_of, sign_upload
from app.partners.bulk.schemas import (
    ExportIn,
    FileOut,
    ImportFileOut,
    ImportIn,
    ImportUploadIn,
    ImportUploadOut,
)
from app.partners.bulk.uploads import TAKEN, UploadRoute
from app.scopes import scoped
from app.transaction import TransactionRoute

_FILE = {"schema": {"type": "string", "format": "binary", "examples": ["(the file's bytes)"]}}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself: CSV, NDJSON or an .xlsx workbook.",
    "content": dict.fromkeys(TAKEN, _FILE),
}
TAGS: list[str | Enum] = ["imports and exports"]
IMPORTS, EXPORTS = [scoped("imports")], [scoped("exports")]
router = APIRouter(tags=TAGS, route_class=TransactionRoute)
uploading = APIRouter(tags=TAGS, route_class=UploadRoute, dependencies=IMPORTS)


@uploading.post(
    "/import-files",
    summary="Send a file to import",
    status_code=201,
    openapi_extra={"requestBody": _BODY},
    responses=problems(413, 415),
)
async def create_import_file(
    _: MarketActor, response: Response, upload: UploadDep
) -> ImportFileOut:
    """Send a file as the body of one request; `POST /v1/imports` with its `file_id` imports it.

    It waits for a day. Larger ones, or many, are better put to the store past the API:
    `POST /v1/import-uploads`.
    """
    response.headers["Location"] = "/v1/imports"
    format_ = format_of(upload.key)
    return ImportFileOut(file_id=file_id_of(upload.key), format=format_, size_bytes=upload.size)


@router.post(
    "/import-uploads",
    summary="Sign a URL to put a file to",
    status_code=201,
    dependencies=IMPORTS,
)
async def create_import_upload(
    actor: MarketActor,
    response: Response,
    store: StoreDep,
    settings: SettingsDep,
    wanted: ImportUploadIn,
) -> ImportUploadOut:
    """Give a URL of the store to PUT one file to, of this length and MD5, with these headers.

    Then `POST /v1/imports` with its `file_id` imports it.
    """
    lifetime = settings.upload_url_lifetime
    signed = sign_upload(store, actor, wanted.format, wanted.size_bytes, wanted.md5, lifetime)
    response.headers["Location"] = "/v1/imports"
    return ImportUploadOut.model_validate(signed)


@router.post(
    "/imports", summary="Import", status_code=202, responses=ACCEPTED, dependencies=IMPORTS
)
async def create_import(
    session: SessionDep,
    store: StoreDep,
    actor: MarketActor,
    response: Response,
    settings: SettingsDep,
    wanted: ImportIn,
) -> OperationOut:
    """Bring in rows known by your own references: an operation, as `titles.import`.

    What is new is created, what says something new is changed, and the same again changes nothing.
    Of a title that is there, the members (or columns) that are named are set, and others are left
    alone. A value that can't be is left out, a row without what is needed is refused; both are told
    by `GET /v1/operations/{operation_id}/findings`, and what became of every row by
    `GET /v1/imports/{operation_id}/report`. Cancelled or broken off, what is in stays in.

    403 for titles by who sells nothing, for companies by who runs no market, for people by who is
    no admin. 422 `no_such_file` for a `file_id` that your organisation was not given.
    """
    lifetime = settings.invitation_lifetime
    operation = await service.begin_import(session, store, actor, wanted, lifetime)
    return accepted(operation, response)


@router.get(
    "/imports/{operation_id}/report",
    summary="Get an import's report",
    responses=problems(409),
    dependencies=IMPORTS,
)
async def get_import_report(
    session: SessionDep,
    store: StoreDep,
    actor: MarketActor,
    settings: SettingsDep,
    operation_id: Id,
) -> FileOut:
    """Give a URL of what became of every row: NDJSON, a line for each, kept for a week.

    `{"row": 2, "reference": "MF-1979-03", "outcome": "created", "id": "…", "problems": []}`; the
    outcome is `created`, `updated`, `unchanged` or `refused`. 409 `no_file` before the import has
    ended, and for one that failed.
    """
    signed = await service.sign_report(
        session, store, actor, operation_id, settings.file_url_lifetime
    )
    return FileOut.model_validate(signed)


@router.post(
    "/exports", summary="Export", status_code=202, responses=ACCEPTED, dependencies=EXPORTS
)
async def create_export(
    session: SessionDep, actor: MarketActor, response: Response, wanted: ExportIn
) -> OperationOut:
    """Take out a whole list as a file: an operation, as `titles.export`.

    A row is what the list, or a GET of one, shows you: in NDJSON to the letter; in CSV and .xlsx a
    column for each member, words parted by semicolons, and what has parts as JSON. What is there
    all the while is in the file once; what is made or changed meanwhile, the events tell of.
    """
    operation = await service.begin_export(session, actor, wanted)
    return accepted(operation, response)


@router.get(
    "/exports/{operation_id}/file",
    summary="Get an exported file",
    responses=problems(409),
    dependencies=EXPORTS,
)
async def get_export_file(
    session: SessionDep,
    store: StoreDep,
    actor: MarketActor,
    settings: SettingsDep,
    operation_id: Id,
) -> FileOut:
    """Give a URL to fetch an exported file by, good for a few minutes; it is kept for a week.

    409 `no_file` before the export has ended well.
    """
    signed = await service.sign_export(
        session, store, actor, operation_id, settings.file_url_lifetime
    )
    return FileOut.model_validate(signed)
