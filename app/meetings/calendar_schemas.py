"""What comes in and goes out of the calendars that programs subscribe to."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.accounts.schemas import Out
from app.ids import Id
from app.incoming import Incoming

SECRET = "J2v0yVwz4o3pJm1iQk7yq0mXbq3rT5uE8sH6aGdLcNs"  # noqa: S105  # an example


class CalendarFeedIn(Incoming):
    """Where it is for."""

    name: Annotated[str, StringConstraints(max_length=100)] = Field(
        default="",
        description="To know it by, when it is to be revoked.",
        examples=["My telephone"],
    )


class CalendarFeedOut(Out):
    """A private address of an agenda; the secret in it is not kept and never shown again."""

    id: Id
    name: str = Field(examples=["My telephone"])
    created_at: datetime
    last_read_at: datetime | None = Field(
        description="When a calendar program last asked for it, to the minute."
    )
    revoked_at: datetime | None = Field(description="From then on it leads nowhere.")


class CalendarFeedMade(CalendarFeedOut):
    """A new one, with the address: shown this once."""

    url: str = Field(
        description="For a calendar program to subscribe to. Whoever has it reads the agenda.",
        examples=[f"https://filmmart.example/v1/agenda.ics?token={SECRET}"],
    )
    webcal_url: str = Field(
        description="The same as a link that opens the calendar program.",
        examples=[f"webcal://filmmart.example/v1/agenda.ics?token={SECRET}"],
    )
