"""How fast a spreadsheet of titles goes in: the command itself, in one process."""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.models import Genre
from benchmarks.market import CALLER_ORGANISATION, Market

ROWS = 30_000
COLUMNS = (
    *("reference", "kind", "original_title", "original_language", "year", "runtime_minutes"),
    *("countries", "genres", "keywords"),
)
GENRES = [genre.value for genre in Genre]


def measure(market: Market) -> dict[str, float]:
    """Import a file of made-up rows twice: they are new, then nothing changes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "titles.csv"
        write(path, time.time_ns())
        first, again = _import(market, path), _import(market, path)
    return {"rows_per_second": ROWS / first, "unchanged_rows_per_second": ROWS / again}


def write(path: Path, run: int) -> None:
    """Write rows of this run's own."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(ROWS):
            title, year, runtime = f"Кино {number} о степи", 1950 + number % 75, 60 + number % 120
            genre = GENRES[number % len(GENRES)]
            writer.writerow(
                [f"{run}-{number}", "feature", title, "ru", year, runtime, "KZ", genre, "steppe"]
            )


def _import(market: Market, path: Path) -> float:
    command = [sys.executable, "-m", "app.cli", "import", "titles", str(path)]
    command += ["--seller", str(CALLER_ORGANISATION)]
    began = time.monotonic()
    subprocess.run(  # noqa: S603  # our own command line
        command, env=market.environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - began
