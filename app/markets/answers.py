"""How a row goes out: under an `ETag` that tells its version and what is shown."""

import hashlib
from typing import Annotated, Any, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel

from app.etags import etag_of, not_modified
from app.markets.stranding import Stranded

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "It is still what you have (`If-None-Match`)."}
}
StrandedDep = Annotated[
    Stranded | None,
    Query(
        description="What becomes of meetings to come that this change strands: `cancel` calls "
        "them off, `replan` leaves them to the market's schedule; else the change is refused."
    ),
]
Shown = TypeVar("Shown", bound=BaseModel)


def tagged(response: Response, shown: Shown, version: int) -> Shown:
    """Name what is shown: names in it change without its version."""
    digest = hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]
    response.headers["ETag"] = etag_of(version, digest)
    return shown


def unless_known(
    response: Response, shown: Shown, version: int, if_none_match: str | None
) -> Shown | Response:
    """Answer 304 to those who have it already."""
    tagged(response, shown, version)
    etag = response.headers["ETag"]
    if not_modified(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return shown
