"""The object store that keeps screeners: the only place that knows boto3.

Bytes of screeners go between the client and the store by presigned URLs, never through here;
files of avails do. What it asks of a store: multipart uploads, `Content-Length` and `Content-MD5`
held to the signature, the MD5 of each part as its `ETag` (so no KMS encryption on AWS). What
stores really do is in docs/decisions/0006-screener-upload.md.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, NoReturn, TypeVar

import anyio
import anyio.to_thread
import boto3
import structlog
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.settings import Settings
from app.stored import (
    OpenUpload,
    PartsRefused,
    PartToSign,
    StorageUnavailable,
    StoredObject,
    StoredPart,
    UploadGone,
)

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# Calls at a time, fewer than a process has database connections: each may hold one while the store
# is slow, and the rest of the API must stay up. Who finds no turn soon is told to come back.
CALLS = 6
TURN_SECONDS = 2
# Two tries must end before the 60 s after which Postgres ends a transaction that waits for us.
CONNECT_SECONDS = 2
READ_SECONDS = 12
ATTEMPTS = 2
COPIED_BYTES = 2**20

NOT_THERE = frozenset({"NoSuchKey", "NotFound", "404"})
UPLOAD_GONE = frozenset({"NoSuchUpload"})
# What stores answer to a completion that does not match the parts they hold
PARTS_REFUSED = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidRequest"})
BUCKET_IS_OURS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})

Answer = TypeVar("Answer")
logger = structlog.get_logger("app.s3")


class Store:
    """One bucket; every call that reaches the network runs in a thread."""

    def __init__(self, client: "S3Client", signing_client: "S3Client", bucket: str) -> None:
        """Take one client to call the store, and one that signs for the store as clients see it."""
        self._client = client
        self._signing = signing_client
        self._bucket = bucket
        self._turns = anyio.Semaphore(CALLS)
        self._threads = anyio.CapacityLimiter(CALLS)

    async def ensure_bucket(self) -> None:
        """Make the bucket unless it is there."""

        def ensure() -> None:
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if code_of(error) not in NOT_THERE | {"NoSuchBucket"}:
                    raise
                self._create_bucket()

        await self._call(ensure)

    def _create_bucket(self) -> None:
        region = self._client.meta.region_name
        try:
            if region == "us-east-1":  # which AWS wants left out
                self._client.create_bucket(Bucket=self._bucket)
            else:
                self._client.create_bucket(
                    Bucket=self._bucket,
                    CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
                )
        except ClientError as error:
            if code_of(error) not in BUCKET_IS_OURS:
                raise

    async def check(self) -> None:
        """Ask whether the bucket is there.

        Raises:
            StorageUnavailable: it is not, or can't be asked.
        """
        await self._call(lambda: self._client.head_bucket(Bucket=self._bucket), abandon=True)

    async def start_upload(self, key: str, content_type: str) -> str:
        """Begin a multipart upload and give its id."""
        answer = await self._call(
            lambda: self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
        )
        return answer["UploadId"]

    async def list_parts(self, key: str, upload_id: str) -> dict[int, StoredPart]:
        """Give the parts that arrived, by number.

        Raises:
            UploadGone: the store no longer holds this upload.
        """

        def list_parts() -> dict[int, StoredPart]:
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=key, UploadId=upload_id
            )
            return {
                part["PartNumber"]: StoredPart(
                    part["PartNumber"], part["Size"], part["ETag"].strip('"')
                )
                for page in pages
                for part in page.get("Parts", [])
            }

        return await self._call(list_parts)

    async def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[StoredPart]
    ) -> str | None:
        """Make one object of exactly these parts; give the checksum the store made of them.

        Raises:
            UploadGone: the store no longer holds this upload.
            PartsRefused: it holds other parts than these.
        """
        wanted: list[CompletedPartTypeDef] = [
            {"PartNumber": part.number, "ETag": f'"{part.md5}"'} for part in parts
        ]
        answer = await self._call(
            lambda: self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": wanted},
            )
        )
        return answer.get("ETag", "").strip('"') or None

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Throw an unfinished upload away; one that is gone is as good."""
        try:
            await self._call(
                lambda: self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
            )
        except UploadGone:
            return

    async def list_uploads(self, prefix: str) -> list[OpenUpload]:
        """Give every unfinished upload under a prefix."""

        def list_uploads() -> list[OpenUpload]:
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return [
                OpenUpload(upload["Key"], upload["UploadId"], upload["Initiated"])
                for page in pages
                for upload in page.get("Uploads", [])
            ]

        return await self._call(list_uploads)

    async def put_file(self, key: str, file: IO[bytes], content_type: str) -> None:
        """Keep a file from its beginning, in parts where it is large."""

        def put() -> None:
            file.seek(0)
            self._client.upload_fileobj(
                file,
                self._bucket,
                key,
                ExtraArgs={"ContentType": content_type},
                Config=TransferConfig(use_threads=False),
            )

        await self._call(put)

    async def get_file(self, key: str, file: IO[bytes]) -> bool:
        """Copy an object into a file; tell whether it is there."""

        def get() -> bool:
            try:
                # One request: stores answer differently to requests for ranges.
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            except ClientError as error:
                if code_of(error) in NOT_THERE:
                    return False
                raise
            copyfileobj(body, file, COPIED_BYTES)
            return True

        return await self._call(get)

    async def list_objects(self, prefix: str) -> dict[str, datetime]:
        """Give the objects under a prefix, and when each was written."""

        def list_objects() -> dict[str, datetime]:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return {
                found["Key"]: found["LastModified"]
                for page in pages
                for found in page.get("Contents", [])
            }

        return await self._call(list_objects)

    async def find_object(self, key: str) -> StoredObject | None:
        """Look an object up."""

        def find() -> StoredObject | None:
            try:
                head = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in NOT_THERE:
                    return None
                raise
            return StoredObject(head["ContentLength"], head.get("ETag", "").strip('"') or None)

        return await self._call(find)

    async def delete_object(self, key: str) -> None:
        """Remove an object; one that is not there is as good."""
        await self._call(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))

    async def sign_parts(
        self, key: str, upload_id: str, parts: Sequence[PartToSign], lifetime: timedelta
    ) -> list[str]:
        """Sign a URL to PUT each part to: for its number, its length and its MD5 alone."""
        seconds = int(lifetime.total_seconds())

        def sign(part: PartToSign) -> str:
            parameters = {
                "Bucket": self._bucket,
                "Key": key,
                "UploadId": upload_id,
                "PartNumber": part.number,
                "ContentLength": part.size_bytes,
            }
            if part.md5:
                parameters["ContentMD5"] = part.content_md5
            return self._signing.generate_presigned_url("upload_part", parameters, seconds)

        return await anyio.to_thread.run_sync(lambda: [sign(part) for part in parts])

    def sign_playback(
        self, key: str, content_type: str, disposition: str, lifetime: timedelta
    ) -> str:
        """Sign a URL to GET an object from, answered with this type and `Content-Disposition`."""
        return self._signing.generate_presigned_url(
            "get_object",
            {
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": disposition,
                "ResponseCacheControl": "private, no-store",
            },
            int(lifetime.total_seconds()),
        )

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
            logger.warning("storage_unreachable", error=type(error).__name__)
            raise StorageUnavailable from error
        finally:
            self._turns.release()


def _refuse(error: ClientError) -> NoReturn:
    code = code_of(error)
    if code in UPLOAD_GONE:
        raise UploadGone from error
    if code in PARTS_REFUSED and error.operation_name == "CompleteMultipartUpload":
        raise PartsRefused from error
    # A wrong key, a missing bucket: the operator's to mend, and no fault of the caller's.
    logger.error("storage_refused", operation=error.operation_name, code=code)
    raise StorageUnavailable from error


def code_of(error: ClientError) -> str:
    """Give the store's word for a failure."""
    return str(error.response.get("Error", {}).get("Code", ""))


def open_store(settings: Settings) -> Store:
    """Make the process's store: 70 to 140 ms, so once."""
    for name in ("boto3", "botocore", "urllib3"):  # at DEBUG they log signed URLs
        logging.getLogger(name).setLevel(logging.INFO)
    keys = (settings.s3_access_key_id, settings.s3_secret_access_key.get_secret_value())
    client = _client(settings.s3_endpoint_url, settings.s3_region, *keys)
    public_url = settings.s3_public_url
    signing_client = _client(public_url, settings.s3_region, *keys) if public_url else client
    return Store(client, signing_client, settings.s3_bucket)


@lru_cache(maxsize=8)
def _client(endpoint_url: str | None, region: str, key_id: str, secret: str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(
            signature_version="s3v4",
            # Stores other than AWS have no host name for each bucket.
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            # boto3's own checksums break some stores, and need the bytes anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CALLS,
        ),
    )
