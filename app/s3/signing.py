"""Presigned URLs, by the hundred: AWS Signature Version 4 in the query string.

boto3 takes 160 to 650 µs for each URL, its signer alone (`botocore.auth.S3SigV4QueryAuth`) 60 to
190: they build requests, headers and events around two dozen lines of arithmetic. Here are those
lines, from 17 µs a URL; tests/test_s3_signing.py holds them to boto3's URLs, byte for byte.

Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

ALGORITHM: Final = "AWS4-HMAC-SHA256"
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that somebody may make of one object: with these parameters and these headers.

    Names of headers in lower case; a header named here must be sent as it is signed.
    """

    key: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Signer:
    """Signs for one bucket at one address."""

    def __init__(self, bucket_url: str, region: str, key_id: str, secret: str) -> None:
        """Take the bucket's address as clients see it, ending in a slash."""
        address = urlsplit(bucket_url)
        self._origin = f"{address.scheme}://{address.netloc}"
        self._folder = address.path
        self._host = _host_header(bucket_url)
        self._region = region
        self._key_id = key_id
        self._secret = secret
        self._day_key = ("", b"")

    def sign(
        self, method: str, asked: Iterable[Asked], lifetime: timedelta, at: datetime | None = None
    ) -> list[str]:
        """Sign a URL for each request, good from `at` (now) for so long, in whole seconds."""
        stamp = (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        credential = quote(f"{self._key_id}/{scope}", safe="-._~")
        # In the order of their names, which is the order they are signed in
        ours = (
            f"X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={stamp}"
            f"&X-Amz-Expires={int(lifetime.total_seconds())}&X-Amz-SignedHeaders="
        )
        key = self._key_of(stamp[:8])
        head = f"{ALGORITHM}\n{stamp}\n{scope}\n"
        return [self._signed(method, each, ours, head, key) for each in asked]

    def _signed(self, method: str, asked: Asked, ours: str, head: str, key: bytes) -> str:
        path = self._folder + quote(asked.key, safe="/~")
        headers = sorted({**asked.headers, "host": self._host}.items())
        names = ";".join(name for name, _ in headers)
        ours += names.replace(";", "%3B")
        theirs = [
            f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}"
            for name, value in asked.parameters.items()
        ]
        # Capitals come first: X-Amz-… stands before every parameter of S3.
        canonical = "\n".join(
            (
                method,
                path,
                "&".join((ours, *sorted(theirs))),
                *(f"{name}:{value}" for name, value in headers),
                "",
                names,
                "UNSIGNED-PAYLOAD",
            )
        )
        text = head + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        query = "&".join((*theirs, ours))
        return f"{self._origin}{path}?{query}&X-Amz-Signature={signature}"

    def _key_of(self, day: str) -> bytes:
        known, key = self._day_key
        if known != day:
            key = f"AWS4{self._secret}".encode()
            for word in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, word.encode(), "sha256")
            self._day_key = (day, key)
        return key


def _host_header(url: str) -> str:
    """Give the `Host` that clients send: without the port where that is the scheme's own."""
    address = urlsplit(url)
    host = address.hostname or ""
    host = f"[{host}]" if ":" in host else host
    if address.port is None or address.port == DEFAULT_PORTS.get(address.scheme):
        return host
    return f"{host}:{address.port}"
