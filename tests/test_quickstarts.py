"""The quickstart pages of docs/api/ run as they stand, and print what they say they print."""

import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest

from app.demo import load_demo_market
from app.local.processes import free_port
from app.settings import Settings
from tests.sandboxes import KEY, sandbox_settings
from tests.servers import Databases, S3Settings
from tests.serving import served, worked

pytestmark = pytest.mark.slow

API = Path(__file__).parents[1] / "docs" / "api"
PATIENCE = 240


def blocks(page: str) -> tuple[list[str], list[str]]:
    """Give the commands of a page, and what each is said to print."""
    found = re.findall(
        r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", page, re.MULTILINE | re.DOTALL
    )
    return [commands for commands, _ in found], [printed for _, printed in found]


@pytest.mark.parametrize("caller", ["seller", "buyer", "partner"])
async def test_a_quickstart_does_what_it_says(
    caller: str, settings: Settings, databases: Databases, s3_settings: S3Settings, tmp_path: Path
) -> None:
    page = await anyio.Path(API / f"quickstart-{caller}.md").read_text(encoding="utf-8")
    commands, printed = blocks(page)
    assert len(commands) >= 5
    mark = "--- next\n"
    script = f"echo {mark}".join(f"{each}\n" for each in commands)
    await load_demo_market(settings)

    def type_in() -> subprocess.CompletedProcess[str]:
        key = {"FILMMART_SANDBOX_KEY": KEY}
        with ExitStack() as servers:
            of_live: dict[str, str] = {}
            if caller == "partner":
                there = servers.enter_context(sandbox_settings(databases, s3_settings))
                port = free_port()
                of_live = key | {"FILMMART_SANDBOX_URL": f"http://127.0.0.1:{port}"}
                of_sandbox = key | {
                    "FILMMART_SANDBOX": "true",
                    "FILMMART_PUBLIC_URL": of_live["FILMMART_SANDBOX_URL"],
                }
                servers.enter_context(served(there, tmp_path, port, **of_sandbox))
            api = servers.enter_context(served(settings, tmp_path, **of_live))
            servers.enter_context(worked(settings, tmp_path))
            return subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", script],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "FILMMART_API": api.url},
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )

    done = await anyio.to_thread.run_sync(type_in)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.split(mark) == printed
