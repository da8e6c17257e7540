"""One bucket: everything that is asked of it, and the URLs that others may ask it by."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from app.s3.calls import NOT_THERE, code_of
from app.s3.client import bucket_url, client_of, quiet_logs
from app.s3.downloads import Downloads
from app.s3.signing import Asked, Signer
from app.s3.uploads import Uploads
from app.settings import Settings
from app.stored import PartToSign

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.client import S3Client

BUCKET_IS_OURS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class Store(Uploads, Downloads):
    """One bucket; what only signs reaches no network and takes microseconds."""

    def __init__(self, client: "S3Client", bucket: str, signer: Signer) -> None:
        """Take a client to call the store, and a signer for the store as clients see it."""
        super().__init__(client, bucket)
        self._signer = signer

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

    def sign_parts(
        self, key: str, upload_id: str, parts: Sequence[PartToSign], lifetime: timedelta
    ) -> list[str]:
        """Sign a URL to PUT each part to: for its number, its length and its MD5 alone."""
        asked = [
            Asked(
                key,
                {"uploadId": upload_id, "partNumber": str(part.number)},
                {name.lower(): value for name, value in part.headers.items()},
            )
            for part in parts
        ]
        return self._signer.sign("PUT", asked, lifetime)

    def sign_put(self, key: str, headers: Mapping[str, str], lifetime: timedelta) -> str:
        """Sign a URL to PUT an object to, with exactly these headers."""
        signed = {name.lower(): value for name, value in headers.items()}
        return self._signer.sign("PUT", [Asked(key, headers=signed)], lifetime)[0]

    def sign_gets(
        self, keys: Sequence[str], lifetime: timedelta, at: datetime | None = None
    ) -> list[str]:
        """Sign a URL to GET each of hundreds of objects from.

        From one instant `at` the same URLs come, as often as they are signed.
        """
        return self._signer.sign("GET", map(Asked, keys), lifetime, at)

    def sign_playback(
        self, key: str, content_type: str, disposition: str, lifetime: timedelta
    ) -> str:
        """Sign a URL to GET an object from, answered with this type and `Content-Disposition`."""
        answered = {
            "response-content-type": content_type,
            "response-content-disposition": disposition,
            "response-cache-control": "private, no-store",
        }
        return self._signer.sign("GET", [Asked(key, answered)], lifetime)[0]


def open_store(settings: Settings) -> Store:
    """Make the process's store: 70 to 140 ms, so once."""
    quiet_logs()
    keys = (settings.s3_access_key_id, settings.s3_secret_access_key.get_secret_value())
    region, bucket = settings.s3_region, settings.s3_bucket
    client = client_of(settings.s3_endpoint_url, region, *keys)
    public = settings.s3_public_url
    seen = client_of(public, region, *keys) if public else client
    return Store(client, bucket, Signer(bucket_url(seen, bucket), region, *keys))
