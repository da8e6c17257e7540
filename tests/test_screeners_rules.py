"""The arithmetic of uploads and of leave to watch."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.screeners import rules
from app.stored import StoredObject, StoredPart

GIB = 1 << 30
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B, C = "a" * 32, "b" * 32, "c" * 32


@given(st.integers(1, rules.MAX_SIZE_BYTES))
def test_the_parts_of_a_file_are_its_whole_length_and_within_what_s3_takes(size: int) -> None:
    part_bytes = rules.part_bytes_of(size)
    count = rules.part_count_of(size, part_bytes)
    sizes = {number: rules.part_size(number, size, part_bytes) for number in (1, count)}

    assert 1 <= count <= rules.MAX_PARTS
    assert (count - 1) * part_bytes + sizes[count] == size
    assert count == 1 or sizes[1] == part_bytes >= rules.MIN_PART_BYTES


@pytest.mark.parametrize(
    ("size", "part_mib", "count"),
    [
        (1, 16, 1),
        (16 << 20, 16, 1),
        ((16 << 20) + 1, 16, 2),
        (256 << 20, 16, 16),
        (512 << 20, 32, 16),
        (1 * GIB, 64, 16),
        (8 * GIB, 64, 128),
        (62 * GIB, 64, 992),
        (100 * GIB, 128, 800),
    ],
)
def test_larger_files_have_larger_parts(size: int, part_mib: int, count: int) -> None:
    part_bytes = rules.part_bytes_of(size)
    assert part_bytes == part_mib * rules.MIB
    assert rules.part_count_of(size, part_bytes) == count


def test_a_checksum_is_made_as_s3_makes_it() -> None:
    # What rclone answered to a completion with these parts
    parts = ["827ccb0eea8a706c4c34a16891f84e7b", "1e01ba3e07ac48cbdab2d3284d1dd0fa"]
    assert rules.composite_checksum(parts) == "a09f1cdc40fa65addf7026ee68e07b0e-2"


def test_parts_are_held_to_length_and_md5() -> None:
    stored = {
        1: StoredPart(1, 10, A),
        2: StoredPart(2, 9, B),
        3: StoredPart(3, 10, C),
        6: StoredPart(6, 1, C),
    }
    stated = {1: A, 2: B, 3: A, 4: C, 5: C}
    wrong = rules.wrong_parts(stored, stated, size_bytes=45, part_bytes=10)
    assert [(part.number, part.reason) for part in wrong] == [
        (2, "has 9 bytes instead of 10"),
        (3, "has another MD5 than you stated"),
        (4, "has not arrived"),
        (5, "has not arrived"),
        (6, "is one more than the file has"),
    ]


def test_without_stated_md5s_parts_are_held_to_their_length() -> None:
    stored = {1: StoredPart(1, 10, A), 2: StoredPart(2, 5, B)}
    assert rules.wrong_parts(stored, None, size_bytes=15, part_bytes=10) == []


@pytest.mark.parametrize(
    ("size", "checksum", "agrees"),
    [
        (10, f"{A}-2", True),
        (10, f"{B}-2", False),
        (9, f"{A}-2", False),
        (10, A, True),  # a store that gives the MD5 of the whole
        (10, None, True),  # a store that gives none
        (9, None, False),
    ],
)
def test_an_object_is_held_to_its_length_and_composite_checksum(
    size: int, checksum: str | None, *, agrees: bool
) -> None:
    assert rules.agrees(StoredObject(size, checksum), 10, f"{A}-2") is agrees


@pytest.mark.parametrize(
    ("ends_in", "seconds"),
    [(None, 900), (3600, 900), (900, 900), (60.9, 60), (0.5, 0), (-5, 0)],
)
def test_a_playback_url_outlives_neither_its_span_nor_the_grant(
    ends_in: float | None, seconds: int
) -> None:
    ends_at = None if ends_in is None else NOW + timedelta(seconds=ends_in)
    lifetime = rules.url_lifetime(NOW, ends_at, timedelta(minutes=15))
    assert lifetime == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("film.mp4", "inline; filename=\"film.mp4\"; filename*=UTF-8''film.mp4"),
        (
            "潜行者 1.mp4",
            "inline; filename=\"___ 1.mp4\"; filename*=UTF-8''%E6%BD%9C%E8%A1%8C%E8%80%85%201.mp4",
        ),
        ('a"b%.mp4', "inline; filename=\"a_b_.mp4\"; filename*=UTF-8''a%22b%25.mp4"),
    ],
)
def test_a_file_keeps_its_name_in_any_script(name: str, header: str) -> None:
    assert rules.content_disposition(name) == header
