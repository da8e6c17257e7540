"""A part of Avails XML: an element with children, in the schema's order, and what reads and writes.

xml_works and xml_parts hold the parts themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.partners.avails import xml_texts
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.xml_lenses import Inside, Leaf, Lens, Saying, Text, is_empty

Default = Callable[[AvailRow], str]


@dataclass(frozen=True)
class Part:
    """An element with children: their order, what reads and writes them, which must be there."""

    # What keeps the elements that no lens takes, in AvailRow.more
    key: str
    order: str
    lenses: Sequence[Lens]
    required: dict[str, Default] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    # Whether elements of other namespaces may stand at its end
    takes_others: bool = False

    def __post_init__(self) -> None:
        """Look up by name what is asked for every element."""
        places = {name: at for at, name in enumerate(self.order.split())}
        lens_of = {name: lens for lens in self.lenses for name in lens.elements}
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "lens_of", lens_of)

    places: dict[str, int] = field(init=False)
    lens_of: dict[str, Lens] = field(init=False)

    def read(self, nodes: Sequence[Node], row: AvailRow) -> None:
        """Take what the lenses can, and keep the rest."""
        for node in nodes:
            lens = self.lens_of.get(node.name)
            left = lens.read(node, row) if lens else node
            if left is not None and not is_empty(left) and not self._is_implied(left, row):
                row.more.setdefault(self.key, []).append(left)

    def _is_implied(self, node: Node, row: AvailRow) -> bool:
        default = self.required.get(node.name)
        return default is not None and node == Node(node.name, {}, default(row), [])

    def write(self, saying: Saying, row: AvailRow, *others: Node) -> list[Node]:
        """Write all that can be said here, in order."""
        nodes = [*others, *(node for lens in self.lenses for node in lens.write(saying))]
        for node in saying.kept(self.key):
            if node.name in self.places or (self.takes_others and node.name.startswith("{")):
                nodes.append(node)
            else:
                saying.unsaid.append(f"{self.key}/{node.name}")
        names = {node.name for node in nodes}
        nodes += [
            Node(name, {}, default(row), [])
            for name, default in self.required.items()
            if name not in names
        ]
        last = len(self.places)
        nodes.sort(key=lambda node: self.places.get(node.name, last))
        return nodes


def _nothing(_: AvailRow) -> str:
    return ""


def required(*names: str) -> dict[str, Default]:
    return dict.fromkeys(names, _nothing)


def text(
    element: str, name: str, says: xml_texts.Says = xml_texts.anything, *attributes: str
) -> Text:
    return Text(element, Leaf(name, says, attributes))


def identifier(element: str, name: str) -> Text:
    return Text(element, Leaf(name, xml_texts.uri, heard=xml_texts.unescaped_uri))


def eidr(element: str, name: str) -> Text:
    return Text(element, Leaf(name, xml_texts.eidr_urn, heard=xml_texts.unescaped_uri))


def organisation(element: str, name: str, *attributes: str) -> Inside:
    known = ("organizationID", "departmentID", "idType", *attributes)
    return Inside(element, {"md:DisplayName": Leaf(name, attributes=("language",))}, known)


def number(element: str, name: str, distribution: str | None = None) -> Inside:
    leaves = {"md:Number": Leaf(name, xml_texts.small)}
    if distribution:
        leaves["md:DistributionNumber"] = Leaf(distribution, attributes=("domain",))
    return Inside(element, leaves)
