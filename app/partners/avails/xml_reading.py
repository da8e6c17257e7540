"""Avails out of XML 2.2 to 2.7: a row for every Transaction and territory."""

from collections.abc import Iterator
from copy import copy
from pathlib import Path

from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.xml_lenses import read_attributes
from app.partners.avails.xml_parsing import TRANSACTION, AvailsParser, ReadAvail
from app.partners.avails.xml_parts import ASSET, AVAIL, DISPOSITION, TRANSACTION_PART
from app.partners.avails.xml_ratings import pick_rating
from app.partners.avails.xml_terms import read_price_as_srp
from app.partners.avails.xml_texts import unescaped_uri
from app.partners.avails.xml_works import CONTENT_IDS, METADATA, SEASON_PART, SERIES_PART
from app.partners.imports.findings import Done, Finding, Matter, Remark
from app.partners.imports.rows import ImportRefused, UnreadableRow

# What one avail may say beyond the columns, as characters: it goes with every row of it.
MAX_MORE = 50_000


class AvailsXml:
    """An XML file of avails."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            ImportRefused: it is no XML, no Avails, or Avails of a version that is not read.
        """
        self._size = max(path.stat().st_size, 1)
        self._stream = path.open("rb")
        try:
            self._parser = AvailsParser(self._stream)
        except ImportRefused:
            self.close()
            raise
        self.version = self._parser.version
        problem = f"is Avails XML of version {self.version}"
        self.notes = [Finding(0, "", "", "", problem, Done.TAKEN, Matter.NOTE)]

    def rows(self) -> Iterator[AvailRow | UnreadableRow]:
        """Read one row after another; a damaged file ends with a row that says so."""
        try:
            for read in self._parser.avails():
                if isinstance(read, UnreadableRow):
                    yield read
                else:
                    yield from _rows(read, self.version)
        except ImportRefused as error:
            line = self._parser.line()
            yield UnreadableRow(line, f"and all after it can't be read: {error}")

    def done(self) -> float:
        """Tell how much of the file was read, from 0 to 1."""
        return min(self._parser.fed / self._size, 1.0)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _rows(read: ReadAvail, version: str) -> Iterator[AvailRow]:
    """Give the rows of an Avail: what it says of itself goes into each of them."""
    of_avail = AvailRow(0, {}, version=version)
    read_attributes("Avail", read.node, AVAIL.attributes, of_avail)
    _read_avail(read.node.children, of_avail)
    _bound(of_avail)
    transactions = [node for node in read.node.children if node.name == TRANSACTION]
    remarks = of_avail.remarks
    for line, node in zip(read.lines, transactions, strict=True):
        row = AvailRow(line, dict(of_avail.fields), copy(of_avail.more), version=version)
        row.remarks, remarks = list(remarks), []
        _read_transaction(node, row)
        for of_territory in row.by_territory():
            of_territory.more = copy(of_territory.more)
            pick_rating(of_territory)
            yield of_territory


def _read_avail(nodes: list[Node], row: AvailRow) -> None:
    """Take what stands before and after the Transactions; the work first, which others refer to."""
    assets = [node for node in nodes if node.name == "Asset"]
    for asset in assets[:1]:
        _read_asset(asset, row)
    if len(assets) > 1:
        row.more["Avail"] = assets[1:]
        problem = f"holds {len(assets)} assets: the first is read, the others are kept"
        row.remarks.append(Remark("Asset", "", problem, Matter.NOTE, Done.TAKEN))
    for node in nodes:
        if node.name == "Disposition":
            DISPOSITION.read(node.children, row)
    apart = {"Asset", "Disposition", TRANSACTION}
    AVAIL.read([node for node in nodes if node.name not in apart], row)


def _read_asset(asset: Node, row: AvailRow) -> None:
    rest = []
    for node in asset.children:
        if node.name in METADATA:
            _read_metadata(node, row)
            content_id = CONTENT_IDS[node.name]
            _read_content_id(asset.attributes.get("contentID", ""), content_id, row)
        else:
            rest.append(node)
    ASSET.read(rest, row)


def _read_content_id(said: str, name: str, row: AvailRow) -> None:
    """Take an asset's id, which its metadata often repeat."""
    content_id = unescaped_uri(said)
    if name not in row.fields:
        row.put(name, content_id)
    elif row.fields[name] != content_id:
        row.put("ContentID", content_id)


def _read_metadata(node: Node, row: AvailRow) -> None:
    """Take what describes the work, then the season and the series that it is part of."""
    own = [child for child in node.children if child.name not in _WHOLES]
    METADATA[node.name].read(own, row)
    for whole in node.children:
        if whole.name == "SeasonMetadata":
            SEASON_PART.read([child for child in whole.children if child.name not in _WHOLES], row)
            for series in whole.children:
                if series.name == "SeriesMetadata":
                    SERIES_PART.read(series.children, row)
        elif whole.name == "SeriesMetadata":
            SERIES_PART.read(whole.children, row)


_WHOLES = frozenset({"SeasonMetadata", "SeriesMetadata"})


def _read_transaction(node: Node, row: AvailRow) -> None:
    if said := node.attributes.get("TransactionID"):
        row.put("AvailID", unescaped_uri(said))
    TRANSACTION_PART.read(node.children, row)
    read_price_as_srp(row)


def _bound(row: AvailRow) -> None:
    """Leave out what is too long to go with every row."""
    for part, nodes in list(row.more.items()):
        if (size := sum(map(_size, nodes))) > MAX_MORE:
            del row.more[part]
            names = ", ".join(sorted({node.name for node in nodes}))
            problem = f"holds {size:,} characters of {names}: over {MAX_MORE:,} are not kept"
            row.remarks.append(Remark(part, "", problem, Matter.TOO_LONG, Done.LEFT_OUT))


def _size(node: Node) -> int:
    own = len(node.name) + len(node.text) + sum(map(len, node.attributes.values()))
    return own + sum(map(_size, node.children))
