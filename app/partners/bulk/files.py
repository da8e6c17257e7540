"""Files on their way in and out: what they are called in the store, and how one is sent there.

A file that came in is the organisation's who sent it, and its name cannot be guessed: the name and
the organisation together are the key, so that nobody finds another company's. No table holds it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from app.actors import Actor
from app.errors import Invalid
from app.partners.bodies import new_name
from app.partners.bulk.formats import MEDIA_TYPES, FileFormat
from app.s3 import Store
from app.stored import PartToSign

# Under which the store keeps what came in, what is told of it, and what went out
INCOMING, REPORTS, EXPORTS = "imports/", "import-reports/", "exports/"
_IS_ID = re.compile(r"(csv|ndjson|xlsx)-[0-9a-f]{32}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """Where a file may be put, and with what headers."""

    file_id: str
    url: str
    headers: dict[str, str]
    expires_at: datetime


def new_key(actor: Actor, format_: FileFormat) -> str:
    """Name a file that comes in."""
    return key_of(actor, f"{format_}-{new_name()}")


def key_of(actor: Actor, file_id: str) -> str:
    """Give where a file of the actor's organisation lies."""
    return f"{INCOMING}{actor.organisation_id}/{file_id}"


def file_id_of(key: str) -> str:
    """Give the name that its sender knows a file by."""
    return PurePosixPath(key).name


def format_of(key: str) -> FileFormat:
    """Tell what kind of file lies under a key."""
    return FileFormat(file_id_of(key).partition("-")[0])


def sign_upload(
    store: Store, actor: Actor, format_: FileFormat, size_bytes: int, md5: str, lifetime: timedelta
) -> SignedUpload:
    """Sign a URL to put one file to, of this length and these bytes, past the API."""
    key = new_key(actor, format_)
    headers = PartToSign(1, size_bytes, md5).headers | {"Content-Type": MEDIA_TYPES[format_]}
    expires_at = datetime.now(UTC).replace(microsecond=0) + lifetime
    url = store.sign_put(key, headers, lifetime)
    return SignedUpload(file_id_of(key), url, headers, expires_at)


async def require_file(store: Store, actor: Actor, file_id: str) -> str:
    """Give the key of a file that the actor's organisation sent.

    Raises:
        Invalid: there is none of this name.
    """
    key = key_of(actor, file_id)
    if not _IS_ID(file_id) or await store.find_object(key) is None:
        raise Invalid.field(
            "/file_id",
            "is no file that your organisation sent: POST /v1/import-files, or PUT it to the URL "
            "of POST /v1/import-uploads first",
            code="no_such_file",
        )
    return key


def report_key(organisation_id: int, operation_id: int) -> str:
    """Give where the report of an import lies."""
    return f"{REPORTS}{organisation_id}/{operation_id}.ndjson"


def export_key(organisation_id: int, operation_id: int, ending: str) -> str:
    """Give where an exported file lies."""
    return f"{EXPORTS}{organisation_id}/{operation_id}.{ending}"
