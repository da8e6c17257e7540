"""Whole objects: kept, given back, listed, deleted."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from io import BytesIO
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from app.s3.calls import NOT_THERE, Calls, OddAnswerError, code_of
from app.stored import ObjectGone, StoredObject

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

COPIED_BYTES = 2**20


class Objects(Calls):
    """What is asked of the store about objects."""

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

    async def put_bytes(self, key: str, content: bytes, content_type: str) -> None:
        """Keep a few bytes as an object, in one request."""
        await self._call(
            lambda: self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=content_type
            )
        )

    async def get_file(self, key: str, file: IO[bytes]) -> bool:
        """Copy an object into a file; tell whether it is there."""

        def get() -> None:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body:
                copyfileobj(body, file, COPIED_BYTES)

        try:
            # One request: stores answer differently to requests for ranges.
            await self._call(get)
        except ObjectGone:
            return False
        return True

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Give so many bytes of an object from `start` on, which it must have.

        Raises:
            ObjectGone: there is no such object.
            StorageUnavailable: the store does not answer, or gave other bytes than those.
        """
        found = BytesIO()
        await self._call(lambda: self._copy_range(key, start, length, found))
        return found.getvalue()

    def _copy_range(self, key: str, start: int, length: int, file: IO[bytes]) -> None:
        """Write exactly these bytes of an object to a file, or fail; what had come is kept."""
        last = start + length - 1
        answer = self._client.get_object(
            Bucket=self._bucket, Key=key, Range=f"bytes={start}-{last}"
        )
        left = length
        with closing(answer["Body"]) as body:
            # rclone says 200 and not 206, but says the range all the same.
            said = answer.get("ContentRange", "").partition("/")[0]
            if said != f"bytes {start}-{last}":
                raise OddAnswerError(reason=f"asked for bytes {start}-{last}, was given {said}")
            while left and (chunk := body.read(min(left, COPIED_BYTES))):
                file.write(chunk)
                left -= len(chunk)
        if left:
            raise OddAnswerError(reason=f"{left} bytes of {length} did not come")

    async def list_objects(self, prefix: str) -> dict[str, datetime]:
        """Give the objects under a prefix, and when each was written."""

        def list_objects() -> dict[str, datetime]:
            return {
                found["Key"]: found["LastModified"]
                for page in self._pages(prefix)
                for found in page.get("Contents", [])
            }

        return await self._call(list_objects)

    async def list_folders(self, prefix: str) -> list[str]:
        """Name the folders right below one, as prefixes that end in a slash."""

        def list_folders() -> list[str]:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            return [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]

        return await self._call(list_folders)

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

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object under a folder, a thousand a request; tell how many there were."""
        if not prefix.strip("/") or not prefix.endswith("/"):
            raise ValueError("a folder is named, and its name ends in a slash")

        def delete_page(keys: list[str]) -> None:
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
            if left := answer.get("Errors"):
                raise OddAnswerError(reason=f"{len(left)} objects were not deleted")

        keys = list(await self.list_objects(prefix))
        for first in range(0, len(keys), 1000):
            await self._call(partial(delete_page, keys[first : first + 1000]))
        return len(keys)

    def _pages(self, prefix: str) -> "Iterator[ListObjectsV2OutputTypeDef]":
        return iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
        )
