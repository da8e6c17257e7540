"""What is taken out: the lists of the API, walked to their ends by the selects that they stand on.

A list is read page by page, by its own cursor, each page in a transaction of its own: nothing holds
back vacuum for longer than a page takes. What is there all the while is in the file once; what
comes or changes meanwhile is in it or not, and the feed tells of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import URL

from app.accounts import people
from app.accounts import service as accounts
from app.accounts.schemas import OrganisationOut, PersonOut
from app.actors import Actor
from app.buyers.schemas import BuyerOut
from app.buyers.service import budget_of, list_buyers
from app.errors import Forbidden
from app.meetings import service as meetings
from app.meetings.schemas import MeetingRequestOut
from app.meetings.views import show_requests
from app.models.catalogue import Title
from app.models.rights import Holding, Offering
from app.operations.handling import Means
from app.pagination import PageRequest
from app.partners.bulk.schemas import ExportOf
from app.profiles.answers import languages_for, shown
from app.profiles.schemas import ProfileFilters
from app.rights.holding_schemas import HoldingOut
from app.rights.licence_schemas import LicenceOut
from app.rights.licences import list_licences
from app.rights.offering_schemas import OfferingOut
from app.rights.service import list_rows
from app.rights.views import show_holding, show_licence, show_offering
from app.rights.visibility import WHOLE_OFFERING
from app.sellers.schemas import SellerOut
from app.sellers.service import list_sellers

PAGE = 500
# What nothing comes after
END = ""
_NOWHERE = URL("")

Shown = tuple[Sequence[BaseModel], str | None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of NDJSON in UTF-8, without the last line's end."""

    lines: bytes
    rows: int
    # What the next chunk begins after
    after: str
    # How much there is of the whole, from 0 to 1
    done: float


class Source(Protocol):
    """A list to be read to its end."""

    @property
    def columns(self) -> list[str]:
        """Name the members of its items."""
        ...

    def chunks(self, after: str | None) -> AsyncIterator[Chunk]:
        """Read on behind the chunk that said `after`; chunks without a row are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Pages:
    """A list that is read page by page."""

    means: Means
    actor: Actor
    of: ExportOf

    @property
    def columns(self) -> list[str]:
        """Name the members of its items."""
        return list(_LISTS[self.of][0].model_fields)

    async def chunks(self, after: str | None) -> AsyncIterator[Chunk]:
        """Read on; how much there is in all is not known."""
        _, read = _LISTS[self.of]
        cursor = after
        while after != END:
            async with self.means.transaction() as session:
                items, cursor = await read(session, self.actor, PageRequest(PAGE, cursor, _NOWHERE))
            if items:
                lines = "\n".join(item.model_dump_json(by_alias=True) for item in items)
                yield Chunk(lines.encode(), len(items), cursor or END, 0.0 if cursor else 1.0)
            if cursor is None:
                return


def require_may_list(actor: Actor, of: ExportOf) -> None:
    """Hold an export to what the list itself asks of its caller.

    Raises:
        Forbidden: the list is not for the actor.
    """
    if of is ExportOf.BUYERS and not (actor.sells or actor.is_organiser):
        raise Forbidden("Only a seller or an organiser may do this.", code="forbidden")


async def _organisations(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    rows, cursor = await accounts.list_organisations(session, actor, page, None)
    return [OrganisationOut.model_validate(row) for row in rows], cursor


async def _people(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    rows, cursor = await people.list_people(session, actor, actor.organisation_id, page)
    return [PersonOut.model_validate(row) for row in rows], cursor


async def _sellers(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    rows, cursor = await list_sellers(session, actor, ProfileFilters(), page)
    reading = languages_for(actor, ())
    return [SellerOut.model_validate(shown(row, reading)) for row in rows], cursor


async def _buyers(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    rows, cursor = await list_buyers(session, actor, ProfileFilters(), page)
    reading = languages_for(actor, ())
    told = [shown(row, reading) | {"budget": budget_of(row)} for row in rows]
    return [BuyerOut.model_validate(each) for each in told], cursor


async def _offerings(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    statement = select(Offering).join(Title, Title.id == Offering.title_id)
    own = statement.where(Title.seller_id == actor.organisation_id).options(*WHOLE_OFFERING)
    rows, cursor = await list_rows(session, own, Offering.id, page)
    return [show_offering(row, actor.organisation_id, actor) for row in rows], cursor


async def _holdings(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    statement = select(Holding).join(Title, Title.id == Holding.title_id)
    own = statement.where(Title.seller_id == actor.organisation_id)
    rows, cursor = await list_rows(session, own, Holding.id, page)
    return [show_holding(row) for row in rows], cursor


async def _licences(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    today = datetime.now(UTC).date()
    rows, cursor = await list_licences(
        session, actor, page, today, side=None, title_id=None, state=None
    )
    return [show_licence(row, actor, today) for row in rows], cursor


async def _requests(session: AsyncSession, actor: Actor, page: PageRequest) -> Shown:
    rows, cursor = await meetings.list_requests(session, actor, page, None, None, None)
    return await show_requests(session, rows, languages_for(actor, ())), cursor


_LISTS: dict[
    ExportOf,
    tuple[type[BaseModel], Callable[[AsyncSession, Actor, PageRequest], Awaitable[Shown]]],
] = {
    ExportOf.ORGANISATIONS: (OrganisationOut, _organisations),
    ExportOf.PEOPLE: (PersonOut, _people),
    ExportOf.SELLERS: (SellerOut, _sellers),
    ExportOf.BUYERS: (BuyerOut, _buyers),
    ExportOf.OFFERINGS: (OfferingOut, _offerings),
    ExportOf.HOLDINGS: (HoldingOut, _holdings),
    ExportOf.LICENCES: (LicenceOut, _licences),
    ExportOf.MEETING_REQUESTS: (MeetingRequestOut, _requests),
}
