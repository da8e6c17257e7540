"""What is said with the object store: plain records and refusals, no client."""

import base64
from dataclasses import dataclass
from datetime import datetime

from app.errors import Unavailable


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that arrived."""

    number: int
    size_bytes: int
    md5: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is there; `checksum` is the store's `ETag`, which not every store gives."""

    size_bytes: int
    checksum: str | None


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload the store still holds the parts of."""

    key: str
    upload_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PartToSign:
    """A part somebody is about to send: exactly this long, and these bytes where `md5` is given."""

    number: int
    size_bytes: int
    md5: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Give the headers that are signed with the URL and must be sent with the bytes."""
        signed = {"Content-Length": str(self.size_bytes)}
        return signed | ({"Content-MD5": self.content_md5} if self.md5 else {})

    @property
    def content_md5(self) -> str:
        """Give the MD5 as the header wants it."""
        return base64.b64encode(bytes.fromhex(self.md5 or "")).decode()


class StorageUnavailable(Unavailable):
    """503: the store does not answer, or not as it should."""

    code = "storage_unavailable"

    def __init__(self) -> None:
        """Say what to do; what the store said is in the log."""
        super().__init__(
            "The store of the screeners does not answer. Nothing was changed; repeat the request.",
            retry_after=10,
        )


class UploadGone(Exception):  # noqa: N818  # a fact, not a fault
    """The store holds no such upload: completed, aborted, or lost with the store's memory."""


class PartsRefused(Exception):  # noqa: N818  # likewise
    """The store will not complete an upload of these parts."""


class ObjectGone(Exception):  # noqa: N818  # likewise
    """The store holds no such object."""
