"""The Terms of a Transaction: its price, what the standard says by a Term, and all the rest."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.partners.avails import vocabulary, xml_texts
from app.partners.avails.columns import ALIASES, FIELDS
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.xml_lenses import Saying, leaf, read_attributes
from app.partners.avails.xml_texts import Says

# The type of a Term's value, by the field it says; all others are texts.
_TERM_TYPES: dict[str, tuple[str, Says]] = {
    **dict.fromkeys(
        ("SuppressionLiftDate", "SpecialPreOrderFulfillDate", "AnnounceDate", "FixedEndDate"),
        ("Event", xml_texts.event),
    ),
    **dict.fromkeys(("RentalDuration", "WatchDuration"), ("Duration", xml_texts.hours)),
    **dict.fromkeys(
        ("Exclusive", "BrandingRights", "CaptionIncluded"), ("Boolean", xml_texts.truth)
    ),
    "SRP": ("Money", xml_texts.decimal),
}
# Terms that bear another name than the column
_TERM_NAMES = {
    "SpecialPreOrderFulfillDate": "PreorderFulfillDate",
    "LocalizationType": "LocalizationOffering",
}
_FIELDS_OF_TERMS = (
    {name: name for name in FIELDS}
    | ALIASES
    | {term: name for name, term in _TERM_NAMES.items()}
    | {"PreOrderFulfillDate": "SpecialPreOrderFulfillDate"}
)
_VALUES = frozenset({"Money", "Event", "Text", "Number", "Boolean", "Duration"})
PRICE = ("PriceType", "PriceValue", "PriceCurrency")
SRP = "SRP"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms: the price, what has a Term by the standard, and all that has no other place.

    `PriceType` SRP is the one type that is a column, too: where it is the price's type, a second
    Term, after the price, tells that.
    """

    elements: tuple[str, ...] = ("Term",)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Take one, unless one of its name was taken before."""
        term = node.attributes.get("termName", "")
        if len(node.children) != 1 or node.children[0].name not in _VALUES:
            return node
        value = node.children[0]
        if term in vocabulary.PRICE_TYPES and "PriceValue" not in row.fields:
            return _read_price(node, term, value, row)
        name = _FIELDS_OF_TERMS.get(term)
        known = {"currency"} if name == SRP else set()
        if name is None or name in row.fields or not value.text or value.attributes.keys() - known:
            return node
        row.put(name, value.text)
        read_attributes(name, value, ("currency",), row)
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write all that is left to say."""
        yield from _price(saying)
        for name in sorted(saying.left):
            if name in saying.left:
                yield _term(name, saying)


def read_price_as_srp(row: AvailRow) -> None:
    """Move the SRP into the price, where a Term after it says that it is the price's type."""
    if row.get("PriceType") != SRP or SRP not in row.fields or "PriceValue" in row.fields:
        return
    read = list(row.fields)
    if read.index(SRP) < read.index("PriceType"):
        row.put("PriceValue", row.fields.pop(SRP))
        row.put("PriceCurrency", row.fields.pop(f"{SRP}@currency", ""))


def _term(name: str, saying: Saying) -> Node:
    kind, says = _TERM_TYPES.get(name, ("Text", xml_texts.anything))
    text = saying.peek(name)
    said = says(text)
    saying.take(name)
    if said is None:
        return _called(name, leaf("Text", text))
    return _called(name, Node(kind, saying.attributes_of(name), said, []))


def _called(name: str, value: Node) -> Node:
    return Node("Term", {"termName": _TERM_NAMES.get(name, name)}, "", [value])


def _read_price(node: Node, term: str, value: Node, row: AvailRow) -> Node | None:
    if (
        value.name not in {"Money", "Text"}
        or not value.text
        or value.attributes.keys() - {"currency"}
    ):
        return node
    row.put("PriceType", term)
    row.put("PriceValue", value.text)
    row.put("PriceCurrency", value.attributes.get("currency", ""))
    return None


def _price(saying: Saying) -> Iterator[Node]:
    kind, value, currency = map(saying.peek, PRICE)
    is_amount = xml_texts.decimal(value) is not None
    if kind == SRP and is_amount and not saying.peek(SRP):
        saying.take("PriceValue", "PriceCurrency")
        yield _called(SRP, _money(value, currency))
        # The type itself is left, and becomes the Term that tells it from the column SRP.
    elif kind in vocabulary.PRICE_TYPES and value:
        if is_amount and kind not in vocabulary.PRICES_IN_WORDS:
            saying.take(*PRICE)
            yield _called(kind, _money(value, currency))
        else:
            saying.take("PriceType", "PriceValue")
            yield _called(kind, leaf("Text", value))


def _money(amount: str, currency: str) -> Node:
    return Node("Money", {"currency": currency} if currency else {}, amount, [])
