"""What goes out of the trees of territories and media."""

from datetime import date

from pydantic import BaseModel, Field

_CODE = Field(description="How a set names it; upper and lower case are the same.", examples=["KZ"])


class TerritoryOut(BaseModel):
    """A country of ISO 3166-1."""

    code: str = _CODE
    name: str = Field(examples=["Kazakhstan"])


class MembershipOut(BaseModel):
    """When a country was a member of a group whose members change."""

    territory: str = Field(examples=["IN"])
    joined_on: date = Field(description="Its first day as a member.", examples=["2017-06-09"])
    left_on: date | None = Field(
        description="The first day on which it was no member; null: it is one still."
    )


class TerritoryGroupOut(BaseModel):
    """A name for several territories."""

    code: str = Field(examples=["SCO"])
    name: str = Field(
        description="In English, where the language has no name for it.",
        examples=["Shanghai Cooperation Organisation"],
    )
    territories: list[str] = Field(
        description="Its members on the day `on`; none before it was founded.",
        examples=[["BY", "CN", "IN", "IR", "KG", "KZ", "PK", "RU", "TJ", "UZ"]],
    )
    memberships: list[MembershipOut] = Field(
        description="Who joined when, and who left; empty for a group that does not change."
    )


class TerritoriesOut(BaseModel):
    """Every code that a set of territories is written with."""

    on: date = Field(description="The day whose members the groups have.", examples=["2026-11-21"])
    territories: list[TerritoryOut]
    groups: list[TerritoryGroupOut]


class MediumOut(BaseModel):
    """A medium, or a group of media."""

    code: str = Field(examples=["EST"])
    name: str = Field(examples=["Digital sale (electronic sell-through)"])
    within: str | None = Field(
        description="The group it stands in; null for ALL.", examples=["TRANSACTIONAL"]
    )
    media: list[str] = Field(
        description="The leaves it stands for: itself, if it is one.", examples=[["EST"]]
    )
    license_type: str | None = Field(
        description="Avails' LicenseType of a leaf; null for a group, and where Avails has none.",
        examples=["EST"],
    )


class MediaOut(BaseModel):
    """Every code that a set of media is written with, groups before what stands in them."""

    media: list[MediumOut]
