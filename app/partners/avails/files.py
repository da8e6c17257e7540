"""Opening a file of avails, whatever its name says: by its first bytes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from app.partners.avails.rows import AvailRow
from app.partners.avails.xlsx_reading import AvailsWorkbook
from app.partners.avails.xml_reading import AvailsXml
from app.partners.imports.findings import Finding
from app.partners.imports.rows import ImportRefused, UnreadableRow

_HEAD = 1024
_WORKBOOK = b"PK\x03\x04"
# What comes instead of avails now and then, and what to do about it
_OTHERS = (
    (b"%PDF", "The file is a PDF: send the spreadsheet or the XML that it was made from."),
    (
        b"\xd0\xcf\x11\xe0",
        "The file is an old .xls workbook, or locked by a password: save it as an open .xlsx.",
    ),
    (b"PK\x05\x06", "The file is an empty archive."),
    (b"{", "The file is JSON: avails come as .xlsx or .xml."),
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class AvailsFile(Protocol):
    """An open file of avails."""

    # The version or versions of the standard
    version: str
    # What is to be said of the file as a whole
    notes: list[Finding]

    def rows(self) -> Iterator[AvailRow | UnreadableRow]:
        """Read one row after another."""
        ...

    def done(self) -> float:
        """Tell how much of the file was read, from 0 to 1."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


@contextmanager
def open_avails(path: Path | str) -> Iterator[AvailsFile]:
    """Open a file.

    Raises:
        ImportRefused: it isn't there, or holds no avails that can be read.
    """
    try:
        opened = _open(Path(path))
    except OSError as error:
        raise ImportRefused(f"{path} can't be opened: {error.strerror}.") from error
    with closing(opened):
        yield opened


def _open(path: Path) -> AvailsFile:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    require_avails(head)
    return AvailsWorkbook(path) if head.startswith(_WORKBOOK) else AvailsXml(path)


def require_avails(head: bytes) -> None:
    """Look at the first bytes of a file.

    Raises:
        ImportRefused: they are no workbook's, nor XML's.
    """
    if not head:
        raise ImportRefused("The file is empty.")
    for begins, refusal in _OTHERS:
        if head.startswith(begins):
            raise ImportRefused(refusal)
    if not head.startswith(_WORKBOOK) and not _is_xml(head):
        raise ImportRefused(
            "The file is neither an .xlsx workbook nor XML: avails come as one of the two."
        )


def _is_xml(head: bytes) -> bool:
    """Look for what XML begins with, after a mark of its encoding and white space."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip().startswith(b"<")
