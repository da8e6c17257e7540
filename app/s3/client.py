"""boto3's client, and where it finds a bucket."""

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from app.s3.calls import CALLS

if TYPE_CHECKING:  # stubs without a runtime
    from mypy_boto3_s3.client import S3Client

# Two tries must end before the 60 s after which Postgres ends a transaction that waits for us.
CONNECT_SECONDS = 2
READ_SECONDS = 12
ATTEMPTS = 2


def quiet_logs() -> None:
    """Keep signed URLs out of the logs, where boto3 writes them at DEBUG."""
    for name in ("boto3", "botocore", "urllib3"):
        logging.getLogger(name).setLevel(logging.INFO)


@lru_cache(maxsize=8)
def client_of(endpoint_url: str | None, region: str, key_id: str, secret: str) -> "S3Client":
    """Make the client of a store, once."""
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


def bucket_url(client: "S3Client", bucket: str) -> str:
    """Give the address of a bucket's objects, ending in a slash: boto3 knows AWS's many hosts."""
    key = "key"
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    return url.partition("?")[0].removesuffix(key)
