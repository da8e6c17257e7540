"""Multipart uploads: begun, listed, completed, given up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.s3.calls import Calls
from app.stored import OpenUpload, StoredPart, UploadGone

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


class Uploads(Calls):
    """What is asked of the store about uploads."""

    async def start_upload(self, key: str, content_type: str) -> str:
        """Begin a multipart upload and give its id."""
        answer = await self._call(
            lambda: self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
        )
        return answer["UploadId"]

    async def put_part(self, key: str, upload_id: str, number: int, content: bytes) -> StoredPart:
        """Keep a part; all but the last have 5 MiB or more.

        Raises:
            UploadGone: the store no longer holds this upload.
        """
        answer = await self._call(
            lambda: self._client.upload_part(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=content,
            )
        )
        return StoredPart(number, len(content), answer["ETag"].strip('"'))

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

    async def complete_upload(self, key: str, upload_id: str, parts: Sequence[StoredPart]) -> str:
        """Make one object of exactly these parts; give the checksum the store made of them.

        Raises:
            UploadGone: the store no longer holds this upload.
            PartsRefused: it holds other parts than these.
        """
        wanted: list[CompletedPartTypeDef] = [
            {"PartNumber": part.number, "ETag": f'"{part.md5}"'} for part in parts
        ]

        def complete() -> str:
            answer = self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": wanted},
            )
            # Ceph 16 completes without saying what; where no object is, nothing was completed.
            etag = (
                answer.get("ETag") or self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]
            )
            return etag.strip('"')

        return await self._call(complete)

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

        try:
            return await self._call(list_uploads)
        except UploadGone:
            # So rclone says of a bucket that never had any.
            return []
