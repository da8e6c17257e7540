"""Lenses of a Transaction: where, when, in which languages, in which format."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.partners.avails import xml_texts
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.values import items
from app.partners.avails.xml_lenses import Saying, joined, leaf, read_attributes

ASSET = "asset"


@dataclass(frozen=True, slots=True)
class Regions:
    """Territories: countries, or parts of them."""

    element: str
    name: str

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one."""
        match node.children:
            case [Node("md:country" | "md:countryRegion", _, code, [])] if code:
                joined(row, self.name, code)
                return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each, if all can be."""
        regions = [_region(code) for code in items(saying.peek(self.name))]
        if all(regions):
            saying.take(self.name)
            yield from (Node(self.element, {}, "", [region]) for region in regions if region)


def _region(code: str) -> Node | None:
    if xml_texts.country(code):
        return leaf("md:country", code)
    return leaf("md:countryRegion", code) if xml_texts.country_region(code) else None


@dataclass(frozen=True, slots=True)
class When:
    """Start or End: a moment, or a condition with its lag."""

    name: str
    # What a day without a time of day means
    clock: str

    @property
    def elements(self) -> tuple[str, ...]:
        """Name both."""
        return (self.name, f"{self.name}Condition")

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take it."""
        if node.children or self.name in row.fields:
            return node
        row.put(self.name, node.text)
        if lag := node.attributes.get("lag"):
            row.put(f"{self.name}Lag", lag)
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it: XML asks for one of the two."""
        value, lag = saying.peek(self.name), saying.peek(f"{self.name}Lag")
        saying.take(self.name)
        if xml_texts.day(value):
            yield leaf(self.name, f"{value}T{self.clock}")
        elif xml_texts.moment(value):
            yield leaf(self.name, value)
        elif lag and xml_texts.duration(lag):
            saying.take(f"{self.name}Lag")
            yield Node(f"{self.name}Condition", {"lag": lag}, value, [])
        else:
            yield leaf(f"{self.name}Condition", value)


@dataclass(frozen=True, slots=True)
class Languages:
    """A list of languages, each of any asset or of one kind: `fr:dub`."""

    element: str
    name: str

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one."""
        if not node.text or node.attributes.keys() - {ASSET}:
            return node
        joined(row, self.name, _item(node))
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each, if all can be."""
        nodes = _languages(self.element, saying.peek(self.name))
        if nodes is not None:
            saying.take(self.name)
            yield from nodes


@dataclass(frozen=True, slots=True)
class AssetLanguages:
    """The languages that will be delivered, and those of them that must be."""

    name: str = "AssetLanguage"
    required: str = "RequiredFulfillmentLanguages"
    mark: str = "assetProvided"
    elements: tuple[str, ...] = ("AssetLanguage",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one."""
        if not node.text or node.attributes.keys() - {ASSET, self.mark}:
            return node
        joined(row, self.name, _item(node))
        if node.attributes.get(self.mark) in {"true", "1"}:
            joined(row, self.required, _item(node))
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each, if all can be; what must be delivered in another order is left to a Term."""
        nodes = _languages(self.name, saying.peek(self.name))
        if nodes is None:
            return
        saying.take(self.name)
        must = items(saying.peek(self.required))
        marked = [node for node in nodes if _item(node) in must]
        if list(map(_item, marked)) == must:
            saying.take(self.required)
            for node in marked:
                node.attributes[self.mark] = "true"
        yield from nodes


def _item(node: Node) -> str:
    asset = node.attributes.get(ASSET)
    return f"{node.text}:{asset}" if asset else node.text


def _languages(element: str, said: str) -> list[Node] | None:
    found = [xml_texts.language(item) for item in items(said)]
    if not all(found):
        return None
    return [
        Node(element, {ASSET: asset} if asset else {}, tag, [])
        for tag, asset in filter(None, found)
    ]


@dataclass(frozen=True, slots=True)
class Format:
    """The picture and sound: `HD`, and what is special about it."""

    attributes: tuple[str, ...] = ("HDR", "WCG", "HFR", "NGAudio")
    elements: tuple[str, ...] = ("FormatProfile",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take it; XML 2.2 said 3D by an attribute."""
        given = dict(node.attributes)
        three_d = given.pop("threeD", "") in {"true", "1"}
        row.put("FormatProfile", f"3D{node.text}" if three_d else node.text)
        for attribute in self.attributes:
            row.put(attribute, given.pop(attribute, ""))
        read_attributes("FormatProfile", node._replace(attributes=given), (), row)
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it: XML asks for it."""
        values = {name: value for name in self.attributes if (value := saying.peek(name))}
        node = Node("FormatProfile", values, saying.peek("FormatProfile"), [])
        saying.take("FormatProfile", *self.attributes)
        yield node
