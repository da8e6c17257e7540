"""Lenses: how one kind of element says one or more fields, read and written by the same object.

A lens reads a node into a row, and gives back what it could not take; it writes nodes from what a
row has left to say, and takes from it only what it could say. xml_parts puts them in their places.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from app.partners.avails import xml_texts
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.values import SEPARATOR, items
from app.partners.avails.xml_texts import Says
from app.partners.imports.findings import Done, Matter, Remark


class Saying:
    """A row on its way into XML: the fields that nothing has said yet."""

    def __init__(self, row: AvailRow) -> None:
        self.left = dict(row.fields)
        self._more = row.more
        self._unasked = set(row.more)
        # What has no place in XML 2.7: an element of an older version, say
        self.unsaid: list[str] = []
        self.attributes: dict[str, dict[str, str]] = {}
        for name, value in row.fields.items():
            if "@" in name:
                of, _, attribute = name.partition("@")
                self.attributes.setdefault(of, {})[attribute] = value

    def peek(self, name: str) -> str:
        """Give a value that is still to be said, or an empty text."""
        return self.left.get(name, "")

    def take(self, *names: str) -> None:
        """Count fields as said."""
        for name in names:
            self.left.pop(name, None)

    def kept(self, part: str) -> list[Node]:
        """Give the elements that were kept of a part."""
        self._unasked.discard(part)
        return self._more.get(part, [])

    def unasked(self) -> list[str]:
        """Name the elements kept of parts that nothing has asked for."""
        return [f"{part}/{node.name}" for part in self._unasked for node in self._more[part]]

    def attributes_of(self, name: str) -> dict[str, str]:
        """Take the attributes that came with a field, or with the element of that name."""
        found = self.attributes.get(name, {})
        for attribute in found:
            self.left.pop(f"{name}@{attribute}", None)
        return dict(found)


class Lens(Protocol):
    """One kind of element."""

    @property
    def elements(self) -> tuple[str, ...]:
        """Name the elements it reads."""
        ...

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take what a node says into a row; give back the node where it can't."""
        ...

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write what of the row it can say."""
        ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text that is a field's value: the field, the type it is written as, its attributes."""

    name: str
    says: Says = xml_texts.anything
    attributes: tuple[str, ...] = ()
    heard: Callable[[str], str] = str

    def read(self, node: Node, row: AvailRow) -> bool:
        """Take the text and the attributes, unless something was taken before."""
        if node.children or not node.text or self.name in row.fields:
            return False
        row.put(self.name, self.heard(node.text))
        read_attributes(self.name, node, self.attributes, row)
        return True

    def write(self, element: str, saying: Saying) -> Iterator[Node]:
        """Write the value, if it can be."""
        value = saying.peek(self.name)
        if value and (text := self.says(value)) is not None:
            saying.take(self.name)
            yield Node(element, saying.attributes_of(self.name), text, [])


def read_attributes(of: str, node: Node, known: tuple[str, ...], row: AvailRow) -> None:
    """Take the attributes that XML 2.7 knows; others are left out, with a remark."""
    for attribute, value in node.attributes.items():
        if attribute in known:
            row.put(f"{of}@{attribute}", value)
        else:
            problem = f"is an attribute {attribute} that XML 2.7 has not"
            row.remarks.append(Remark(of, value, problem, Matter.UNUSED_COLUMN, Done.LEFT_OUT))


@dataclass(frozen=True, slots=True)
class Text:
    """`<ALID>…</ALID>`."""

    element: str
    leaf: Leaf

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take it."""
        return None if self.leaf.read(node, row) else node

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it."""
        return self.leaf.write(self.element, saying)


@dataclass(frozen=True, slots=True)
class Inside:
    """An element around others: `<Licensor><md:DisplayName>…`; what else is inside stays there."""

    element: str
    leaves: dict[str, Leaf]
    attributes: tuple[str, ...] = ()
    repeated: bool = False

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take what is inside; of one that may be repeated, only the first that is simple."""
        if self.repeated and not self._is_simple(node, row):
            return node
        read_attributes(self.element, node, self.attributes, row)
        for child in node.children:
            leaf = self.leaves.get(child.name)
            if (leaf is None or not leaf.read(child, row)) and not is_empty(child):
                row.more.setdefault(self.element, []).append(child)
        return None

    def _is_simple(self, node: Node, row: AvailRow) -> bool:
        return not node.attributes and all(
            child.name in self.leaves
            and not child.attributes
            and self.leaves[child.name].name not in row.fields
            for child in node.children
        )

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it, if there is anything inside."""
        children = [node for name, leaf in self.leaves.items() for node in leaf.write(name, saying)]
        children += saying.kept(self.element)
        attributes = saying.attributes_of(self.element)
        if children or attributes:
            yield Node(self.element, attributes, "", children)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that is up where its element is there and empty: `<ExceptionFlag/>`."""

    element: str

    @property
    def elements(self) -> tuple[str, ...]:
        """Name it."""
        return (self.element,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take it."""
        row.put(self.element, node.text or "true")
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write it."""
        return Leaf(self.element, xml_texts.truth).write(self.element, saying)


def leaf(name: str, text: str) -> Node:
    """Give an element that is but a text."""
    return Node(name, {}, text, [])


def has_attributes(nodes: Iterable[Node]) -> bool:
    """Tell whether any of the elements, or any in them, has attributes."""
    return any(node.attributes or has_attributes(node.children) for node in nodes)


def is_empty(node: Node) -> bool:
    """Tell an element that says nothing, nor anything in it."""
    return not node.text and not node.attributes and all(map(is_empty, node.children))


def joined(row: AvailRow, name: str, item: str) -> None:
    """Add an item to a list."""
    row.put(name, SEPARATOR.join([*items(row.get(name)), item]))
