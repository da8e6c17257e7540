"""What the tests of the import share: files made on the spot, and where the real ones are."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from app.cli import main
from app.cli.console import err, out
from app.partners.imports.batches import Batches
from app.partners.imports.files import open_file
from app.partners.imports.findings import Finding
from app.partners.imports.mapping import read_mapping
from app.partners.imports.rows import FileOptions, Row, UnreadableRow
from app.partners.imports.titles import Candidate
from app.settings import load_settings

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
EXAMPLES = ROOT / "docs" / "examples"
SELLER = "Demo Sales"


def real_file(name: str) -> Path:
    """Give one of the real files, which are not part of the project; skip where they are not."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here: it is real input that the project does not contain")
    return path


def write(path: Path, content: str | bytes) -> Path:
    """Write a file to the letter."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def ndjson(*objects: Any) -> str:
    """Give a JSON object a line."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def read_all(path: Path, **options: Any) -> list[Row | UnreadableRow]:
    """Read a file to its end."""
    with open_file(path, FileOptions(**options)) as source:
        return list(source.rows())


def judged(
    path: Path, mapping: dict[str, Any] | None = None
) -> tuple[list[Candidate], list[Finding]]:
    """Give the titles that a file makes by a mapping, and what is found in it; no database."""
    said = read_mapping(mapping) if mapping is not None else None
    with open_file(path, said.options() if said else FileOptions()) as source:
        batches = list(Batches(source, said))
    return (
        [candidate for batch in batches for candidate in batch.candidates],
        [finding for batch in batches for finding in batch.findings],
    )


def csv_text(header: Sequence[str], *rows: Sequence[str]) -> str:
    """Write CSV; a cell is given as it shall stand there."""
    return "".join(",".join(row) + "\r\n" for row in (header, *rows))


@dataclass(frozen=True)
class Done:
    """What an import left: its exit code, what it said, and its report."""

    code: object
    out: str
    err: str
    report: list[dict[str, str]]

    def count(self, what: str) -> int:
        """Give the figure that the summary has for something."""
        line = next(line for line in self.out.splitlines() if line.strip("┃│ ").startswith(what))
        return int(line.strip("┃│ ").split()[-1].replace(",", ""))


class Operator:
    """Somebody at a terminal, beside a database with a seller in it."""

    def __init__(
        self,
        url: str,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        shell: pytest.MonkeyPatch,
    ) -> None:
        """Sit down in a folder, the database named by the environment."""
        self.url = url
        self.folder = folder
        self._capsys = capsys
        self.environment = {
            "FILMMART_DATABASE_URL": url,
            "FILMMART_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "FILMMART_S3_ACCESS_KEY_ID": "nobody asks",
            "FILMMART_S3_SECRET_ACCESS_KEY": "nobody asks",
        }
        for name, value in self.environment.items():
            shell.setenv(name, value)
        out.width = err.width = 300
        self.seller_id = self.company(SELLER)

    def company(self, name: str, standing: str = "approved", *, sells: bool = True) -> int:
        """Make a company."""
        (made,) = self.rows(
            "INSERT INTO organisations (name, country, standing) VALUES (%s, 'KZ', %s) "
            "RETURNING id",
            name,
            standing,
        )
        if sells:
            self.execute("INSERT INTO seller_profiles (organisation_id) VALUES (%s)", made["id"])
        found: int = made["id"]
        return found

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def execute(self, statement: str, *values: object) -> None:
        """Change the database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    def value(self, statement: str, *values: object) -> Any:
        """Ask the database for one value."""
        return next(iter(self.rows(statement, *values)[0].values()))

    def imports(self, file: Path, *options: str, seller: str = SELLER) -> Done:
        """Import a file, with a report."""
        report = self.folder / "report.csv"
        report.unlink(missing_ok=True)
        load_settings.cache_clear()
        command = ["import", "titles", str(file), "--seller", seller, "--report", str(report)]
        with pytest.raises(SystemExit) as ended:
            main([*command, *options])
        said = self._capsys.readouterr()
        return Done(ended.value.code, said.out, said.err, read_report(report))

    def begins(self, file: Path, *options: str) -> "subprocess.Popen[str]":
        """Begin an import in a process of its own."""
        command = [sys.executable, "-m", "app.cli", "import", "titles", str(file)]
        return subprocess.Popen(
            [*command, "--seller", SELLER, *options],
            env=os.environ | self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def read_report(path: Path) -> list[dict[str, str]]:
    """Read a report, if there is one."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def csv_of(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV, under a header of the first one's names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path
