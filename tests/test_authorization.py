"""The authorization table: every operation × every kind of caller.

Each cell is a request that would succeed for somebody, about a real object of the seller's or the
buyer's, in a transaction of its own that is rolled back. An operation without a row fails.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest
from sqlalchemy import text

from app.main import create_app
from app.scopes import SCOPES
from tests import api_clients, sandboxes
from tests.asks import PROFILE, Ask, asks_of, default_ids
from tests.scene import (
    OF_A_BUYER,
    OF_A_MEETING,
    OF_THE_KEEPERS,
    OF_THE_ORGANISERS,
    OF_THE_SELLER,
    OF_THE_TWO,
    Scene,
    build_scene,
    undone,
)
from tests.servers import Databases, S3Settings, make_settings
from tests.world import Caller, World, world_of

# All are admins. The seller and the buyer are parties to whatever is asked about; the rival's
# company sells and buys, and so do the pending and the suspended one. 403p is organisation_pending,
# 403s organisation_suspended.
TABLE = """
                             anonymous  pending  buyer  seller  rival  suspended  organiser
create_token                       200      200    200     200    200        200        200
revoke_token                       200      200    200     200    200        200        200
get_me                             401      200    200     200    200        200        200
update_me                          401      200    200     200    200        200        200
export_me                          401      200    200     200    200        200        200
delete_me                          401      409    409     409    409        409        409
create_organisation                201      201    201     201    201        201        201
list_organisations                 401      200    200     200    200       403s        200
get_organisation                   401      404    200     200    200       403s        200
get_organisation:pending           401      200    404     404    404       403s        200
get_organisation:own               401      200    200     200    200       403s        200
update_organisation                401      404    403     200    403       403s        403
approve_organisation               401     403p    403     403    403       403s        200
suspend_organisation               401     403p    403     403    403       403s        200
suspend_organisation:own           401     403p    403     403    403       403s        409
list_people                        401      404    404     200    404       403s        200
list_people:own                    401      200    200     200    200       403s        200
invite_person                      401      404    404     201    404       403s        403
invite_person:own                  401      201    201     201    201       403s        201
update_person                      401      404    404     200    404       403s        403
remove_person                      401      404    404     204    404       403s        403
accept_invitation                  201      201    201     201    201        201        201

create_api_client                  401     403p    201     201    201       403s        201
list_api_clients                   401     403p    200     200    200       403s        200
get_api_client                     401     403p    404     200    404       403s        404
update_api_client                  401     403p    404     200    404       403s        404
revoke_api_client                  401     403p    404     204    404       403s        404
rotate_secret                      401     403p    404     201    404       403s        404
revoke_secret                      401     403p    404     204    404       403s        404
create_sandbox_ticket              401      201    201     201    201       403s        201

list_sellers                       401     403p    200     200    200       403s        200
get_seller                         401      404    200     200    200       403s        200
get_seller:own                     401      200    404     200    200       403s        404
put_seller                         401      404    403     200    403       403s        403
put_seller:own                     401      200    201     200    200       403s        201
list_buyers                        401     403p    403     200    200       403s        200
get_buyer                          401      404    200     200    200       403s        200
get_buyer:other                    401      404    404     200    200       403s        200
get_buyer:own                      401      200    200     404    200       403s        404
put_buyer                          401      404    200     403    403       403s        403
put_buyer:other                    401      404    403     403    403       403s        403

list_titles                        401     403p    200     200    200       403s        200
list_titles:mine                   401     403p    200     200    200       403s        200
list_titles:parts                  401     403p    200     200    200       403s        200
get_facets                         401     403p    200     200    200       403s        200
create_title                       401     403p    403     201    201       403s        403
get_title                          401     403p    200     200    200       403s        200
get_title:draft                    401     403p    404     200    404       403s        404
get_title:part                     401     403p    404     200    404       403s        404
update_title                       401     403p    403     200    403       403s        403
update_title:draft                 401     403p    404     200    404       403s        404
publish_title                      401     403p    403     200    403       403s        403
publish_title:draft                401     403p    404     200    404       403s        404
withdraw_title                     401     403p    403     200    403       403s        200
withdraw_title:draft               401     403p    404     409    404       403s        404
put_text                           401     403p    403     200    403       403s        403
put_text:draft                     401     403p    404     200    404       403s        404
delete_text                        401     403p    403     200    403       403s        403
delete_text:draft                  401     403p    404     200    404       403s        404

create_screener                    401     403p    403     201    403       403s        403
create_screener:draft              401     403p    403     201    404       403s        403
list_screeners                     401     403p    200     200    200       403s        200
list_screeners:draft               401     403p    404     200    404       403s        404
get_screener                       401     403p    200     200    404       403s        404
get_screener:upload                401     403p    404     200    404       403s        404
withdraw_screener                  401     403p    403     204    404       403s        404
get_upload                         401     403p    404     200    404       403s        404
sign_part_urls                     401     403p    404     200    404       403s        404
complete_upload                    401     403p    404     200    404       403s        404
open_playback                      401     403p    201     201    404       403s        404
open_playback:upload               401     403p    404     409    404       403s        404
list_subtitles                     401     403p    200     200    404       403s        404
list_subtitles:upload              401     403p    404     200    404       403s        404
put_subtitles                      401     403p    403     200    404       403s        404
delete_subtitles                   401     403p    403     204    404       403s        404
create_grant                       401     403p    403     201    404       403s        404
create_grant:administered          401     403p    404     201    201       403s        404
list_grants                        401     403p    403     200    404       403s        404
list_grants:administered           401     403p    404     200    200       403s        404
get_grant                          401     403p    403     200    404       403s        404
get_grant:administered             401     403p    404     200    200       403s        404
update_grant                       401     403p    403     200    404       403s        404
update_grant:administered          401     403p    404     200    200       403s        404
revoke_grant                       401     403p    403     204    404       403s        404
revoke_grant:administered          401     403p    404     204    204       403s        404
get_screener:administered          401     403p    404     200    200       403s        404
withdraw_screener:administered     401     403p    404     204    403       403s        404
get_upload:administered            401     403p    404     409    403       403s        404
open_playback:administered         401     403p    404     201    201       403s        404
get_administrator                  401     403p    404     200    200       403s        404
put_administrator                  401     403p    403     200    404       403s        404
put_administrator:administered     401     403p    404     200    403       403s        404
delete_administrator               401     403p    403     204    404       403s        404
delete_administrator:administered  401     403p    404     204    403       403s        404
download_screener                  401     403p    403     200    404       403s        404
download_screener:administered     401     403p    404     200    403       403s        404
download_by_link                   200      200    200     200    200        200        200
download_by_link:unknown           404      404    404     404    404        404        404
create_screener_request            401     403p    201     403    201       403s        403
create_screener_request:draft      401     403p    404     403    404       403s        403
list_screener_requests             401     403p    200     200    200       403s        200
get_screener_request               401     403p    200     200    404       403s        404
get_screener_request:administered  401     403p    200     200    200       403s        404
grant_screener_request             401     403p    403     201    404       403s        404
grant_screener_request:administered 401    403p    403     201    201       403s        404
decline_screener_request           401     403p    403     200    404       403s        404
decline_screener_request:administered 401 403p    403     200    200       403s        404
cancel_screener_request            401     403p    200     403    404       403s        404

open_link_playback                 201      201    201     201    201        201        201
open_link_playback:unknown         404      404    404     404    404        404        404
get_viewing                        401     403p    200     404    404       403s        404
get_playback                       401      401    401     401    401        401        401
get_playback:token                 200      200    200     200    200        200        200
get_playback:other                 404      404    404     404    404        404        404
get_playlist                       401      401    401     401    401        401        401
get_playlist:token                 200      200    200     200    200        200        200
get_playlist:other                 404      404    404     404    404        404        404
get_rendition                      401      401    401     401    401        401        401
get_rendition:token                200      200    200     200    200        200        200
get_rendition:other                404      404    404     404    404        404        404
get_segment                        401      401    401     401    401        401        401
get_segment:token                  307      307    307     307    307        307        307
get_segment:other                  404      404    404     404    404        404        404
get_key                            401      401    401     401    401        401        401
get_key:token                      200      200    200     200    200        200        200
get_key:other                      404      404    404     404    404        404        404
list_subtitles_of_viewing          401      401    401     401    401        401        401
list_subtitles_of_viewing:token    200      200    200     200    200        200        200
list_subtitles_of_viewing:other    404      404    404     404    404        404        404
get_subtitles_of_viewing           401      401    401     401    401        401        401
get_subtitles_of_viewing:token     200      200    200     200    200        200        200
get_subtitles_of_viewing:other     404      404    404     404    404        404        404
get_watermark                      401      401    401     401    401        401        401
get_watermark:token                200      200    200     200    200        200        200
get_watermark:other                404      404    404     404    404        404        404
send_heartbeats                    401      401    401     401    401        401        401
send_heartbeats:token              200      200    200     200    200        200        200
send_heartbeats:other              404      404    404     404    404        404        404
get_viewing_report                 401     403p    403     200    403       403s        403
get_viewing_report:administered    401     403p    403     200    200       403s        403
get_viewing_report:draft           401     403p    404     200    404       403s        404
get_viewing_report_table           401     403p    403     200    403       403s        403
get_viewing_report_table:administered 401  403p    403     200    200       403s        403
draw_viewing_report                401     403p    403     200    403       403s        403
draw_viewing_report:administered   401     403p    403     200    200       403s        403
list_screener_viewings             401     403p    403     200    404       403s        404
list_screener_viewings:administered 401    403p    404     200    200       403s        404
list_viewings                      401     403p    200     200    200       403s        200
list_ledger_entries                401     403p    403     200    404       403s        404
list_ledger_entries:administered   401     403p    404     200    200       403s        404

create_meeting_request             401     403p    201     422    201       403s        403
create_meeting_request:draft       401     403p    422     422    422       403s        403
list_meeting_requests              401     403p    200     200    200       403s        200
get_meeting_request                401     403p    200     200    404       403s        200
accept_meeting_request             401     403p    403     200    404       403s        403
decline_meeting_request            401     403p    403     200    404       403s        403
cancel_meeting_request             401     403p    200     403    404       403s        403
cancel_meeting_request:accepted    401     403p    200     200    404       403s        403
counter_meeting_request            401     403p    403     200    404       403s        403
schedule_meeting_request           401     403p    200     200    404       403s        200
list_openings                      401     403p    200     200    404       403s        200
list_blocks                        401     403p    200     200    200       403s        200
create_block                       401     403p    201     201    201       403s        201
list_place_blocks                  401     403p    403     403    403       403s        200
create_place_block                 401     403p    403     403    403       403s        201
delete_block                       401     403p    404     204    404       403s        404
delete_block:place                 401     403p    404     404    404       403s        204
get_meeting                        401     403p    200     200    404       403s        200
get_attendance                     401     403p    200     200    404       403s        200
check_in                           401     403p    403     200    404       403s        200
report_no_show                     401     403p    409     403    404       403s        200
move_meeting                       401     403p    403     403    403       403s        409
move_meeting:market                401     403p    403     403    403       403s        200
update_meeting                     401     403p    403     403    403       403s        200
get_grid                           401     403p    403     403    403       403s        200
get_grid:draft                     401     403p    403     403    403       403s        200
get_counts                         401     403p    403     403    403       403s        200
draw_grid                          401     403p    403     403    403       403s        200
draw_grid:draft                    401     403p    403     403    403       403s        200
print_agenda                       401     403p    200     200    200       403s        200
print_agenda:draft                 401     403p    404     404    404       403s        200
print_agenda_of_person             401     403p    403     403    403       403s        200
print_agenda_of_place              401     403p    403     403    403       403s        200
get_notes                          401     403p    200     200    404       403s        403
put_notes                          401     403p    200     200    404       403s        403
list_agenda                        401     403p    200     200    200       403s        200
get_calendar                       401     403p    200     200    200       403s        200
get_calendar:address               200      200    200     200    200        200        200
get_calendar:unknown               404      404    404     404    404        404        404
get_invitation                     401     403p    200     200    404       403s        200
create_calendar_feed               401     403p    201     201    201       403s        201
list_calendar_feeds                401     403p    200     200    200       403s        200
revoke_calendar_feed               401     403p    404     204    404       403s        404

list_markets                       401     403p    200     200    200       403s        200
create_market                      401     403p    403     403    403       403s        201
get_market                         401     403p    200     200    200       403s        200
get_market:draft                   401     403p    404     404    404       403s        200
update_market                      401     403p    403     403    403       403s        200
open_market                        401     403p    403     403    403       403s        200
close_market                       401     403p    403     403    403       403s        200
get_hours                          401     403p    200     200    200       403s        200
get_hours:draft                    401     403p    404     404    404       403s        200
put_hours                          401     403p    403     403    403       403s        200
list_slots                         401     403p    200     200    200       403s        200
list_slots:draft                   401     403p    404     404    404       403s        200
list_halls                         401     403p    200     200    200       403s        200
list_halls:draft                   401     403p    404     404    404       403s        200
create_hall                        401     403p    403     403    403       403s        201
get_hall                           401     403p    200     200    200       403s        200
get_hall:draft                     401     403p    404     404    404       403s        200
update_hall                        401     403p    403     403    403       403s        200
delete_hall                        401     403p    403     403    403       403s        204
get_walks                          401     403p    200     200    200       403s        200
get_walks:draft                    401     403p    404     404    404       403s        200
put_walks                          401     403p    403     403    403       403s        200
list_places                        401     403p    200     200    200       403s        200
list_places:draft                  401     403p    404     404    404       403s        200
create_place                       401     403p    403     403    403       403s        201
create_places                      401     403p    403     403    403       403s        201
get_place                          401     403p    200     200    200       403s        200
get_place:draft                    401     403p    404     404    404       403s        200
update_place                       401     403p    403     403    403       403s        200
delete_place                       401     403p    403     403    403       403s        204
list_accreditations                401     403p    200     200    200       403s        200
list_accreditations:draft          401     403p    404     404    404       403s        200
create_accreditation               401     403p    422     201    422       403s        201
create_accreditation:draft         401     403p    404     404    404       403s        201
get_accreditation                  401     403p    404     200    404       403s        200
update_accreditation               401     403p    404     200    404       403s        200
revoke_accreditation               401     403p    404     200    404       403s        200
put_free_times                     401     403p    404     200    404       403s        200
restore_accreditation              401     403p    404     200    404       403s        200
check_in_accreditation             401     403p    404     403    404       403s        409

create_schedule_run                401     403p    403     403    403       403s        202
list_schedule_runs                 401     403p    403     403    403       403s        200
get_schedule_run                   401     403p    403     403    403       403s        200
list_planned_meetings              401     403p    403     403    403       403s        200
list_left_out                      401     403p    403     403    403       403s        200
apply_schedule_run                 401     403p    403     403    403       403s        200

list_operations                    401     403p    200     200    200       403s        200
get_operation                      401     403p    404     200    404       403s        404
list_operation_findings            401     403p    404     200    404       403s        404
cancel_operation                   401     403p    404     200    404       403s        404

create_webhook_endpoint            401     403p    201     201    201       403s        201
list_webhook_endpoints             401     403p    200     200    200       403s        200
get_webhook_endpoint               401     403p    404     200    404       403s        404
update_webhook_endpoint            401     403p    404     200    404       403s        404
delete_webhook_endpoint            401     403p    404     204    404       403s        404
show_webhook_secret                401     403p    404     200    404       403s        404
rotate_webhook_secret              401     403p    404     200    404       403s        404
disable_webhook_endpoint           401     403p    404     200    404       403s        404
enable_webhook_endpoint            401     403p    404     200    404       403s        404
ping_webhook_endpoint              401     403p    404     201    404       403s        404
replay_webhook_endpoint            401     403p    404     200    404       403s        404
list_webhook_deliveries            401     403p    404     200    404       403s        404
get_webhook_delivery               401     403p    404     200    404       403s        404
replay_webhook_delivery            401     403p    404     200    404       403s        404

list_holdings                      401     403p    403     200    403       403s        403
list_holdings:draft                401     403p    404     200    404       403s        404
create_holding                     401     403p    403     201    403       403s        403
create_holding:draft               401     403p    404     201    404       403s        404
get_holding                        401     403p    403     200    403       403s        403
update_holding                     401     403p    403     200    403       403s        403
delete_holding                     401     403p    403     204    403       403s        403
list_offerings                     401     403p    200     200    200       403s        200
list_offerings:draft               401     403p    404     200    404       403s        404
create_offering                    401     403p    403     201    403       403s        403
create_offering:draft              401     403p    404     409    404       403s        404
get_offering                       401     403p    200     200    200       403s        200
get_offering:named                 401     403p    200     200    404       403s        404
update_offering                    401     403p    403     200    403       403s        403
update_offering:named              401     403p    403     200    403       403s        403
delete_offering                    401     403p    403     204    403       403s        403
list_title_licences                401     403p    403     200    403       403s        403
list_title_licences:draft          401     403p    404     200    404       403s        404
create_licence                     401     403p    403     201    403       403s        403
create_licence:draft               401     403p    404     409    404       403s        404
list_licences                      401     403p    200     200    200       403s        200
get_licence                        401     403p    200     200    404       403s        404
get_licence:outside                401     403p    404     200    404       403s        404
update_licence                     401     403p    403     200    404       403s        404
update_licence:outside             401     403p    404     200    404       403s        404
terminate_licence                  401     403p    403     200    404       403s        404
get_availability                   401     403p    200     200    200       403s        200
get_availability:draft             401     403p    404     200    404       403s        404
get_availability_picture           401     403p    200     200    200       403s        200
get_availability_picture:draft     401     403p    404     200    404       403s        404

import_avails                      401     403p    403     202    202       403s        403
export_avails                      401     403p    403     200    200       403s        403
list_unsaid                        401     403p    403     200    200       403s        403

list_events                        401     403p    200     200    200       403s        200
list_audit_entries                 401     403p    200     200    200       403s        200
create_import_file                 401     403p    201     201    201       403s        201
create_import_upload               401     403p    201     201    201       403s        201
create_import                      401     403p    403     202    202       403s        403
create_import:companies            401     403p    403     403    403       403s        202
create_import:people               401     403p    202     202    202       403s        202
get_import_report                  401     403p    404     200    404       403s        404
get_import_report:export           401     403p    404     404    404       403s        404
create_export                      401     403p    202     202    202       403s        202
create_export:buyers               401     403p    403     202    202       403s        202
get_export_file                    401     403p    404     200    404       403s        404
get_title_by_reference             401     403p    403     200    404       403s        403
put_title_by_reference             401     403p    403     201    201       403s        403
put_organisation_by_reference      401     403p    403     403    403       403s        201
put_person_by_reference            401     403p    201     201    201       403s        201

get_territories                    200      200    200     200    200        200        200
get_media                          200      200    200     200    200        200        200
"""
CALLERS, *ROWS = [line.split() for line in TABLE.splitlines() if line]
NOBODYS = "404"
# Those that, as asked here, find what they want to be so already, and what is no fact yet
WITHOUT_A_FACT = {
    "publish_title": "published",
    "delete_administrator": "there is none",
    "open_market": "open",
    "restore_accreditation": "good",
    "enable_webhook_endpoint": "enabled",
    "update_offering": "of the same media",
    "send_heartbeats:token": "the viewing's ledger has them, a chain of its own",
    "create_import_file": "a file; what is imported of it are facts",
    "create_import_upload": "likewise",
    "revoke_token": "of a token that nobody has",
    "sign_part_urls": "gives addresses, and keeps nothing",
}
CODES = {"p": "organisation_pending", "s": "organisation_suspended"}


def operations_of(app: Any) -> dict[str, tuple[str, str]]:
    """Give the method and path of every operation of the served OpenAPI."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def scene(databases: Databases, s3_settings: S3Settings) -> AsyncIterator[Scene]:
    """Build the market and its sandbox once: no probe leaves a trace."""
    lifetime = timedelta(hours=1)  # longer than all the probes take
    of_live = {
        **sandboxes.OF_LIVE,
        "rate_limit_per_minute": 100_000,
        "access_token_lifetime": lifetime,
    }
    with databases.fresh() as url:
        async with (
            world_of(create_app(make_settings(url, s3_settings, **of_live))) as world,
            sandboxes.sandbox_of(databases, s3_settings) as sandbox,
        ):
            scene = await build_scene(world)
            there = await sandboxes.entered(scene.callers["seller"], sandbox)
            client = await api_clients.signed_in(there, *SCOPES)
            for name, caller in (("sandbox client", client), ("sandbox person", there)):
                scene.callers[name] = replace(caller, http=world.http)
            yield scene


async def test_every_operation_has_a_row_and_every_row_an_operation(scene: Scene) -> None:
    named = {name.partition(":")[0] for name, *_ in ROWS}
    operations = set(operations_of(scene.app))
    assert operations - named == set(), "operations without a row in the table"
    assert named - operations == set(), "rows without an operation"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
async def test_an_operation_answers_each_caller_as_the_table_says(
    scene: Scene, row: list[str]
) -> None:
    name, *expected = row
    answers = {caller: await probe(scene, name, caller) for caller in CALLERS}
    assert {caller: told(answer) for caller, answer in answers.items()} == dict(
        zip(CALLERS, expected, strict=True)
    )
    for caller, answer in answers.items():
        if (name, caller) == ("list_audit_entries", "organiser"):
            continue  # of all companies: who runs the market answers for what is done in it
        heard = {words for words in scene.readers if words in answer.text}
        allowed = {words for words, readers in scene.readers.items() if caller in readers}
        assert heard <= allowed, f"{caller} reads what is not theirs: {answer.text}"


@pytest.mark.parametrize("row", [row for row in ROWS if "404" in row], ids=lambda row: row[0])
async def test_what_is_invisible_looks_like_what_is_not_there(scene: Scene, row: list[str]) -> None:
    name, *expected = row
    for caller, status in zip(CALLERS, expected, strict=True):
        if status == "404" and "{" in operations_of(scene.app)[name.partition(":")[0]][1]:
            hidden = (await probe(scene, name, caller)).json()
            absent = (await probe(scene, name, caller, absent=True)).json()
            assert hidden | {"request_id": ""} == absent | {"request_id": ""}


@pytest.mark.parametrize(
    ("name", "caller", "words"),
    [
        ("get_screener:upload", "seller", OF_THE_SELLER),
        ("get_screener", "buyer", OF_THE_TWO),
        ("list_operation_findings", "seller", OF_THE_SELLER),
        ("get_title:part", "seller", OF_THE_SELLER),
        ("get_meeting_request", "organiser", OF_A_MEETING),
        ("get_buyer", "rival", OF_A_BUYER),
        ("list_holdings", "seller", OF_THE_SELLER),
        ("list_offerings", "buyer", OF_THE_TWO),
        ("list_licences", "seller", OF_THE_SELLER),
        ("list_people", "organiser", "@company.example"),
        ("list_webhook_endpoints", "seller", OF_THE_SELLER),
        ("get_market:draft", "organiser", OF_THE_ORGANISERS),
        ("list_blocks", "seller", OF_THE_SELLER),
        ("list_place_blocks", "organiser", OF_THE_ORGANISERS),
        ("get_notes", "seller", OF_THE_SELLER),
        ("list_ledger_entries", "seller", OF_THE_SELLER),
        ("get_viewing_report:administered", "rival", OF_THE_KEEPERS),
        ("get_viewing_report_table:administered", "rival", OF_THE_KEEPERS),
        ("list_screener_viewings:administered", "seller", OF_THE_KEEPERS),
    ],
)
async def test_what_others_must_not_read_is_there_to_be_read(
    scene: Scene, name: str, caller: str, words: str
) -> None:
    assert words in (await probe(scene, name, caller)).text


COMPANIES = ("seller", "buyer", "rival", "organiser")
# Where a client is answered otherwise than its company's admin, who met, watched or kept some time
# themselves: a client is somebody else.
OTHERWISE = {
    ("accept_meeting_request", "seller"): "422",
    ("delete_block", "seller"): "404",
    ("check_in", "seller"): "403",
    ("report_no_show", "buyer"): "403",
    ("list_ledger_entries", "buyer"): "404",
    # To invite people is people's own.
    **{("create_import:people", company): "403" for company in COMPANIES},
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
async def test_a_client_is_answered_as_its_company_and_no_better(
    scene: Scene, row: list[str]
) -> None:
    name, *expected = row
    of_people = dict(zip(CALLERS, expected, strict=True))
    way = way_of(scene, name)
    for company in COMPANIES:
        answer = await probe(scene, name, f"client of the {company}")
        if way == "people":
            assert (answer.status_code, answer.json()["code"]) == (403, "people_only"), company
        else:
            as_told = OTHERWISE.get((name, company), of_people[company])
            assert told(answer) == as_told, f"{company}: {answer.text}"
        heard = {words for words in scene.readers if words in answer.text}
        allowed = {words for words, readers in scene.readers.items() if company in readers}
        assert heard <= allowed, f"{company}'s client reads what is not theirs: {answer.text}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
async def test_a_client_without_the_scope_no_longer_good_or_of_the_sandbox_is_refused(
    scene: Scene, row: list[str]
) -> None:
    name, way = row[0], way_of(scene, row[0])
    if way == "anybody":
        return
    refused = {"revoked client": (401, "invalid_token")}
    refused["client elsewhere"] = (403, "network_not_allowed")
    refused["sandbox client"] = refused["sandbox person"] = (401, "sandbox_token")
    if way != "people":
        refused["client without"] = (403, "insufficient_scope")
        scene.callers["client without"] = without(scene, way)
    for caller, expected in refused.items():
        answer = await probe(scene, name, caller)
        assert (answer.status_code, answer.json()["code"]) == expected, caller
    if way != "people":
        assert f'scope="{way}"' in answer.headers["WWW-Authenticate"]


def way_of(scene: Scene, name: str) -> str:
    """Name the scope of a row's operation; `people` or `anybody` where it has none."""
    method, path = operations_of(scene.app)[name.partition(":")[0]]
    security = scene.app.openapi()["paths"][path][method.lower()].get("security", [])
    by_token = "token=" in asks_of(scene).get(name, Ask({})).query
    if by_token or {"OAuth2PasswordBearer": []} not in security:
        return "anybody"
    for needed in security:
        if (scopes := needed.get("OAuth2ClientCredentials")) is not None:
            return str(scopes[0])
    return "people"


def without(scene: Scene, scope: str) -> Caller:
    """Give the seller's client a token for every scope but one."""
    client = scene.callers["client of the seller"]
    signer = scene.app.state.signer
    claims = signer.read_access_token(client.token)
    rest = frozenset(SCOPES) - {scope}
    return replace(client, token=signer.client_token(claims.client_id, claims.secret_id, rest))


async def test_an_answer_kept_from_before_a_company_sold_tells_others_nothing(
    world: World, buyer: Caller
) -> None:
    company = await world.company()
    colleague = await world.person(company.organisation_id)
    await colleague.get("/titles")  # is remembered as one who sells nothing
    await company.put(f"/sellers/{company.organisation_id}", PROFILE)
    text = {"en": {"title": "A title"}}
    wanted = {"kind": "feature", "original_title": "A title", "year": 2026, "texts": text}
    made = await company.post("/titles", wanted | {"reference": OF_THE_SELLER})
    address = f"/titles/{made.json()['id']}"
    for published in (False, True):
        if published:
            await company.post(f"{address}/publish")
        await anyio.sleep(1)  # until answers are kept again
        await colleague.get(address)
        assert OF_THE_SELLER not in (await buyer.get(address)).text


async def probe(scene: Scene, name: str, caller: str, *, absent: bool = False) -> httpx2.Response:
    """Send a row's request as one of the callers; `absent`, about what does not exist."""
    operation = name.partition(":")[0]
    method, path = operations_of(scene.app)[operation]
    ask = asks_of(scene).get(name, Ask({}))
    stands_for = default_ids(operation) | ask.path
    ids = scene.ids | {"own": scene.callers[caller].organisation_id or scene.ids["seller"]}
    address = re.sub(
        r"\{(\w+?(_id)?)\}",
        lambda found: NOBODYS if absent and found[2] else ids[stands_for[found[1]]],
        path,
    )
    async with undone(scene.app):
        before = await facts_of(scene)
        answer = await scene.callers[caller].request(
            method,
            address + ask.query,
            json=ask.json,
            data=ask.form,
            content=ask.content,
            headers=ask.headers,
        )
        if answer.is_success and method != "GET" and name not in WITHOUT_A_FACT:
            told_of = await facts_of(scene)
            assert told_of > before, f"{name} of {caller} changes something and tells nobody"
        return answer


async def facts_of(scene: Scene) -> int:
    """Count the facts of the journal."""
    async with scene.app.state.database.session() as session:
        return int(await session.scalar(text("SELECT count(*) FROM events")))


def told(answer: httpx2.Response) -> str:
    """Write an answer as the table does."""
    code = answer.json()["code"] if answer.status_code >= 400 else ""
    mark = next((mark for mark, long in CODES.items() if long == code), "")
    return f"{answer.status_code}{mark}"
