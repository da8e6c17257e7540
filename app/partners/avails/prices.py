"""What an avail costs: guidance, where it is an amount of money; words otherwise."""

from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from app.money import Money
from app.partners.avails import vocabulary, xml_texts
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import AvailRow
from app.partners.imports.findings import Matter

# Who subscribes or watches advertising pays nothing for the single work.
_UNPRICED_LICENSES = frozenset({"SVOD", "AVOD"})
# Types whose value may be a name that the two sides agreed on
_NAMES_TOO = frozenset({"LicenseFee", "TPR-LicenseFee"})


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of money if it is one, and the price in words."""

    money: dict[str, str] | None
    words: str


def price(row: AvailRow, remarks: Remarks) -> Price | None:
    """Give the price of an avail, if it says one."""
    kind, value, currency = map(row.get, ("PriceType", "PriceValue", "PriceCurrency"))
    if not value and kind in {"", vocabulary.SRP} and row.get("SRP"):
        kind, value = vocabulary.SRP, row.get("SRP")
    if not kind and not value:
        if row.get("LicenseType") not in _UNPRICED_LICENSES:
            remarks.doubt("PriceType", "", "is missing: only SVOD needs no price", Matter.MISSING)
        return None
    if not _fits(kind, value, remarks):
        return None
    if kind == vocabulary.NOT_PRICED:
        return None
    money = _money(value, currency) if currency else None
    if currency and not money and xml_texts.decimal(value):
        remarks.leave_out(
            "PriceCurrency", currency, "is no currency of such an amount", Matter.UNKNOWN
        )
    return Price(money, " ".join(filter(None, (kind, value, currency))))


def _fits(kind: str, value: str, remarks: Remarks) -> bool:
    """Tell whether type and value make a price."""
    if not kind or not value:
        missing, given = ("PriceType", value) if value else ("PriceValue", kind)
        remarks.doubt(missing, "", f"is missing beside {given}", Matter.MISSING)
        return False
    if (kind == vocabulary.NOT_PRICED) != (value == vocabulary.NOT_PRICED):
        remarks.leave_out(
            "PriceValue", value, f"does not go with {kind}: NA goes with NA", Matter.IMPOSSIBLE
        )
        return False
    if kind not in vocabulary.PRICE_TYPES and kind != vocabulary.SRP:
        remarks.doubt("PriceType", kind, "is no type of price that is known", Matter.UNKNOWN)
    elif not _is_value(kind, value):
        remarks.leave_out("PriceValue", value, f"is no amount, which {kind} is", Matter.IMPOSSIBLE)
        return False
    return True


def _is_value(kind: str, value: str) -> bool:
    is_named = kind in vocabulary.PRICES_IN_WORDS or kind in _NAMES_TOO
    return is_named or value in vocabulary.PRICE_WORDS or xml_texts.decimal(value) is not None


@lru_cache(4096)
def _money(value: str, currency: str) -> dict[str, str] | None:
    try:
        money = Money.model_validate({"amount": value, "currency": currency})
    except ValidationError:
        return None
    said: dict[str, str] = money.model_dump(mode="json")
    return said
