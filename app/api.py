"""The table of contents: every router under /v1."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from app.accounts.clients.routes import router as api_clients
from app.accounts.routes import router as accounts
from app.accounts.sandbox.routes import router as sandbox_tickets
from app.accounts.token_routes import router as tokens
from app.buyers.routes import router as buyers
from app.catalogue.hot_routes import router as titles_read
from app.catalogue.routes import router as titles
from app.markets.accreditation_routes import router as accreditations
from app.markets.hall_routes import router as halls
from app.markets.hour_routes import router as hours
from app.markets.place_routes import router as places
from app.markets.routes import router as markets
from app.meetings.agenda_routes import router as agenda
from app.meetings.block_routes import router as blocks
from app.meetings.calendar_routes import router as calendars
from app.meetings.day.attendance_routes import router as attendance
from app.meetings.day.grid_routes import router as grid
from app.meetings.day.move_routes import router as moves
from app.meetings.day.note_routes import router as meeting_notes
from app.meetings.day.print_routes import router as prints
from app.meetings.routes import router as meeting_requests
from app.meetings.scheduling.routes import router as schedule
from app.operations.routes import router as operations
from app.partners.audit.routes import router as audit
from app.partners.avails.routes import router as avails
from app.partners.avails.routes import uploading as avails_uploads
from app.partners.bulk.reference_routes import registers
from app.partners.bulk.reference_routes import router as by_reference
from app.partners.bulk.routes import router as bulk
from app.partners.bulk.routes import uploading as bulk_uploads
from app.partners.feed.routes import router as feed
from app.partners.personal.routes import router as personal
from app.partners.webhooks.delivery_routes import router as webhook_deliveries
from app.partners.webhooks.routes import router as webhooks
from app.rights.availability_routes import router as availability
from app.rights.holding_routes import router as holdings
from app.rights.licence_routes import router as licences
from app.rights.offering_routes import router as offerings
from app.rights.tree_routes import router as trees
from app.screeners.grants.administrator_routes import router as screener_administrators
from app.screeners.grants.download_routes import router as downloads
from app.screeners.grants.request_routes import router as screener_requests
from app.screeners.grants.routes import router as grants
from app.screeners.heartbeats.routes import router as heartbeats
from app.screeners.processing.subtitle_routes import router as subtitles
from app.screeners.processing.subtitle_routes import uploading as subtitle_uploads
from app.screeners.reports.routes import router as viewing_reports
from app.screeners.routes import router as screeners
from app.screeners.viewings.routes import router as viewings
from app.screeners.viewings.token_routes import router as viewing_tokens
from app.sellers.routes import router as sellers


def _operation_id(route: APIRoute) -> str:
    return route.name


router = APIRouter(prefix="/v1", generate_unique_id_function=_operation_id)
router.include_router(tokens)
router.include_router(accounts)
router.include_router(api_clients)
router.include_router(sandbox_tickets)
router.include_router(sellers)
router.include_router(buyers)
# Before what a title's id is named in: nothing is a title's by the id "by-reference".
router.include_router(by_reference)
router.include_router(registers)
router.include_router(titles_read)
router.include_router(titles)
router.include_router(holdings)
router.include_router(offerings)
router.include_router(licences)
router.include_router(availability)
router.include_router(trees)
router.include_router(avails)
router.include_router(avails_uploads)
router.include_router(bulk)
router.include_router(bulk_uploads)
router.include_router(screeners)
router.include_router(grants)
router.include_router(screener_administrators)
router.include_router(downloads)
router.include_router(screener_requests)
router.include_router(subtitles)
router.include_router(subtitle_uploads)
router.include_router(viewings)
router.include_router(viewing_tokens)
router.include_router(heartbeats)
router.include_router(viewing_reports)
router.include_router(markets)
router.include_router(hours)
router.include_router(halls)
router.include_router(places)
router.include_router(accreditations)
router.include_router(meeting_requests)
router.include_router(calendars)
router.include_router(agenda)
router.include_router(blocks)
router.include_router(attendance)
router.include_router(moves)
router.include_router(grid)
router.include_router(prints)
router.include_router(meeting_notes)
router.include_router(schedule)
router.include_router(operations)
router.include_router(webhooks)
router.include_router(webhook_deliveries)
router.include_router(feed)
router.include_router(audit)
router.include_router(personal)
