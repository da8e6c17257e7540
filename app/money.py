"""Money on the wire: a decimal number as a string, and its currency."""

from decimal import Decimal
from typing import Annotated, Self

import pycountry
from pydantic import AfterValidator, Field, StringConstraints, field_serializer, model_validator

from app.incoming import Incoming

# Numeric(19, 4) in the database
MAX_AMOUNT = Decimal("9999999999999.99")
# ISO 4217, list one: the currencies whose smallest unit is no hundredth
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_DECIMALS = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def decimals_of(currency: str) -> int:
    """Give how many decimals a currency has."""
    return _DECIMALS.get(currency, 2)


def _known_currency(code: str) -> str:
    if pycountry.currencies.get(alpha_3=code) is None:
        raise ValueError("must be a currency of ISO 4217, as USD")
    return code


Currency = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217.", examples=["USD"]),
]
Amount = Annotated[
    Decimal,
    Field(
        ge=0,
        le=MAX_AMOUNT,
        decimal_places=4,
        allow_inf_nan=False,
        description="A decimal number with no more places than the currency has, best sent as a "
        "string.",
        examples=["12500.00"],
    ),
]


class Money(Incoming):
    """An amount in a currency."""

    amount: Amount
    currency: Currency

    @model_validator(mode="after")
    def _has_no_more_places_than_its_currency(self) -> Self:
        places = decimals_of(self.currency)
        if round(self.amount, places) != self.amount:
            raise ValueError(f"{self.currency} has {places} decimals, the amount more")
        return self

    @field_serializer("amount")
    def _in_full(self, amount: Decimal) -> str:
        return f"{amount:.{decimals_of(self.currency)}f}"
