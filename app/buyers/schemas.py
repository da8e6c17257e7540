"""What goes in and out of buyer profiles."""

from typing import Self

from pydantic import Field, model_validator

from app.incoming import Incoming
from app.money import Money
from app.profiles.schemas import ProfileIn, ProfileItem, ProfileOut


class Budget(Incoming):
    """What a buyer can spend on one title; either end may be open."""

    min: Money | None = None
    max: Money | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        low, high = self.min, self.max
        if low is None and high is None:
            raise ValueError("needs a min, a max or both; leave the budget out to say nothing")
        if low and high and low.currency != high.currency:
            raise ValueError("must be in one currency")
        if low and high and low.amount > high.amount:
            raise ValueError("must not end below where it begins")
        return self


class BuyerIn(ProfileIn):
    """What a company seeks: kinds and genres of titles, for which territories, media, languages."""

    budget: Budget | None = Field(
        default=None,
        description="What can be spent on one title. Sellers see it.",
        examples=[
            {
                "min": {"amount": "5000.00", "currency": "USD"},
                "max": {"amount": "40000.00", "currency": "USD"},
            }
        ],
    )


class BuyerItem(ProfileItem):
    """A buyer as the list shows it."""

    budget: Budget | None


class BuyerOut(ProfileOut):
    """A buyer's profile as a whole."""

    budget: Budget | None
