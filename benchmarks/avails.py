"""How fast avails go in: the command itself, on a made-up workbook, in one process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.partners.avails.rows import AvailRow
from app.partners.avails.xlsx_writing import XlsxWriter
from benchmarks.market import CALLER_ORGANISATION, Market

FILMS = 500
TERRITORIES = (
    *("KZ", "UZ", "RU", "CN", "IN", "IR", "PK", "KG", "TJ", "BY", "DE", "FR", "JP", "BR", "MN"),
    *("KE", "TR", "AE", "AM", "AZ"),
)
ROWS = FILMS * len(TERRITORIES)


def measure(market: Market) -> dict[str, float]:
    """Import a workbook of 10,000 rows twice: they are new, then nothing changes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "avails.xlsx"
        _write(path, time.time_ns())
        first, again = _import(market, path), _import(market, path)
    return {"rows_per_second": ROWS / first, "unchanged_rows_per_second": ROWS / again}


def _write(path: Path, run: int) -> None:
    with path.open("wb") as file:
        writer = XlsxWriter(file)
        for number in range(ROWS):
            film, territory = divmod(number, len(TERRITORIES))
            writer.write(_row(number, f"{run}-{film}", TERRITORIES[territory]))
        writer.close()


def _row(number: int, film: str, territory: str) -> AvailRow:
    """Make a row: a film is offered for streaming in a territory."""
    row = AvailRow(number, {}, version="1.9")
    fields = {
        "DisplayName": "Made-up Films",
        "Territory": territory,
        "WorkType": "Movie",
        "EntryType": "Full Extract",
        "TitleInternalAlias": f"Film {film}",
        "LicenseType": "SVOD",
        "FormatProfile": "HD",
        "Start": "2027-01-01",
        "End": "2028-12-31",
        "ContentID": f"md:cid:org:made-up:{film}",
        "AvailID": f"{film}-{territory}",
        "ALID": f"md:alid:org:made-up:{film}",
    }
    for name, value in fields.items():
        row.put(name, value)
    return row


def _import(market: Market, path: Path) -> float:
    command = [sys.executable, "-m", "app.cli", "import", "avails", str(path)]
    command += ["--seller", str(CALLER_ORGANISATION)]
    began = time.monotonic()
    subprocess.run(  # noqa: S603  # our own command line
        command, env=market.environment, check=True, stdout=sys.stderr
    )
    return time.monotonic() - began
