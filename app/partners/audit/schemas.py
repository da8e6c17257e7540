"""What the audit trail shows of a fact."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.ids import Id


class AuditEntryOut(BaseModel):
    """Something that somebody did, and from where."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    position: int = Field(
        ge=1, description="Its place in the journal's order, as in `/v1/events`.", examples=[80412]
    )
    type: str = Field(
        description="`<noun>.<what happened>`; more of them come with time.",
        examples=["licence.created"],
    )
    subject_id: Id = Field(description="What it is about: the id of the noun.")
    occurred_at: datetime
    organisation_id: Id | None = Field(
        description="Whose person or client did it; null for the market's own clock."
    )
    person_id: Id | None = Field(description="Who did it.")
    client_id: Id | None = Field(description="With which client of the API; null for none.")
    address: IPv4Address | IPv6Address | None = Field(
        description="From which address; null for work that goes on after an answer."
    )
    request_id: str | None = Field(
        description="In which request: its `X-Request-ID`.", examples=["5f2b8c1d9e00000001"]
    )
    data: dict[str, Any] = Field(
        description="What else there is to say; ids in it are strings.",
        examples=[{"seller_id": "116823110451200001"}],
    )
    hash: str = Field(
        description="Chains it to the entry before: HMAC-SHA256, with a key that the market keeps.",
        pattern="^[0-9a-f]{64}$",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
