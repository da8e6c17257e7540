"""Calls to the store: so many at a time, in threads, their failures in the API's words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

import anyio
import anyio.to_thread
import structlog
from botocore.exceptions import BotoCoreError, ClientError

from app.stored import ObjectGone, PartsRefused, StorageUnavailable, UploadGone

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.client import S3Client

# Calls at a time, fewer than a process has database connections: each may hold one while the store
# is slow, and the rest of the API must stay up. Who finds no turn soon is told to come back.
CALLS = 6
TURN_SECONDS = 2

NOT_THERE = frozenset({"NoSuchKey", "NotFound", "404"})
UPLOAD_GONE = frozenset({"NoSuchUpload"})
# Of an upload that is gone, Ceph says to these that there is no such key.
OF_AN_UPLOAD = frozenset(
    {"UploadPart", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload"}
)
# What stores answer to a completion that does not match the parts they hold
PARTS_REFUSED = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidRequest"})

Answer = TypeVar("Answer")
logger = structlog.get_logger("app.s3")


class OddAnswerError(BotoCoreError):
    """The store's answer contradicts itself, or what was asked."""

    fmt = "{reason}"


class Calls:
    """One bucket; every call that reaches the network runs in a thread."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        """Take the client that every call shares."""
        self._client = client
        self._bucket = bucket
        self._turns = anyio.Semaphore(CALLS)
        self._threads = anyio.CapacityLimiter(CALLS)

    async def _call(self, work: Callable[[], Answer], *, abandon: bool = False) -> Answer:
        """Run a call in a thread when there is a turn, and give its failure the API's words."""
        try:
            with anyio.fail_after(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise StorageUnavailable from None
        try:
            return await anyio.to_thread.run_sync(
                work, abandon_on_cancel=abandon, limiter=self._threads
            )
        except ClientError as error:
            _refuse(error)
        except BotoCoreError as error:
            logger.warning("storage_unreachable", error=type(error).__name__, reason=_reason(error))
            raise StorageUnavailable from error
        finally:
            self._turns.release()


def _reason(error: BotoCoreError) -> str | None:
    # What boto3 says of other failures may hold a URL.
    return str(error) if isinstance(error, OddAnswerError) else None


def _refuse(error: ClientError) -> NoReturn:
    code = code_of(error)
    gone = code in NOT_THERE
    if code in UPLOAD_GONE or (gone and error.operation_name in OF_AN_UPLOAD):
        raise UploadGone from error
    if gone and error.operation_name == "GetObject":
        raise ObjectGone from error
    if code in PARTS_REFUSED and error.operation_name == "CompleteMultipartUpload":
        raise PartsRefused from error
    # A wrong key, a missing bucket: the operator's to mend, and no fault of the caller's.
    logger.error("storage_refused", operation=error.operation_name, code=code)
    raise StorageUnavailable from error


def code_of(error: ClientError) -> str:
    """Give the store's word for a failure."""
    return str(error.response.get("Error", {}).get("Code", ""))
