"""Partners' programs on generated clients (`docs/api/clients/`), run against API and worker.

`make clients` generates both from docs/api/openapi.json and checks their types: a description that
lies about one fails the build, or the story.
"""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anyio
import pytest

from app.settings import Settings
from tests.api_clients import made
from tests.imports import real_file
from tests.serving import served, worked
from tests.world import Caller

pytestmark = pytest.mark.slow

Json = dict[str, Any]
CLIENTS = Path(__file__).parents[1] / ".clients"
# Thousands of webhooks go to one receiver, four at a time.
PATIENCE = 3000
SCOPES = (
    *("imports:read", "imports:write", "exports:read", "exports:write", "operations:read"),
    *("titles:read", "titles:write", "events:read", "webhooks:write"),
)
# The receiver is on this machine; and no story is so short that its first token lasts.
SANDBOX = {"FILMMART_WEBHOOK_LOOPBACK": "true", "FILMMART_ACCESS_TOKEN_LIFETIME": "PT2S"}
RENAMED = " (restored)"
# More than two pages of the list, in every script that a seller may send.
SCRIPTS = ("Сталкер", "潜行者", "Дала", "استاکر", "स्टॉकर", "Stalker “1979”", "Zażółć gęślą")
TITLES: list[Json] = [
    {
        "reference": f"P-{number:04}",
        "kind": ("feature", "series", "documentary", "short")[number % 4],
        "original_title": f"{SCRIPTS[number % len(SCRIPTS)]} {number}",
        "year": 1950 + number % 70,
        "texts": {"en": {"title": f"A title {number}"}},
    }
    for number in range(250)
]
PROGRAMS = [
    pytest.param(
        [str(CLIENTS / "python" / "bin" / "python"), str(CLIENTS / "python/client/story.py")],
        id="python",
    ),
    pytest.param(
        ["node", str(CLIENTS / "typescript" / "made" / "story.js")],
        id="typescript",
        marks=pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    ),
]


def one_line(text: str) -> str:
    """Clean a text as an import does: its lines are one, and nothing is at its ends."""
    return re.sub(r"\s+", " ", text.strip("\u200b \u00a0"))


def netflix() -> list[Json]:
    """Give the titles of the public data set, as the API takes them."""
    with real_file("titles/netflix_titles.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                "reference": row["show_id"],
                "kind": {"Movie": "feature", "TV Show": "series"}[row["show_type"]],
                "original_title": one_line(row["title"]),
                "year": int(row["release_year"]),
                "texts": {"en": {"title": one_line(row["title"]), "synopsis": row["description"]}},
            }
            for row in csv.DictReader(file)
        ]


def summed(titles: Iterable[Json]) -> Json:
    """Add titles up as the programs do, from what was given to them."""
    names = ("reference", "original_title", "kind", "year")
    lines = ["\t".join(str(title[name]) for name in names) for title in titles]
    digests = sorted(hashlib.sha256(line.encode()).hexdigest() for line in lines)
    checksum = hashlib.sha256("".join(digests).encode()).hexdigest()
    return {"count": len(lines), "checksum": checksum}


def _is_made(program: list[str]) -> bool:
    return Path(program[-1]).is_file()


async def run(program: list[str], settings: Settings, client: Json, folder: Path) -> Json:
    """Serve the API, have a worker work, and run a partner's program; give what it prints."""
    assert _is_made(program), "run `make clients`"
    who = {"FILMMART_CLIENT_ID": client["id"], "FILMMART_CLIENT_SECRET": client["secret"]}

    def story() -> subprocess.CompletedProcess[str]:
        with served(settings, folder, **SANDBOX) as api, worked(settings, folder, **SANDBOX):
            return subprocess.run(
                [*program, api.url, str(folder / "catalogue.ndjson")],
                env={"PATH": os.environ["PATH"], **who},
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )

    done = await anyio.to_thread.run_sync(story)
    assert done.returncode == 0, done.stderr
    told: Json = json.loads(done.stdout)
    return told


async def mirrored(
    program: list[str], settings: Settings, seller: Caller, folder: Path, titles: list[Json]
) -> Json:
    """Have a program sync a catalogue: all sides have the same of it, before a change and after."""
    lines = "".join(f"{json.dumps(title, ensure_ascii=False)}\n" for title in titles)
    (folder / "catalogue.ndjson").write_text(lines, encoding="utf-8")
    told = await run(program, settings, await made(seller, *SCOPES), folder)
    first, *others = titles
    renamed = first | {"original_title": first["original_title"] + RENAMED}
    sides = ("sent", "listed", "by_feed", "by_webhooks")
    assert told["synced"] == dict.fromkeys(sides, summed(titles))
    assert told["renamed"] == dict.fromkeys(sides, summed([renamed, *others]))
    assert told["facts"] == {"feed": len(titles) + 1, "webhooks": len(titles) + 1}
    assert told["unverified"] == 0
    assert told["tokens"] >= 2
    return told


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_partner_mirrors_its_catalogue_by_feed_and_by_webhooks(
    program: list[str], settings: Settings, seller: Caller, tmp_path: Path
) -> None:
    told = await mirrored(program, settings, seller, tmp_path, TITLES)
    assert told["remarks"] == 0


@pytest.mark.timeout(PATIENCE + 600)
@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_partner_mirrors_a_catalogue_of_8807_titles(
    program: list[str], settings: Settings, seller: Caller, tmp_path: Path
) -> None:
    titles = netflix()
    assert len(titles) == 8807
    told = await mirrored(program, settings, seller, tmp_path, titles)
    # Of so many, some have kind, year and title of another; they are in, and told of.
    assert told["remarks"] == 7
