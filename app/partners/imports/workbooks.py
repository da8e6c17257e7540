"""The parts of an .xlsx file: which sheet is where, its texts, and which numbers are dates.

Read as a stream, which python-calamine can't: docs/decisions/0008-imports.md.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat  # a DOCTYPE is refused, and tokens are bounded
from zipfile import BadZipFile, ZipFile

from app.partners.imports.rows import MAX_CELL_CHARACTERS, ImportRefused

MAX_UNPACKED = 2 * 2**30
MAX_SHARED_TEXT = 256 * 2**20
CHUNK = 2**18
MAX_TOKEN = 2**20
MAX_NAMES = 1000
ODD = "The workbook holds XML that no spreadsheet program writes."
# Number formats of Excel's own that show a date or a time.
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


def parse(
    stream: IO[bytes],
    start: Start,
    end: End | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[int]:
    """Parse XML, without namespaces in the names; give the bytes read after every chunk.

    Raises:
        ImportRefused: it is no XML, or XML that no spreadsheet program writes.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    # There are few names, and each is met a million times.
    names = _LocalNames()
    parser.StartElementHandler = lambda name, attributes: start(names[name], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(names[name])
    if text:
        parser.CharacterDataHandler = text
    return feed(parser, stream, "The workbook", ODD)


def parse_cells(
    stream: IO[bytes], start: Start, end: End, text: Callable[[str], None]
) -> Iterator[int]:
    """Parse a sheet as `parse` does, but give the names as they stand there, with any prefix.

    A sheet has millions of elements, and spreadsheet programs write no prefixes.

    Raises:
        ImportRefused: it is no XML, or XML that no spreadsheet program writes.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return feed(parser, stream, "The workbook", ODD)


class _LocalNames(dict[str, str]):
    """Names as expat gives them, without their namespaces."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(" ")[2]
        if len(self) < MAX_NAMES:
            self[name] = local
        return local


def feed(parser: expat.XMLParserType, stream: IO[bytes], what: str, odd: str) -> Iterator[int]:
    """Feed a stream to a parser whose handlers are set; give the bytes read after every chunk.

    A DOCTYPE is refused as `odd`, so that there are no entities, and so is a token (a tag, say) of
    more than a megabyte, so that memory is bounded.

    Raises:
        ImportRefused: it is no XML, or odd.
    """

    def refuse_doctype(*_: object) -> None:
        raise ImportRefused(odd)

    parser.StartDoctypeDeclHandler = refuse_doctype
    fed = 0
    try:
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN:
                raise ImportRefused(odd)
            yield fed
        parser.Parse(b"", True)  # noqa: FBT003  # expat's own
    except (expat.ExpatError, LookupError, BadZipFile, EOFError) as error:
        raise ImportRefused(f"{what} is damaged: {error}.") from error
    yield fed


class Workbook:
    """An .xlsx file, opened: its sheets by name, its shared texts, its date formats."""

    def __init__(self, archive: ZipFile) -> None:
        """Read all but the sheets.

        Raises:
            ImportRefused: it is no workbook, or one too large to be read.
        """
        self._archive = archive
        self._sizes = {part.filename: part.file_size for part in archive.infolist()}
        if sum(self._sizes.values()) > MAX_UNPACKED:
            raise ImportRefused(
                f"The workbook unpacks to more than {MAX_UNPACKED // 2**30} GiB: divide it."
            )
        self._book = self._related("", "officeDocument")[0]
        self.counts_from_1904 = False
        self.sheets = self._read_sheets()
        self.texts = self._read_texts()
        self.formats = self._read_formats()

    def open(self, part: str) -> IO[bytes]:
        """Open a part; not more is read of it than the size it gives."""
        return self._archive.open(part)

    def size(self, part: str) -> int:
        """Give the size of a part, unpacked."""
        return self._sizes[part]

    def _each(self, part: str, seen: Start) -> None:
        with self.open(part) as stream:
            for _ in parse(stream, seen):
                pass

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Give the parts that a part names: id → (last word of the type, path)."""
        folder, name = posixpath.split(part)
        relations: dict[str, tuple[str, str]] = {}

        def seen(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                path = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                kind = attributes.get("Type", "").rpartition("/")[2]
                relations[attributes.get("Id", "")] = (kind, path.lstrip("/"))

        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path in self._sizes:
            self._each(path, seen)
        return {key: found for key, found in relations.items() if found[1] in self._sizes}

    def _related(self, part: str, kind: str) -> list[str]:
        found = [path for of, path in self._relations(part).values() if of == kind]
        if not found and kind == "officeDocument":
            raise ImportRefused("The file is no .xlsx workbook.")
        return found

    def _read_sheets(self) -> dict[str, str]:
        """Give the visible worksheets, then the hidden ones: name → part."""
        relations = self._relations(self._book)
        sheets: dict[bool, dict[str, str]] = {False: {}, True: {}}

        def seen(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self.counts_from_1904 = attributes.get("date1904") in {"1", "true"}
            if name == "sheet":
                key = next((attributes[at] for at in attributes if at.endswith(" id")), "")
                kind, part = relations.get(key, ("", ""))
                if kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    sheets[hidden][attributes.get("name", "")] = part

        self._each(self._book, seen)
        if not (found := sheets[False] | sheets[True]):
            raise ImportRefused("The workbook has no worksheet.")
        return found

    def _read_texts(self) -> list[str]:
        texts: list[str] = []
        for part in self._related(self._book, "sharedStrings")[:1]:
            if self.size(part) > MAX_SHARED_TEXT:
                limit = MAX_SHARED_TEXT // 2**20
                raise ImportRefused(f"The workbook has more than {limit} MiB of text: divide it.")
            collected = Collected("si", texts.append)
            with self.open(part) as stream:
                for _ in parse(stream, collected.start, collected.end, collected.text):
                    pass
        return texts

    def _read_formats(self) -> list[str]:
        """Give, by style, what a number is: "date", "elapsed", or "" for just that."""
        custom: dict[int, str] = {}
        used: list[int] = []
        inside = [""]

        def seen(name: str, attributes: Attributes) -> None:
            if name == "numFmt" and (key := attributes.get("numFmtId", "")).isdecimal():
                custom[int(key)] = attributes.get("formatCode", "")
            elif name in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                inside[0] = name
            elif name == "xf" and inside[0] == "cellXfs":
                key = attributes.get("numFmtId", "0")
                used.append(int(key) if key.isdecimal() else 0)

        for part in self._related(self._book, "styles")[:1]:
            self._each(part, seen)
        return [_shown_as(key, custom.get(key)) for key in used]


def _shown_as(key: int, code: str | None) -> str:
    if code is None:
        return "date" if key in _BUILT_IN_DATES else ""
    shown = _NOT_SHOWN.sub("", code.partition(";")[0])
    if _ELAPSED.search(shown):
        return "elapsed"
    return "date" if _DATE_LETTERS.search(shown) else ""


class Collected:
    """Collects the text of elements of one name: their `t`s, without the phonetic ones."""

    def __init__(self, element: str, give: Callable[[str], None]) -> None:
        """Give the text of every such element when it ends."""
        self._element = element
        self._give = give
        self._pieces: list[str] = []
        self._size = 0
        self._in_text = False
        self._in_phonetic = False

    def start(self, name: str, _: Attributes) -> None:
        """Begin an element."""
        if name == self._element:
            self._pieces, self._size = [], 0
        elif name == "t":
            self._in_text = not self._in_phonetic
        elif name == "rPh":
            self._in_phonetic = True

    def text(self, data: str) -> None:
        """Take text."""
        if self._in_text and self._size <= MAX_CELL_CHARACTERS:
            self._pieces.append(data)
            self._size += len(data)

    def end(self, name: str) -> None:
        """End an element."""
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_phonetic = False
        elif name == self._element:
            self._give(unescaped("".join(self._pieces)))


def unescaped(text: str) -> str:
    """Read Excel's way of writing characters that XML has not: `_x000D_`."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
