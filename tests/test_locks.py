"""The locks: everything pinned by hash, from whichever registry the machine uses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normal(requirement: str) -> str:
    """Give the name of a requirement as the index knows it (PEP 503)."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked(lock: str) -> set[str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {normal(line) for line in text.splitlines() if "==" in line}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith(("-", "/", "."))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    assert [pin for pin in pins if "==" in pin and "--hash=sha256:" not in pin] == []


def test_every_dependency_is_locked() -> None:
    groups = PROJECT["dependency-groups"]
    runtime = {normal(name) for name in [*PROJECT["project"]["dependencies"], *groups["build"]]}
    assert runtime <= locked("requirements.lock")
    assert runtime | {normal(name) for name in groups["dev"]} <= locked("requirements-dev.lock")


def test_both_locks_pin_the_same_versions() -> None:
    pins = [
        set(re.findall(r"^[\w.-]+==\S+", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in LOCKS
    ]
    assert pins[0] <= pins[1]
