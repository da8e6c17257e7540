"""Lenses of what describes a work: identifiers, releases, people, bundles."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.partners.avails import xml_texts
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.values import items
from app.partners.avails.xml_lenses import (
    Saying,
    has_attributes,
    joined,
    leaf,
    read_attributes,
)

NAMES = "; "


@dataclass(frozen=True, slots=True)
class AltIdentifiers:
    """Identifiers of many kinds in one element, as MovieLabs' own tools tell them: `AltID:1234`."""

    element: str
    names: tuple[str, ...]

    _SPACE = "org:mddf"

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one whose text begins with a column's name."""
        texts = [(child.name, child.text) for child in node.children if not child.attributes]
        match texts:
            case [("md:Namespace", self._SPACE), ("md:Identifier", said)]:
                name, colon, value = said.partition(":")
                if colon and name in self.names and name not in row.fields and value.strip():
                    row.put(name, value)
                    read_attributes(name, node, ("scope",), row)
                    return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write one for each."""
        for name in self.names:
            if value := saying.peek(name):
                saying.take(name)
                inside = [
                    leaf("md:Namespace", self._SPACE),
                    leaf("md:Identifier", f"{name}:{value}"),
                ]
                yield Node(self.element, saying.attributes_of(name), "", inside)


@dataclass(frozen=True, slots=True)
class Releases:
    """The history of releases: of each type that has a column, the first that is but a date."""

    types: dict[str, str] = field(
        default_factory=lambda: {
            "original": "ReleaseHistoryOriginal",
            "DVD": "ReleaseHistoryPhysicalHV",
        }
    )
    elements: tuple[str, ...] = ("ReleaseHistory",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one."""
        match [
            (child.name, child.text, child.attributes, child.children) for child in node.children
        ]:
            case [("md:ReleaseType", kind, {}, []), ("md:Date", date, {}, [])] if (
                not node.attributes
            ):
                name = self.types.get(kind)
                if name and name not in row.fields and not has_attributes(node.children):
                    row.put(name, date)
                    return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write one for each."""
        for kind, name in self.types.items():
            value = saying.peek(name)
            if value and (text := xml_texts.history(value)):
                saying.take(name)
                yield Node(
                    "ReleaseHistory", {}, "", [leaf("md:ReleaseType", kind), leaf("md:Date", text)]
                )


@dataclass(frozen=True, slots=True)
class Directors:
    """The people who directed; other people are left as they are."""

    elements: tuple[str, ...] = ("People",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take a director, of whom only the name is told."""
        match node.children:
            case [
                Node("md:Job", _, _, [Node("md:JobFunction", _, "Director", [])]),
                Node("md:Name", _, _, [Node("md:DisplayName", _, name, [])]),
            ] if not has_attributes([node]) and name:
                row.put("Director", NAMES.join(filter(None, (row.get("Director"), name))))
                return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each."""
        said = saying.peek("Director")
        saying.take("Director")
        for name in filter(None, said.split(NAMES)):
            job = Node("md:Job", {}, "", [leaf("md:JobFunction", "Director")])
            yield Node(
                "People", {}, "", [job, Node("md:Name", {}, "", [leaf("md:DisplayName", name)])]
            )


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel that a work belongs to: the first grouping that is one, and only named."""

    elements: tuple[str, ...] = ("GroupingEntity",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take it."""
        match [(child.name, child.text) for child in node.children]:
            case [("md:Type", "channel"), ("md:GroupIdentity", one), ("md:DisplayName", other)] if (
                one == other and not has_attributes([node]) and "GroupIdentity" not in row.fields
            ):
                row.put("GroupIdentity", one)
                return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it."""
        if value := saying.peek("GroupIdentity"):
            saying.take("GroupIdentity")
            inside = [
                leaf("md:Type", "channel"),
                leaf("md:GroupIdentity", value),
                leaf("md:DisplayName", value),
            ]
            yield Node("GroupingEntity", {}, "", inside)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a collection holds, by their ALIDs in order."""

    elements: tuple[str, ...] = ("BundledAsset",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one."""
        match node.children:
            case [Node("BundledALID", _, alid, [])] if alid and not has_attributes(node.children):
                joined(row, "BundledALIDs", xml_texts.unescaped_uri(alid))
                return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each."""
        alids = items(saying.peek("BundledALIDs"))
        saying.take("BundledALIDs")
        for at, alid in enumerate(alids):
            inside = [leaf("BundledALID", xml_texts.uri(alid))]
            yield Node("BundledAsset", {"sequence": str(at)}, "", inside)


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What the work is called where a purchase is shared."""

    elements: tuple[str, ...] = ("SharedEntitlement",)

    _NAMES = {"UVVU": "UV_ID", "DMA": "DMA_ID"}  # noqa: RUF012  # never changed

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one of those that have a column."""
        name = self._NAMES.get(node.attributes.get("ecosystem", ""))
        match node.children:
            case [Node("EcosystemID", _, said, [])] if name and said and name not in row.fields:
                row.put(name, xml_texts.unescaped_uri(said))
                return None
        return node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write each."""
        for ecosystem, name in self._NAMES.items():
            if value := saying.peek(name):
                saying.take(name)
                inside = [leaf("EcosystemID", xml_texts.uri(value))]
                yield Node("SharedEntitlement", {"ecosystem": ecosystem}, "", inside)
