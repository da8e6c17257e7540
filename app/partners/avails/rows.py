"""One avail, as every format is read into it and written from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from app.partners.avails.values import canonical, items
from app.partners.imports.findings import Done, Matter, Remark
from app.partners.imports.rows import CellError

# Longer than any title, description or list of languages that anybody wrote
MAX_CHARACTERS = 10_000

# What describes a work of each type; a work of another type by the fields it has.
EPISODE, SEASON, SERIES, VOLUME, OTHER = "Episode", "Season", "Series", "Volume", "Other"
_DESCRIBED_AS = {
    "Episode": EPISODE,
    "Season": SEASON,
    "Volume": VOLUME,
    **dict.fromkeys(("Series", "Miniseries", "Mini-series"), SERIES),
}
_DESCRIBED_BY = (
    ("EpisodeContentID", EPISODE),
    ("EpisodeTitleInternalAlias", EPISODE),
    ("VolumeContentID", VOLUME),
    ("SeasonContentID", SEASON),
    ("SeriesContentID", SERIES),
)


class Node(NamedTuple):
    """An XML element that no field holds.

    Names have the prefix `md:` or `mdmec:`, or none; of other namespaces, `{namespace}name`.
    """

    name: str
    attributes: dict[str, str]
    text: str
    children: list["Node"]


@dataclass(slots=True)
class AvailRow:
    """What an avail says: the values by the columns' names, and what only XML can say.

    A row is of one territory at most; a row or Transaction that names several makes several rows
    that stand at the same place.
    """

    # Its number in its sheet (1 is the first), or the line of its Transaction in XML
    number: int
    fields: dict[str, str]
    # The elements that no field holds, in their order, by the part of the XML they stand in
    more: dict[str, list[Node]] = field(default_factory=dict)
    sheet: str = ""
    # The standard's version, as "1.9" or "2.4"
    version: str = ""
    # What reading it found, before any rule is asked
    remarks: list[Remark] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Give a value, or an empty text."""
        return self.fields.get(name, "")

    @property
    def described_as(self) -> str:
        """Tell which columns describe the work: those of the Movies sheet, or some of TV's."""
        if known := _DESCRIBED_AS.get(self.get("WorkType")):
            return known
        return next((kind for name, kind in _DESCRIBED_BY if name in self.fields), OTHER)

    def put(self, name: str, text: str) -> None:
        """Take a value, in its one notation; what can't be one is left out, with a remark."""
        if isinstance(text, CellError):
            self._leave_out(name, text, "is an error that a formula gave", Matter.UNREADABLE)
        elif len(text) > MAX_CHARACTERS:
            self._leave_out(name, text, f"has over {MAX_CHARACTERS:,} characters", Matter.TOO_LONG)
        elif value := canonical(name, text):
            self.fields[name] = value

    def _leave_out(self, name: str, text: str, problem: str, matter: Matter) -> None:
        self.remarks.append(Remark(name, text, problem, matter, Done.LEFT_OUT))

    def by_territory(self) -> Iterator["AvailRow"]:
        """Give a row for every territory it names; what reading it found stays with the first."""
        codes = items(self.get("Territory"))
        if len(codes) < 2:  # noqa: PLR2004  # one or none: it is that row itself
            yield self
            return
        remarks = self.remarks
        for code in dict.fromkeys(codes):
            yield replace(self, fields=self.fields | {"Territory": code}, remarks=remarks)
            remarks = []


def as_json(row: AvailRow) -> dict[str, Any]:
    """Give all that a row says as JSON, so that it goes out as it came in."""
    more = {part: [_as_list(node) for node in nodes] for part, nodes in row.more.items()}
    return {"fields": row.fields, "more": more, "version": row.version}


def from_json(kept: dict[str, Any]) -> AvailRow:
    """Make a row of the JSON that was kept of one."""
    more = {part: [_as_node(node) for node in nodes] for part, nodes in kept["more"].items()}
    return AvailRow(0, kept["fields"], more, version=kept["version"])


def _as_list(node: Node) -> list[Any]:
    return [node.name, node.attributes, node.text, [_as_list(child) for child in node.children]]


def _as_node(kept: list[Any]) -> Node:
    name, attributes, text, children = kept
    return Node(name, attributes, text, [_as_node(child) for child in children])
