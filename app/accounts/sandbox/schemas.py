"""A ticket into the sandbox: as it is answered, and what stands in it."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.accounts.schemas import Out
from app.ids import Id
from app.models.accounts import Role, Standing

TICKET_EXAMPLE = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImZpbG1tYXJ0LXRpY2tldCtqd3QifQ.eyJvcmdhbmlzYXRpb24i"


class SandboxTicket(Out):
    """A way into the sandbox, for a minute."""

    ticket: str = Field(
        description="The `assertion` of `POST {url}/v1/oauth/token` with `grant_type` "
        "`urn:ietf:params:oauth:grant-type:jwt-bearer`.",
        examples=[TICKET_EXAMPLE],
    )
    url: str = Field(
        description="The sandbox's address.", examples=["https://sandbox.filmmart.example"]
    )
    expires_at: datetime


class TicketOrganisation(BaseModel):
    """A company of the live market, as it comes into the sandbox."""

    id: Id
    name: str
    country: str
    standing: Standing
    is_organiser: bool
    sells: bool
    buys: bool


class TicketPerson(BaseModel):
    """One of its people. Addresses and passwords stay at home."""

    id: Id
    name: str
    role: Role
    time_zone: str
    language: str | None


class TicketContent(BaseModel):
    """What the live market says of somebody who wants to enter its sandbox."""

    organisation: TicketOrganisation
    person: TicketPerson
