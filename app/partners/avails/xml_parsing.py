"""XML, an Avail at a time: a file of any size in bounded memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat  # a DOCTYPE is refused, tokens and trees are bounded

from app.partners.avails.rows import Node
from app.partners.avails.values import clean
from app.partners.imports.rows import ImportRefused, UnreadableRow
from app.partners.imports.workbooks import MAX_NAMES, feed

MAX_DEPTH = 32
MAX_ELEMENTS = 100_000
MAX_TEXT = 8 * 2**20
VERSIONS = ("2.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.5.1", "2.5.2", "2.6", "2.6.1", "2.7")
AVAIL, LIST, SIGNED = "Avail", "AvailList", "AvailListSigned"
_OUTSIDE = frozenset({LIST, SIGNED})
STATUS = frozenset({"OfferStatus", "OfferStatusList"})
TRANSACTION = "Transaction"

_NAMESPACE = re.compile(r"http://www\.movielabs\.com/schema/(avails|mdmec|md)/v(\d[\d.]*)(?:/\w+)?")


@dataclass(slots=True)
class ReadAvail:
    """An Avail element, whole, and the lines that its Transactions begin at."""

    node: Node
    lines: list[int]


class AvailsParser:
    """Reads a stream of Avails XML."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read the beginning of it.

        Raises:
            ImportRefused: it is no XML, no Avails, or Avails of a version that is not read.
        """
        self.version = ""
        self.fed = 0
        self._names: dict[str, str] = {}
        self._path: list[str] = []
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._lines: list[int] = []
        self._line = self._elements = self._size = 0
        self._too_large = ""
        self._ready: list[ReadAvail | UnreadableRow] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._feed = feed(
            self._parser,
            stream,
            "The file",
            "The file holds a DOCTYPE or a huge tag: no Avails do.",
        )
        self._refused: ImportRefused | None = None
        try:
            while not self.version and (fed := next(self._feed, 0)):
                self.fed = fed
        except ImportRefused as error:
            if not self.version:
                raise
            # The first bytes hold avails, too: those come first.
            self._refused = error

    def avails(self) -> Iterator[ReadAvail | UnreadableRow]:
        """Read one after another; one that is too large is told instead.

        Raises:
            ImportRefused: the file is damaged from here on.
        """
        yield from self._taken()
        if self._refused:
            raise self._refused
        try:
            for fed in self._feed:
                self.fed = fed
                yield from self._taken()
        except ImportRefused:
            yield from self._taken()
            raise

    def line(self) -> int:
        """Give the line that was read last."""
        return self._parser.CurrentLineNumber

    def _taken(self) -> list[ReadAvail | UnreadableRow]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, given: str, attributes: dict[str, str]) -> None:
        name = self._names.get(given) or self._short(given)
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise ImportRefused(f"The file nests elements over {MAX_DEPTH} deep: no Avails do.")
        if not self._open and name != AVAIL:
            if not self._names_a_list(name):
                raise ImportRefused(f"The file has {name} where an Avail is expected.")
            return
        if self._too_large:
            return
        if not self._open:
            self._begin()
        elif len(self._open) == 1 and name == TRANSACTION:
            self._lines.append(self._parser.CurrentLineNumber)
        self._grow(1, sum(map(len, attributes.values())) if attributes else 0)
        self._open.append(Node(name, _attributes(attributes), "", []))
        self._texts.append([])

    def _begin(self) -> None:
        self._lines = []
        self._line = self._parser.CurrentLineNumber
        self._elements = self._size = 0

    def _names_a_list(self, name: str) -> bool:
        """Tell whether an element outside of Avails may be there: a list, or a signature."""
        return name in _OUTSIDE or any("}" in at for at in self._path)

    def _grow(self, elements: int, size: int) -> None:
        self._elements += elements
        self._size += size
        if self._elements > MAX_ELEMENTS:
            self._too_large = f"is an Avail of over {MAX_ELEMENTS:,} elements"
        elif self._size > MAX_TEXT:
            self._too_large = f"is an Avail of over {MAX_TEXT:,} characters"
        if self._too_large:
            self._forget()

    def _forget(self) -> None:
        """Let go of an Avail that is too large; one element stands for all of it."""
        del self._open[1:], self._texts[1:]
        for node in self._open:
            node.children.clear()

    def _text(self, data: str) -> None:
        if self._texts and not self._too_large:
            self._grow(0, len(data))
            self._texts[-1].append(data)

    def _end(self, _: str) -> None:
        name = self._path.pop()
        if self._too_large:
            if name == AVAIL and _OUTSIDE.issuperset(self._path):
                self._ready.append(UnreadableRow(self._line, self._too_large))
                self._too_large = ""
                self._open.clear()
                self._texts.clear()
            return
        if not self._open:
            return
        node, texts = self._open.pop(), self._texts.pop()
        if texts and (text := clean("".join(texts))):
            node = node._replace(text=text)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._ready.append(ReadAvail(node, self._lines))

    def _short(self, given: str) -> str:
        """Give a name its prefix; the first of all tells which version of Avails this is."""
        namespace, _, local = given.rpartition(" ")
        found = _NAMESPACE.fullmatch(namespace)
        if not self.version:
            self._found(found, namespace, local)
        if found:
            short = local if found[1] == "avails" else f"{found[1]}:{local}"
        else:
            short = f"{{{namespace}}}{local}"
        if len(self._names) < MAX_NAMES:
            self._names[given] = short
        return short

    def _found(self, found: re.Match[str] | None, namespace: str, local: str) -> None:
        if found is None or found[1] != "avails":
            where = f" of {namespace}" if namespace else ""
            raise ImportRefused(f"The file is XML of another kind: it is a {local}{where}.")
        if local in STATUS:
            raise ImportRefused("The file holds the statuses of offers, and no avails.")
        if found[2] not in VERSIONS:
            raise ImportRefused(
                f"The file is Avails XML of version {found[2]}; "
                f"{VERSIONS[0]} to {VERSIONS[-1]} are read."
            )
        self.version = found[2]


def _attributes(given: dict[str, str]) -> dict[str, str]:
    """Keep the attributes that are no business of the XML itself, such as xsi:type."""
    if not given:
        return {}
    return {name: clean(value) for name, value in given.items() if " " not in name}
