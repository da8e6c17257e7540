"""The chain of a viewing's entries: one way to write each, and no change that does not show."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chains import canonical, microseconds
from app.screeners.ledger.chain import (
    NO_SEAL,
    End,
    Line,
    Origin,
    entry_hash,
    key_of,
    origin_hash,
    seal_hash,
)
from app.screeners.ledger.checking import Chain, Fault, Seals, Stated
from app.screeners.ledger.keys import ledger_key
from tests.servers import make_settings

KEY = key_of("a secret of the tests, long enough to chain with")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = Origin(7, 8, 9, None, None, NOON)
WHENCE = {"address": "192.0.2.7", "country": "KZ", "user_agent": "Браузер/1.0"}
Entry = tuple[Line, bytes]


def chain(length: int = 4, key: bytes = KEY, origin: Origin = ORIGIN) -> list[Entry]:
    """Write a chain as the ledger does: opened, then watched in steps of five seconds."""
    before, entries = origin_hash(key, origin), []
    for number in range(1, length + 1):
        at = NOON + timedelta(seconds=5 * number, microseconds=number)
        line = Line(number, "opened", at, None, None, WHENCE)
        if number > 1:
            line = Line(number, "watched", at, 5000 * number, 5000 * (number + 1), {})
        before = entry_hash(key, before, line)
        entries.append((line, before))
    return entries


def stated(entries: list[Entry], **others: Any) -> Stated:
    last = entries[-1][1] if entries else b""
    return replace(Stated(len(entries), last, 0, unsealed=True, whence=WHENCE), **others)


def fault_of(entries: list[Entry], said: Stated, origin: Origin = ORIGIN) -> Fault | None:
    followed = Chain(KEY, origin, said)
    for line, hash_ in entries:
        followed.follow(line, hash_)
    return followed.end()


def renumbered(entries: list[Entry]) -> list[Entry]:
    return [(replace(line, number=at), hash_) for at, (line, hash_) in enumerate(entries, 1)]


def test_what_is_hashed_is_what_the_document_says() -> None:
    text = "[7,8,9,null,null,1795262400000000]"
    first = hmac.new(KEY, b"viewing\0" + text.encode(), hashlib.sha256).digest()
    assert origin_hash(KEY, ORIGIN) == first
    line = Line(1, "tampered", NOON, 5, None, {"z": "Ё", "a": 1})
    text = '[1,"tampered",1795262400000000,5,null,{"a":1,"z":"Ё"}]'
    second = hmac.new(KEY, b"entry\0" + first + b"\0" + text.encode(), hashlib.sha256).digest()
    assert entry_hash(KEY, first, line) == second
    text = f'[1,1795262400000000,[[7,1,"{second.hex()}"]]]'
    third = hmac.new(KEY, b"seal\0" + bytes(32) + b"\0" + text.encode(), hashlib.sha256).digest()
    assert seal_hash(KEY, NO_SEAL, 1, NOON, [End(7, 1, second)]) == third


def test_the_key_is_derived_from_the_ledgers_own_secret_or_from_everybodys() -> None:
    nowhere = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
    url, own = "postgresql://nowhere/nothing", "what the secret key was before it was changed"
    plain = make_settings(url, nowhere)
    assert ledger_key(plain) == key_of(plain.secret_key.get_secret_value())
    changed = make_settings(url, nowhere, secret_key=own)
    kept = make_settings(url, nowhere, ledger_key=own)
    assert ledger_key(kept) == ledger_key(changed) != ledger_key(plain)
    assert len(ledger_key(plain)) == 32


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=5)
)
def test_json_that_came_back_from_a_store_is_written_as_it_was(data: dict[str, Any]) -> None:
    try:
        written = canonical(data)
    except UnicodeEncodeError:  # a surrogate alone, which PostgreSQL does not keep either
        return
    back = json.loads(json.dumps(dict(reversed(data.items()))))
    assert canonical(back) == written
    assert json.loads(written) == [data]


def test_no_floats_infinite_or_not_a_number_are_hashed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_hashed_to_the_microsecond(instant: datetime) -> None:
    found = microseconds(instant)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found) == instant


def test_an_untouched_chain_is_whole() -> None:
    for length in (0, 1, 2, 9):
        entries = chain(length)
        assert fault_of(entries, stated(entries)) is None


CHANGES: list[dict[str, Any]] = [
    {"kind": "paused"},
    {"recorded_at": NOON},
    {"from_milliseconds": 1},
    {"from_milliseconds": None},
    {"to_milliseconds": 10**9},
    {"data": {"implausible": "faster_than_time"}},
    {"data": {"x": float("inf")}},
    {"recorded_at": datetime(2026, 11, 21, 12)},  # noqa: DTZ001  # what no clock of ours wrote
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_changed_entry_is_found(place: int, change: dict[str, Any]) -> None:
    entries = chain()
    line, hash_ = entries[place]
    entries[place] = (replace(line, **change), hash_)
    if replace(line, **change) == line:
        return
    fault = fault_of(entries, stated(entries))
    assert fault is not None
    assert (fault.viewing_id, fault.entry) == (7, place + 1)
    assert "was changed" in fault.problem


@pytest.mark.parametrize(
    "other",
    [
        {"viewing_id": 1},
        {"screener_id": 1},
        {"grant_id": 1},
        {"grant_id": None},
        {"person_id": 9},
        {"organisation_id": 1},
        {"opened_at": NOON + timedelta(microseconds=1)},
    ],
    ids=str,
)
def test_a_viewing_made_somebody_elses_is_found(other: dict[str, Any]) -> None:
    entries = chain()
    fault = fault_of(entries, stated(entries), replace(ORIGIN, **other))
    assert fault is not None
    assert fault.entry == 1
    assert "no longer of the viewing" in fault.problem


def test_a_removed_entry_is_found_whether_its_number_is_left_free_or_not() -> None:
    entries = chain()
    free = [*entries[:1], *entries[2:]]
    said = stated(entries)
    assert fault_of(free, said) == Fault("Entry 2 is missing; 3 follows.", viewing_id=7, entry=2)
    filled = renumbered(free)
    fault = fault_of(filled, stated(filled))
    assert fault == Fault("Entry 2 was changed, put in or moved.", viewing_id=7, entry=2)


def test_an_entry_that_was_put_in_or_moved_is_found() -> None:
    entries = chain()
    put_in = renumbered([*entries[:2], entries[1], *entries[2:]])
    assert fault_of(put_in, stated(put_in)).entry == 3  # type: ignore[union-attr]
    moved = renumbered([entries[0], entries[2], entries[1], entries[3]])
    assert fault_of(moved, stated(moved)).entry == 2  # type: ignore[union-attr]
    forged = [*entries, (replace(entries[-1][0], number=5), bytes(32))]
    assert fault_of(forged, stated(forged)).entry == 5  # type: ignore[union-attr]


def test_a_cut_tail_is_found_unless_the_viewing_was_changed_with_it() -> None:
    entries = chain()
    cut = entries[:2]
    assert fault_of(cut, stated(entries)) == Fault(
        "Entries 3 to 4, the last ones, are gone.", viewing_id=7, entry=3
    )
    assert fault_of(cut, stated(cut)) is None  # that is what seals are for
    assert fault_of(entries, stated(cut)).entry == 3  # type: ignore[union-attr]
    other = stated(entries, entry_hash=bytes(32))
    assert "another hash" in fault_of(entries, other).problem  # type: ignore[union-attr]


def test_a_viewing_that_tells_another_address_than_its_entries_is_found() -> None:
    entries = chain()
    for name in WHENCE:
        said = stated(entries, whence=WHENCE | {name: "elsewhere"})
        assert "another address" in fault_of(entries, said).problem  # type: ignore[union-attr]


def test_a_viewing_that_passes_for_sealed_is_found() -> None:
    entries = chain()
    said = stated(entries, unsealed=False, sealed_count=3)
    assert "passes for sealed" in fault_of(entries, said).problem  # type: ignore[union-attr]
    assert fault_of(entries, stated(entries, unsealed=False, sealed_count=4)) is None


def test_a_chain_of_another_key_is_none_of_ours() -> None:
    entries = chain(key=key_of("another secret"))
    assert fault_of(entries, stated(entries)).entry == 1  # type: ignore[union-attr]


# Seals ------------------------------------------------------------------------------------------

Seal = tuple[int, datetime, list[tuple[int, int, bytes | None]], bytes]


def seals(length: int = 3) -> list[Seal]:
    before, made = NO_SEAL, list[Seal]()
    for number in range(1, length + 1):
        ends = [(id_, number, bytes([id_, number]) * 16) for id_ in (1, 2)]
        at = NOON + timedelta(minutes=number)
        before = seal_hash(KEY, before, number, at, [End(*end) for end in ends])
        made.append((number, at, list(ends), before))
    return made


def faults_of(made: list[Seal], noted: bytes | None = None) -> list[Fault]:
    followed = Seals(KEY, noted)
    for seal in made:
        followed.follow(*seal)
    return followed.end()


def test_untouched_seals_are_whole() -> None:
    assert faults_of([]) == []
    assert faults_of(seals()) == []
    assert [faults_of(seals(), hash_) for *_, hash_ in seals()] == [[]] * 3


def test_a_sealed_entry_that_is_gone_is_named() -> None:
    made = seals()
    made[1][2][0] = (1, 2, None)
    fault = Fault(
        "Entry 2 was there when seal 2 was made, and is gone.", viewing_id=1, entry=2, seal=2
    )
    assert faults_of(made) == [fault]


def test_an_entry_written_anew_does_not_fit_its_seal() -> None:
    made = seals()
    made[1][2][0] = (1, 2, bytes(32))
    assert [fault.seal for fault in faults_of(made)] == [2]


def test_a_seal_that_is_gone_changed_or_moved_is_found() -> None:
    first, second, third = seals()
    assert faults_of([first, third]) == [Fault("Seal 2 is gone.", seal=2)]
    assert faults_of([second, third]) == [Fault("Seal 1 is gone.", seal=1)]
    later = (second[0], NOON, *second[2:])
    assert [fault.seal for fault in faults_of([first, later, third])] == [2]
    swapped = [first, (2, *third[1:]), (3, *second[1:])]
    assert [fault.seal for fault in faults_of(swapped)] == [2, 3]


def test_a_head_that_was_noted_outside_shows_what_was_cut_off() -> None:
    made = seals()
    assert faults_of(made[:2]) == []
    (fault,) = faults_of(made[:2], made[2][3])
    assert "that you noted" in fault.problem
