"""JSON Schemas compared: is all that fits the one still at home in the other?

What a client sends is written to the old description and read by the new one; what it is answered
is written by the new one and read by a program of the old. So there is one question for both:
does every value of `writer` suit `reader`? Answers are read leniently, as docs/api/versioning.md
asks of clients: members and values of enumerations may be added to them, and limits may change.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import gt, lt
from typing import Any

Json = dict[str, Any]
# Bigger in the reader is stricter; bigger in the writer is.
LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
# Any difference may refuse what was taken: nobody can tell which of two patterns is wider.
EXACT = ("pattern", "multipleOf", "uniqueItems")


@dataclass(frozen=True, slots=True)
class Side:
    """A schema, and the document in which its references are followed."""

    document: Json
    schema: Any

    def of(self, schema: Any) -> "Side":  # noqa: ANN401  # JSON
        """Give another schema of the same document."""
        return Side(self.document, schema)

    def resolved(self) -> "Side":
        """Follow a reference, if it is one."""
        schema = self.schema
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return self.of({} if schema is True else schema)

    @property
    def name(self) -> str:
        """Name a schema by its reference; one without a name is never met inside itself."""
        return str(self.schema.get("$ref", "")) if isinstance(self.schema, dict) else ""


@dataclass(slots=True)
class Comparison:
    """One walk through two schemas; what it has met is not walked again."""

    lenient: bool
    _met: set[tuple[str, str]] = field(default_factory=set)

    def misfits(self, writer: Side, reader: Side, at: str = "") -> Iterator[str]:
        """Tell what of the writer's values the reader would not know, and where."""
        names = (writer.name, reader.name)
        if all(names):
            if names in self._met:
                return
            self._met.add(names)
        writer, reader = writer.resolved(), reader.resolved()
        if reader.schema == {} or writer.schema is False:
            return
        if reader.schema is False:
            yield f"{at or '/'}: nothing is taken here"
            return
        ways, known = list(_ways(writer)), list(_ways(reader))
        if len(ways) > 1 or len(known) > 1:
            yield from self._some_way(ways, known, at)
        else:
            yield from self._one_way(ways[0], known[0], at)

    def _some_way(self, ways: list[Side], known: list[Side], at: str) -> Iterator[str]:
        """Hold each of several ways to write a value to those that are read."""
        for way in ways:
            found = [list(self._fresh().misfits(way, each, at)) for each in known]
            if [] not in found:
                # The nearest of them says most: its complaints lie deepest.
                nearest = min(found, key=len)
                yield from nearest if len(known) == 1 else [f"{at or '/'}: {_kind(way)}", *nearest]

    def _fresh(self) -> "Comparison":
        # What was met on one attempt may have failed there, and must be told on the next.
        return Comparison(self.lenient, set(self._met))

    def _one_way(self, writer: Side, reader: Side, at: str) -> Iterator[str]:
        wrote, reads = writer.schema, reader.schema
        where = at or "/"
        if foreign := _types(wrote) - _types(reads):
            yield f"{where}: type {', '.join(sorted(foreign))}"
            return
        yield from self._values(wrote, reads, where)
        if wrote.get("format") != reads.get("format") and "format" in reads:
            yield f"{where}: format {wrote.get('format')} against {reads['format']}"
        if not self.lenient:
            yield from _limits(wrote, reads, where)
        yield from self._members(writer, reader, at)
        if "items" in reads:
            yield from self.misfits(
                writer.of(wrote.get("items", {})), reader.of(reads["items"]), f"{at}/*"
            )

    def _values(self, wrote: Json, reads: Json, where: str) -> Iterator[str]:
        known = _enumerated(reads)
        if known is None:
            return
        values = _enumerated(wrote)
        if values is None:
            yield f"{where}: any value, against {len(known)} that are named"
        elif not self.lenient:
            for value in values:
                if value not in known:
                    yield f"{where}: value {value!r}"

    def _members(self, writer: Side, reader: Side, at: str) -> Iterator[str]:
        wrote, reads = writer.schema, reader.schema
        written, read = wrote.get("properties", {}), reads.get("properties", {})
        for name in reads.get("required", []):
            if name not in wrote.get("required", []):
                yield f"{at}/{name}: may be left out by the one, is needed by the other"
        others = reader.of(reads.get("additionalProperties", True))
        for name, schema in written.items():
            if name in read:
                yield from self.misfits(writer.of(schema), reader.of(read[name]), f"{at}/{name}")
            elif others.schema is not False:
                yield from self.misfits(writer.of(schema), others, f"{at}/{name}")
            elif not self.lenient:
                yield f"{at}/{name}: unknown"
        if self.lenient:
            for name in read.keys() - written.keys() - set(reads.get("required", [])):
                yield f"{at}/{name}: gone"
        # Answers that name their members have no others; what is sent may, unless it is refused.
        free = wrote.get("additionalProperties", not (self.lenient and written))
        if free is not False and "object" in _types(wrote):
            yield from self._free_members(writer.of(free), others, at)

    def _free_members(self, free: Side, others: Side, at: str) -> Iterator[str]:
        if others.schema is False and not self.lenient:
            yield f"{at}/*: members of any name"
        elif others.schema is not True and others.schema is not False:
            yield from self.misfits(free, others, f"{at}/*")


def _ways(side: Side) -> Iterator[Side]:
    """Give the ways in which a value may be written, each with what is said of all of them."""
    schema = side.schema
    for word in ("anyOf", "oneOf"):
        if isinstance(schema, dict) and word in schema:
            for part in schema[word]:
                yield from _ways(side.of(part).resolved())
            return
    yield side


def _types(schema: Json) -> set[str]:
    """Name the types of a schema's values; without a word of it, they follow from the values."""
    said = schema.get("type")
    if said is None:
        values = _enumerated(schema)
        if values is None:
            return set(_NAMES.values())
        said = [_NAMES[type(value)] for value in values]
    types = set(said) if isinstance(said, list) else {said}
    return types | {"integer"} if "number" in types else types


_NAMES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    list: "array",
    dict: "object",
}


def _enumerated(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kind(side: Side) -> str:
    return f"type {', '.join(sorted(_types(side.schema)))} in none of the ways that are known"


def _limits(wrote: Json, reads: Json, where: str) -> Iterator[str]:
    for words, is_narrower in ((LEAST, gt), (MOST, lt)):
        yield from _narrowed(words, is_narrower, wrote, reads, where)
    for word in EXACT:
        if reads.get(word) and reads[word] != wrote.get(word):
            yield f"{where}: {word} {reads[word]}"


def _narrowed(
    words: Iterable[str],
    is_narrower: Callable[[float, float], bool],
    wrote: Json,
    reads: Json,
    where: str,
) -> Iterator[str]:
    for word in words:
        if word in reads and (word not in wrote or is_narrower(reads[word], wrote[word])):
            yield f"{where}: {word} {reads[word]}"
