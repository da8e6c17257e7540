"""What an import and an export cost over HTTP: asked for at the API, done by one worker.

`python -m benchmarks.bulk --titles 1000000` measures these alone; `--file` names a table to import
in place of made-up rows, and `--map` its mapping.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg

from app.worker import CONCURRENCY
from benchmarks import imports, processor
from benchmarks.market import Api, Market, api, market

FOLDER = Path(".filmmart/bench")
MIB = 1024
FORMATS = ("ndjson", "csv", "xlsx")
Json = dict[str, Any]


def measure(
    measured: Market,
    file: Path | None = None,
    mapping: Json | None = None,
    formats: Iterable[str] = FORMATS,
) -> Json:
    """Import a file, and export all titles that a company may list, in each format."""
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file = Path(folder) / "titles.csv"
            imports.write(file, time.time_ns())
        found: Json = {"import": _costed(measured, _import, file, mapping)}
    return found | {name: _costed(measured, _export, name) for name in formats}


def _costed(measured: Market, do: Callable[..., Json], *given: object) -> Json:
    """Do something with an API and a worker of its own, and say what it cost each of them."""
    processor.tell_load()
    with api(measured) as served, _worker(measured) as worker:

        def used() -> Json:
            return {
                "api_cpu": processor.of_process(served.process.pid),
                "worker_cpu": processor.of_process(worker),
                "postgres_cpu": processor.of_postgres(measured),
                "store_cpu": processor.of_store(),
            }

        before = used()
        found = do(served, measured, *given)
        found |= {name: seconds - before[name] for name, seconds in used().items()}
        found["worker_mib"] = _peak(worker)
    print(f"  {do.__name__.strip('_')}: {found}", file=sys.stderr)
    return found


@contextmanager
def _worker(measured: Market) -> Iterator[int]:
    with psycopg.connect(measured.url, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_workers")
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"], env=measured.environment
    )
    try:
        _wait_until_it_works(measured)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_works(measured: Market) -> None:
    with psycopg.connect(measured.url, autocommit=True) as connection:
        while _counted(connection) < len(CONCURRENCY):
            time.sleep(0.1)


def _counted(connection: psycopg.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone() or (0,)
    return int(count)


def _import(served: Api, measured: Market, file: Path, mapping: Json | None) -> Json:
    began = time.monotonic()
    sent = _ask(served, measured, "POST", "/import-files", file.read_bytes(), "text/csv")
    wanted = {"of": "titles", "file_id": sent["file_id"], "mapping": mapping}
    operation = _done(served, measured, _post(served, measured, "/imports", wanted))
    seconds = time.monotonic() - began
    rows = operation["counts"]["rows"]
    return {"rows": rows, "seconds": seconds, "rows_per_second": rows / seconds}


def _export(served: Api, measured: Market, format_: str) -> Json:
    began = time.monotonic()
    wanted = {"of": "titles", "format": format_}
    operation = _done(served, measured, _post(served, measured, "/exports", wanted))
    seconds = time.monotonic() - began
    return {"seconds": seconds, **operation["result"]}


def _done(served: Api, measured: Market, begun: Json) -> Json:
    while begun["ended_at"] is None:
        time.sleep(0.5)  # as a patient client asks: each answer costs the measured machine some
        begun = _ask(served, measured, "GET", f"/operations/{begun['id']}")
    if begun["state"] != "succeeded":
        raise RuntimeError(begun)
    return begun


def _post(served: Api, measured: Market, path: str, body: Json) -> Json:
    return _ask(served, measured, "POST", path, json.dumps(body).encode())


def _ask(
    served: Api,
    measured: Market,
    method: str,
    path: str,
    body: bytes | None = None,
    media_type: str = "application/json",
) -> Json:
    headers = {"Authorization": f"Bearer {measured.token}"}
    headers |= {"Content-Type": media_type} if body is not None else {}
    url = f"http://127.0.0.1:{served.port}/v1{path}"
    request = Request(url, body, headers, method=method)  # loopback
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        found: Json = json.load(answer)
        return found


def _peak(process: int) -> float:
    """Give the most memory that a process had, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    [most] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(most) / MIB


def main() -> None:
    """Measure these alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=1_000_000, help="size of the market")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the markets are kept")
    parser.add_argument("--file", type=Path, help="a CSV file to import")
    parser.add_argument("--map", type=Path, help="the mapping of that file")
    parser.add_argument("--formats", nargs="*", default=FORMATS, help="to export as")
    given = parser.parse_args()
    mapping = tomllib.loads(given.map.read_text()) if given.map else None
    with market(given.folder.absolute(), given.titles) as measured:
        print(json.dumps(measure(measured, given.file, mapping, given.formats), indent=2))
    # An export of a million titles has gigabytes.
    shutil.rmtree(given.folder / "s3", ignore_errors=True)


if __name__ == "__main__":
    main()
