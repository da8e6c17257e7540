"""Our presigned URLs are boto3's, byte for byte."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.s3.client import bucket_url, client_of
from app.s3.signing import Signer
from app.s3.store import Store
from app.stored import PartToSign

KEYS = ("some-key+/=", "a secret, said to nobody")
LIFETIME = timedelta(minutes=15)
ENDPOINTS = [
    "http://127.0.0.1:9000",
    "https://store.example",
    "https://store.example:443/under/a/folder",
    "http://[::1]:9000",
    None,  # AWS itself
]
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


def theirs(
    operation: str, parameters: dict[str, object], endpoint: str | None, region: str, bucket: str
) -> str:
    client = client_of(endpoint, region, *KEYS)
    return client.generate_presigned_url(operation, {"Bucket": bucket, **parameters}, 900)


def ours(endpoint: str | None, region: str, bucket: str) -> Store:
    client = client_of(endpoint, region, *KEYS)
    return Store(client, bucket, Signer(bucket_url(client, bucket), region, *KEYS))


def in_one_second(first: Callable[[], str], second: Callable[[], str]) -> tuple[str, str]:
    """Sign twice within one second: the clock is part of what is signed."""
    while True:
        pair = first(), second()
        if signed_at(pair[0]) == signed_at(pair[1]):
            return pair


def signed_at(url: str) -> datetime:
    (stamp,) = parse_qs(urlsplit(url).query)["X-Amz-Date"]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1"])
@pytest.mark.parametrize("bucket", ["filmmart", "films.of.the.market"])
@pytest.mark.parametrize("key", ["screeners/1/original", "a key/~ü+%2F&?#.ts", "Сталкер 潜行者"])
def test_a_url_to_read_is_the_one_boto3_gives(
    endpoint: str | None, region: str, bucket: str, key: str
) -> None:
    url = theirs("get_object", {"Key": key}, endpoint, region, bucket)
    assert ours(endpoint, region, bucket).sign_gets([key], LIFETIME, signed_at(url)) == [url]


MD5 = "9e107d9d372bb6826bd81d3542a419d6"
PARTS = st.builds(PartToSign, st.integers(1, 1000), st.integers(1), st.none() | st.just(MD5))


@given(key=TEXT, upload_id=TEXT, part=PARTS)
def test_a_part_url_is_the_one_boto3_gives(key: str, upload_id: str, part: PartToSign) -> None:
    endpoint = ENDPOINTS[0]
    wanted = {
        "Key": key,
        "UploadId": upload_id,
        "PartNumber": part.number,
        "ContentLength": part.size_bytes,
    } | ({"ContentMD5": part.content_md5} if part.md5 else {})
    store = ours(endpoint, "us-east-1", "films")
    ours_, theirs_ = in_one_second(
        lambda: store.sign_parts(key, upload_id, [part], LIFETIME)[0],
        lambda: theirs("upload_part", wanted, endpoint, "us-east-1", "films"),
    )
    assert ours_ == theirs_


@given(key=TEXT, content_type=TEXT, disposition=TEXT)
def test_a_url_to_watch_at_is_the_one_boto3_gives(
    key: str, content_type: str, disposition: str
) -> None:
    ours_, theirs_ = in_one_second(
        lambda: ours(None, "ap-east-1", "films").sign_playback(
            key, content_type, disposition, LIFETIME
        ),
        lambda: theirs(
            "get_object",
            {
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": disposition,
                "ResponseCacheControl": "private, no-store",
            },
            None,
            "ap-east-1",
            "films",
        ),
    )
    assert ours_ == theirs_


def test_a_signer_outlives_midnight() -> None:
    store = ours(ENDPOINTS[0], "us-east-1", "films")
    first, second = (
        store.sign_gets(["film"], LIFETIME, datetime(2026, 11, day, 12, tzinfo=UTC))[0]
        for day in (21, 22)
    )
    again = ours(ENDPOINTS[0], "us-east-1", "films").sign_gets(
        ["film"], LIFETIME, datetime(2026, 11, 22, 12, tzinfo=UTC)
    )
    assert [second] == again
    assert first != second
