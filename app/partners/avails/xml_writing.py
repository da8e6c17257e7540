"""Avails into XML 2.7, a row at a time: valid by the schema, and as much as it can say."""

import html
from collections import Counter
from collections.abc import Iterable
from typing import IO

from app.partners.avails.rows import EPISODE, OTHER, SEASON, SERIES, VOLUME, AvailRow, Node
from app.partners.avails.xml_lenses import Saying
from app.partners.avails.xml_parts import (
    ASSET,
    AVAIL,
    AVAIL_PLACES,
    DISPOSITION,
    TRANSACTION_PART,
)
from app.partners.avails.xml_texts import uri
from app.partners.avails.xml_works import (
    CONTENT_IDS,
    METADATA,
    SEASON_FIELDS,
    SEASON_PART,
    SERIES_PART,
)

VERSION = "2.7"
_NAMESPACES = {
    "avails": "http://www.movielabs.com/schema/avails/v2.7/avails",
    "md": "http://www.movielabs.com/schema/md/v2.12/md",
    "mdmec": "http://www.movielabs.com/schema/mdmec/v2.12",
}
_METADATA = {
    EPISODE: "EpisodeMetadata",
    SEASON: "SeasonMetadata",
    SERIES: "SeriesMetadata",
    VOLUME: "VolumeMetadata",
    OTHER: "Metadata",
}
_TERRITORY = "Territory"


class XmlWriter:
    """Writes rows to a file; what 2.7 can't say is counted by its name.

    Rows that follow one another and say the same of their work become one Avail, those that differ
    in their territory alone one Transaction.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.unsaid: Counter[str] = Counter()
        self._file = file
        self._avail: Node | None = None
        self._transaction: Node | None = None
        spaces = "".join(f' xmlns:{prefix}="{of}"' for prefix, of in _NAMESPACES.items())
        self._put(f'<?xml version="1.0" encoding="UTF-8"?>\n<avails:AvailList{spaces}>\n')

    def write(self, row: AvailRow) -> None:
        """Write a row."""
        avail, transaction, unsaid = _said(row)
        self.unsaid.update(unsaid)
        if self._avail is None or avail != self._avail:
            self._end_avail()
            self._avail = avail
            self._begin_avail(avail)
        if self._transaction and (both := _of_both(self._transaction, transaction)):
            self._transaction = both
        else:
            self._end_transaction()
            self._transaction = transaction

    def close(self) -> None:
        """End the file."""
        self._end_avail()
        self._put("</avails:AvailList>\n")

    def _begin_avail(self, avail: Node) -> None:
        self._put(f"  <avails:Avail{_attributes(avail)}>\n")
        self._put_all(node for node in avail.children if not _is_after(node))

    def _end_avail(self) -> None:
        if self._avail is not None:
            self._end_transaction()
            self._put_all(filter(_is_after, self._avail.children))
            self._put("  </avails:Avail>\n")

    def _end_transaction(self) -> None:
        if self._transaction:
            self._put_all([self._transaction])
            self._transaction = None

    def _put_all(self, nodes: Iterable[Node]) -> None:
        pieces: list[str] = []
        for node in nodes:
            _serialise(node, "    ", pieces)
        self._put("".join(pieces))

    def _put(self, text: str) -> None:
        self._file.write(text.encode())


def unsaid_of(row: AvailRow) -> list[str]:
    """Name what of a row 2.7 has no place for."""
    return _said(row)[-1]


def _said(row: AvailRow) -> tuple[Node, Node, list[str]]:
    """Say a row: the Avail without Transactions, its Transaction, and what neither can say."""
    saying = Saying(row)
    avail, transaction = _avail(row, saying), _transaction(row, saying)
    return avail, transaction, [*saying.unsaid, *saying.unasked()]


def _is_after(node: Node) -> bool:
    """Tell what stands after the Transactions."""
    return AVAIL_PLACES.get(node.name, 0) > AVAIL_PLACES["Transaction"]


def _avail(row: AvailRow, saying: Saying) -> Node:
    disposition = Node("Disposition", {}, "", DISPOSITION.write(saying, row))
    nodes = AVAIL.write(saying, row, disposition, _asset(row, saying))
    return Node("Avail", saying.attributes_of("Avail"), "", nodes)


def _asset(row: AvailRow, saying: Saying) -> Node:
    name = _METADATA[row.described_as]
    content_id = _content_id(name, row, saying)
    metadata = METADATA[name].write(saying, row, *_wholes(row, saying))
    nodes = ASSET.write(saying, row, Node(name, {}, "", metadata))
    return Node("Asset", {"contentID": uri(content_id)}, "", nodes)


def _content_id(name: str, row: AvailRow, saying: Saying) -> str:
    """Give the asset's own id; of seasons, series and volumes it may differ from the metadata's."""
    field = CONTENT_IDS[name]
    own, other = row.get(field), row.get("ContentID")
    if name in {"Metadata", "EpisodeMetadata"}:
        saying.take(field)
    elif own and other and own != other:
        saying.take("ContentID")
        return other
    return own


def _wholes(row: AvailRow, saying: Saying) -> list[Node]:
    """Write the season and the series that the work is part of."""
    kind = row.described_as
    if kind in {OTHER, SERIES}:
        return []
    has_season = kind != SEASON and (
        any(map(row.get, SEASON_FIELDS))
        or not row.more.keys().isdisjoint(("Season", "SeasonNumber"))
    )
    season = SEASON_PART.write(saying, row) if has_season else []
    series = Node("SeriesMetadata", {}, "", SERIES_PART.write(saying, row))
    return [Node("SeasonMetadata", {}, "", [*season, series])] if has_season else [series]


def _transaction(row: AvailRow, saying: Saying) -> Node:
    attributes = {}
    if avail_id := saying.peek("AvailID"):
        saying.take("AvailID")
        attributes["TransactionID"] = uri(avail_id)
    return Node("Transaction", attributes, "", TRANSACTION_PART.write(saying, row))


def _of_both(one: Node, other: Node) -> Node | None:
    """Make one Transaction of two that differ in nothing but their territories."""
    theirs = [node for node in other.children if node.name == _TERRITORY]
    ours = [node for node in one.children if node.name == _TERRITORY]
    rest = [node for node in one.children if node.name != _TERRITORY]
    alike = one.attributes == other.attributes and rest == [
        node for node in other.children if node.name != _TERRITORY
    ]
    if not alike or not ours or not theirs or any(node in ours for node in theirs):
        return None
    at = one.children.index(ours[0])
    return one._replace(children=[*rest[:at], *ours, *theirs, *rest[at:]])


def _serialise(node: Node, indent: str, pieces: list[str]) -> None:
    name, space = _qualified(node.name)
    begin = f"{indent}<{name}{space}{_attributes(node)}"
    if node.children:
        pieces.append(f"{begin}>\n")
        for child in node.children:
            _serialise(child, indent + "  ", pieces)
        pieces.append(f"{indent}</{name}>\n")
    elif node.text:
        pieces.append(f"{begin}>{html.escape(node.text, quote=False)}</{name}>\n")
    else:
        pieces.append(f"{begin}/>\n")


def _qualified(name: str) -> tuple[str, str]:
    """Give an element's name with its prefix, and the declaration of one that is not ours."""
    if name.startswith("{"):
        namespace, _, local = name[1:].rpartition("}")
        return f"other:{local}", f' xmlns:other="{html.escape(namespace)}"'
    return (name if ":" in name else f"avails:{name}"), ""


def _attributes(node: Node) -> str:
    return "".join(f' {name}="{html.escape(value)}"' for name, value in node.attributes.items())
