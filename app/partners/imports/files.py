"""Opening a file of any of the kinds that can be imported."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.partners.imports.rows import FileOptions, ImportRefused, Source
from app.partners.imports.text_files import CsvFile, NdjsonFile
from app.partners.imports.xlsx_files import XlsxFile

KINDS: dict[str, type[CsvFile | NdjsonFile | XlsxFile]] = {
    ".csv": CsvFile,
    ".tsv": CsvFile,
    ".ndjson": NdjsonFile,
    ".jsonl": NdjsonFile,
    ".xlsx": XlsxFile,
}


@contextmanager
def open_file(path: Path, options: FileOptions) -> Iterator[Source]:
    """Open a file by the end of its name.

    Raises:
        ImportRefused: it isn't there, is of another kind, or can't be read at all.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise ImportRefused(f"{path.name}: only {', '.join(KINDS)} can be imported.")
    try:
        opened = kind(path, options)
    except OSError as error:
        raise ImportRefused(f"{path} can't be opened: {error.strerror}.") from error
    except LookupError as error:
        raise ImportRefused(f"file.encoding: {error}.") from error
    with closing(opened):
        yield opened
