"""What each row of the authorization table asks: a request that would succeed for somebody."""

from dataclasses import dataclass
from typing import Any

from tests.avails import xml
from tests.markets import hours, market
from tests.meetings import period
from tests.rights import box
from tests.scene import NEXT_MONTH, Scene
from tests.screeners import SHORT_FILM, SUBTITLES
from tests.world import PASSWORD

OWN = {"organisation_id": "own"}
DRAFT = {"title_id": "draft"}
NEW = {"reference": "new reference"}
ADMINISTERED = {"screener_id": "administered"}
ADMINISTERED_GRANT = ADMINISTERED | {"grant_id": "administered grant"}
ADMINISTERED_REQUEST = {"request_id": "administered request"}
PART = {"number": 1, "md5": SHORT_FILM.md5s[0]}
SALE = box("UZ", "SVOD", licensee_name="Tashkent TV", exclusive=True)
HIDDEN_MARKET = {"market_id": "draft market"}
# The first of the market of `tests.markets`
SLOT = "2027-06-14T05:30:00Z"
# What a player fetches by a viewing's token
FETCHES = (
    *("get_playback", "get_playlist", "get_rendition", "get_segment", "get_key"),
    *("list_subtitles_of_viewing", "get_subtitles_of_viewing", "get_watermark"),
)
BEAT = {"sequence": 2, "beats": [{"kind": "watched", "from_ms": 0, "to_ms": 5000}]}
PROFILE = {"texts": {"en": {"name": "A name"}}}
SIGN_UP = {
    "name": "Newcomers",
    "country": "KZ",
    "person": {"email": "new@comers.example", "name": "New", "password": PASSWORD},
}


@dataclass(frozen=True)
class Ask:
    """What a row asks: what its path is about (`own`: the caller's organisation), what it sends."""

    path: dict[str, str]
    json: Any = None
    form: dict[str, str] | None = None
    query: str = ""
    content: str | None = None
    headers: dict[str, str] | None = None


WATCHED_TITLE = Ask({"title_id": "watched title"})
ADMINISTERED_TITLE = Ask({"title_id": "administered title"})


def asks_of(scene: Scene) -> dict[str, Ask]:
    """Give the request of every row that needs a body, or an id that is not in `PATHS`."""
    ids, email = scene.ids, scene.callers["seller"].email
    about = {"to_organisation_id": ids["seller"], "to_person_id": ids["colleague"]}
    to_rival = {"organisation_id": ids["rival"], "expires_at": NEXT_MONTH}
    invited = {"token": ids["invitation token"], "name": "Invited", "password": PASSWORD}
    walk = {"hall_ids": [ids["hall"], ids["empty hall"]], "minutes": 7}
    room = {"name": "Another room", "kind": "online"}
    attending = {"person_id": scene.callers["seller"].person_id, "role": "seller"}
    attending_one = {"person_id": scene.callers["seller"].person_id}
    avails = Ask({}, content=xml(), headers={"Content-Type": "application/xml"})
    csv = Ask({}, content="reference\n", headers={"Content-Type": "text/csv"})
    rows = {"items": [{"reference": "1", "name": "A company", "country": "KZ"}]}
    company, person = {"name": "Brought", "country": "KZ"}, {"email": "brought@company.example"}
    return {
        "create_import_file": csv,
        "create_import_upload": Ask({}, {"format": "csv", "size_bytes": 9, "md5": "0" * 32}),
        "create_import": Ask({}, {"of": "titles", **rows}),
        "create_import:companies": Ask({}, {"of": "companies", **rows}),
        "create_import:people": Ask({}, {"of": "people", **rows}),
        "get_import_report": Ask({"operation_id": "import"}),
        "get_import_report:export": Ask({"operation_id": "export"}),
        "create_export": Ask({}, {"of": "titles"}),
        "create_export:buyers": Ask({}, {"of": "buyers"}),
        "get_export_file": Ask({"operation_id": "export"}),
        "put_title_by_reference": Ask(NEW, {"kind": "feature", "original_title": "A title"}),
        "put_organisation_by_reference": Ask(NEW, company),
        "put_person_by_reference": Ask(NEW, person),
        "import_avails": avails,
        "export_avails": Ask({}, query="?format=xml"),
        "create_token": Ask({}, form={"username": email, "password": PASSWORD}),
        "revoke_token": Ask({}, form={"token": "a token that nobody has"}),
        "update_me": Ask({}, {"name": "Another name"}),
        "create_organisation": Ask({}, SIGN_UP),
        "create_api_client": Ask({}, {"name": "Sync", "scopes": ["titles:read"]}),
        "update_api_client": Ask({}, {"name": "Another name"}),
        "get_organisation:pending": Ask({"organisation_id": "pending"}),
        "get_organisation:own": Ask(OWN),
        "list_people:own": Ask(OWN),
        "invite_person:own": Ask(OWN, {"email": "another@company.example"}),
        "get_seller:own": Ask(OWN),
        "put_seller:own": Ask(OWN, PROFILE),
        "get_buyer:own": Ask(OWN),
        "update_organisation": Ask({}, {"name": "Another name"}),
        "approve_organisation": Ask({"organisation_id": "pending"}),
        "suspend_organisation:own": Ask(OWN),
        "invite_person": Ask({}, {"email": "another@company.example"}),
        "update_person": Ask({}, {"role": "admin"}),
        "accept_invitation": Ask({}, invited),
        "put_seller": Ask({}, PROFILE),
        "get_buyer": Ask({"organisation_id": "buyer"}),
        "get_buyer:other": Ask({"organisation_id": "other buyer"}),
        "put_buyer": Ask({"organisation_id": "buyer"}, PROFILE),
        "put_buyer:other": Ask({"organisation_id": "other buyer"}, PROFILE),
        "list_titles:mine": Ask({}, query="?mine=true"),
        "create_title": Ask({}, {"kind": "feature", "original_title": "A title"}),
        "get_title:draft": Ask(DRAFT),
        "get_title:part": Ask({"title_id": "hidden part"}),
        "list_titles:parts": Ask({}, query=f"?part_of_id={ids['title']}"),
        "update_title": Ask({}, {"year": 2025}),
        "update_title:draft": Ask(DRAFT, {"year": 2025}),
        "publish_title:draft": Ask(DRAFT),
        "withdraw_title:draft": Ask(DRAFT),
        "put_text": Ask({}, {"title": "Название"}),
        "put_text:draft": Ask(DRAFT, {"title": "Название"}),
        "delete_text:draft": Ask(DRAFT),
        "create_screener": Ask({}, SHORT_FILM.described()),
        "create_screener:draft": Ask(DRAFT, SHORT_FILM.described()),
        "list_screeners:draft": Ask(DRAFT),
        "get_screener:upload": Ask({"screener_id": "upload"}),
        "get_upload": Ask({"screener_id": "upload"}),
        "sign_part_urls": Ask({"screener_id": "upload"}, {"parts": [PART]}),
        "complete_upload": Ask({"screener_id": "upload"}, SHORT_FILM.stated),
        "open_playback:upload": Ask({"screener_id": "upload"}),
        "put_subtitles": Ask({}, content=SUBTITLES, headers={"Content-Type": "text/vtt"}),
        "list_subtitles:upload": Ask({"screener_id": "upload"}),
        "create_grant": Ask({}, to_rival),
        "create_grant:administered": Ask(ADMINISTERED, to_rival),
        "list_grants:administered": Ask(ADMINISTERED),
        "get_grant:administered": Ask(ADMINISTERED_GRANT),
        "update_grant": Ask({}, {"max_views": 5}),
        "update_grant:administered": Ask(ADMINISTERED_GRANT, {"max_views": 5}),
        "revoke_grant:administered": Ask(ADMINISTERED_GRANT),
        "get_screener:administered": Ask(ADMINISTERED),
        "withdraw_screener:administered": Ask(ADMINISTERED),
        "get_upload:administered": Ask(ADMINISTERED),
        "open_playback:administered": Ask(ADMINISTERED),
        "get_administrator": Ask(ADMINISTERED),
        "put_administrator": Ask({}, {"organisation_id": ids["rival"]}),
        "put_administrator:administered": Ask(ADMINISTERED, {"organisation_id": ids["buyer"]}),
        "delete_administrator:administered": Ask(ADMINISTERED),
        "download_screener:administered": Ask(ADMINISTERED),
        "download_by_link": Ask({}, {"token": ids["link token"]}),
        "download_by_link:unknown": Ask({}, {"token": "made-up"}),
        "get_screener_request:administered": Ask(ADMINISTERED_REQUEST),
        "grant_screener_request": Ask({}, {"expires_at": NEXT_MONTH}),
        "grant_screener_request:administered": Ask(
            ADMINISTERED_REQUEST, {"expires_at": NEXT_MONTH}
        ),
        "decline_screener_request:administered": Ask(ADMINISTERED_REQUEST),
        "create_screener_request": Ask({}, {"title_id": ids["unasked title"]}),
        "create_screener_request:draft": Ask({}, {"title_id": ids["draft"]}),
        "open_link_playback": Ask({}, {"token": ids["link token"]}),
        "open_link_playback:unknown": Ask({}, {"token": "made-up"}),
        **{
            f"{operation}:{whose}": Ask({}, query=f"?token={ids[token]}")
            for operation in FETCHES
            for whose, token in (("token", "watched token"), ("other", "administered token"))
        },
        "send_heartbeats": Ask({}, BEAT),
        "send_heartbeats:token": Ask({}, BEAT, query=f"?token={ids['watched token']}"),
        "send_heartbeats:other": Ask({}, BEAT, query=f"?token={ids['administered token']}"),
        "get_viewing_report": WATCHED_TITLE,
        "get_viewing_report:administered": ADMINISTERED_TITLE,
        "get_viewing_report:draft": Ask(DRAFT),
        "get_viewing_report_table": WATCHED_TITLE,
        "get_viewing_report_table:administered": ADMINISTERED_TITLE,
        "draw_viewing_report": WATCHED_TITLE,
        "draw_viewing_report:administered": ADMINISTERED_TITLE,
        "list_screener_viewings": Ask({"screener_id": "watched screener"}),
        "list_screener_viewings:administered": Ask({"screener_id": "administered"}),
        "list_ledger_entries:administered": Ask({"viewing_id": "administered viewing"}),
        "create_meeting_request": Ask({}, about | {"title_ids": [ids["title"]]}),
        "create_meeting_request:draft": Ask({}, about | {"title_ids": [ids["draft"]]}),
        "accept_meeting_request": Ask({}, period(5, 6)),
        "cancel_meeting_request:accepted": Ask({"request_id": "accepted request"}),
        "counter_meeting_request": Ask({}, {"proposed_times": [period(5, 6)]}),
        "schedule_meeting_request": Ask({"request_id": "waiting request"}, {"starts_at": SLOT}),
        "create_block": Ask({}, period(11, 12)),
        "create_place_block": Ask({}, period(11, 12)),
        "delete_block:place": Ask({"block_id": "place block"}),
        "put_free_times": Ask({}, {"free": None}),
        "get_calendar:address": Ask({}, query=f"?token={ids['calendar token']}"),
        "get_calendar:unknown": Ask({}, query="?token=made-up"),
        "check_in": Ask({"meeting_id": "begun meeting"}, attending_one),
        "report_no_show": Ask({"meeting_id": "begun meeting"}, attending_one),
        "move_meeting": Ask({}, {"starts_at": SLOT}),
        "move_meeting:market": Ask({"meeting_id": "meeting at a market"}, {"starts_at": SLOT}),
        "update_meeting": Ask({}, {"locked": True}),
        "get_grid:draft": Ask(HIDDEN_MARKET),
        "draw_grid:draft": Ask(HIDDEN_MARKET),
        "print_agenda:draft": Ask({}, query=f"?market_id={ids['draft market']}"),
        "put_notes": Ask({}, {"text": "A note"}),
        "list_holdings:draft": Ask(DRAFT),
        "create_holding": Ask({}, box()),
        "create_holding:draft": Ask(DRAFT, box()),
        "update_holding": Ask({}, {"media": ["SVOD"]}),
        "list_offerings:draft": Ask(DRAFT),
        "create_offering": Ask({}, box()),
        "create_offering:draft": Ask(DRAFT, box()),
        "get_offering:named": Ask({"offering_id": "named offering"}),
        "update_offering": Ask({}, {"media": ["SVOD"]}),
        "update_offering:named": Ask({"offering_id": "named offering"}, {"media": ["SVOD"]}),
        "list_title_licences:draft": Ask(DRAFT),
        "create_licence": Ask({}, SALE),
        "create_licence:draft": Ask(DRAFT, SALE),
        "get_licence:outside": Ask({"licence_id": "outside licence"}),
        "update_licence": Ask({}, {"exclusive": False}),
        "update_licence:outside": Ask({"licence_id": "outside licence"}, {"exclusive": False}),
        "terminate_licence": Ask({}, {"on": "2027-06-01"}),
        "get_availability": Ask({}, query="?territories=SCO&media=SVOD&media=AVOD"),
        "get_availability:draft": Ask(DRAFT),
        "get_availability_picture:draft": Ask(DRAFT),
        "create_schedule_run": Ask({}, {"effort": 0.1}),
        "create_webhook_endpoint": Ask({}, {"url": "https://partner.example/hooks"}),
        "update_webhook_endpoint": Ask({}, {"description": "Another"}),
        "replay_webhook_endpoint": Ask({}, {"since": NEXT_MONTH}),
        "create_market": Ask({}, market()),
        "get_market:draft": Ask(HIDDEN_MARKET),
        "update_market": Ask({}, {"slot_minutes": 20}),
        "get_hours:draft": Ask(HIDDEN_MARKET),
        "put_hours": Ask({}, hours()),
        "list_slots:draft": Ask(HIDDEN_MARKET),
        "list_halls:draft": Ask(HIDDEN_MARKET),
        "create_hall": Ask({}, {"name": "Another hall"}),
        "get_hall:draft": Ask({"hall_id": "hidden hall"}),
        "update_hall": Ask({}, {"name": "Another name"}),
        "delete_hall": Ask({"hall_id": "empty hall"}),
        "get_walks:draft": Ask(HIDDEN_MARKET),
        "put_walks": Ask({}, {"walks": [walk]}),
        "list_places:draft": Ask(HIDDEN_MARKET),
        "create_place": Ask({}, room),
        "create_places": Ask({}, {"places": [room]}),
        "get_place:draft": Ask({"place_id": "hidden place"}),
        "update_place": Ask({}, {"closed": True}),
        "list_accreditations:draft": Ask(HIDDEN_MARKET),
        "create_accreditation": Ask({}, attending),
        "create_accreditation:draft": Ask(HIDDEN_MARKET, attending),
        "update_accreditation": Ask({}, {"attendance": "online"}),
    }


def default_ids(operation: str) -> dict[str, str]:
    """Name what a path's parameters stand for, where the row says nothing else."""
    of_screeners = "screener" in operation
    return {
        "organisation_id": "organisation",
        "person_id": "colleague",
        "title_id": "title",
        "language": "language",
        "screener_id": "screener",
        "grant_id": "grant",
        "request_id": "screener request" if of_screeners else "meeting request",
        "meeting_id": "meeting",
        "feed_id": "calendar feed",
        "operation_id": "operation",
        "endpoint_id": "webhook endpoint",
        "delivery_id": "webhook delivery",
        "reference": "reference",
        "holding_id": "holding",
        "offering_id": "offering",
        "licence_id": "licence",
        "market_id": "market",
        "run_id": "schedule run",
        "hall_id": "hall",
        "place_id": "place",
        "accreditation_id": "accreditation",
        "block_id": "block",
        "viewing_id": "watched",
        "name": "rendition",
        "number": "first",
        "client_id": "client",
        "secret_id": "secret",
    }
