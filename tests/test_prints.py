"""Agendas to print: in every script of the market, on the right clock."""

import re
from typing import Any
from xml.etree.ElementTree import fromstring

import pypdfium2
import pytest
import uharfbuzz
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fonts import MAIN, UNKNOWN, cut, writable
from app.meetings.day.grid_drawing import svg_of
from app.meetings.day.printing import pdf_of
from app.meetings.day.sheets import Line, Sheet, SheetDay
from tests import markets
from tests.day import meeting_in
from tests.fairs import Fair, fair
from tests.manners import refused
from tests.meetings import execute, make_title
from tests.world import Caller, World

SVG = "{http://www.w3.org/2000/svg}"
Json = dict[str, Any]


@pytest.fixture
async def tehran(world: World) -> Fair:
    return await fair(world)


def pages(content: bytes) -> list[str]:
    """Read what is printed on each page."""
    document = pypdfium2.PdfDocument(content)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return texts


async def printed(caller: Caller, path: str) -> str:
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    return "\n".join(pages(answer.content))


# Whose it is ----------------------------------------------------------------------------------


async def test_people_print_their_own_agenda_on_their_own_clock(
    world: World, seller: Caller, buyer: Caller
) -> None:
    reader = await world.person(buyer.organisation_id, time_zone="Asia/Kathmandu")
    title = await make_title(world, seller, "Сталкер", texts={"zh": "潜行者"})
    meeting = await meeting_in(world, reader, seller, 60)
    await execute(
        world, "UPDATE meeting_requests SET title_ids = ARRAY[CAST(:id AS bigint)]", id=int(title)
    )
    await execute(
        world,
        "INSERT INTO agenda_entries (kind, holder_id, person_id, label, during) "
        "VALUES ('block', :id, :id, 'The dentist', tstzrange(now() + '5 h', now() + '6 h'))",
        id=int(reader.person_id),
    )
    shown = (await reader.get(f"/meetings/{meeting}")).json()
    text = await printed(reader, "/agenda.pdf")
    for attendee in shown["attendees"]:
        if attendee["person"]["id"] == seller.person_id:
            assert f"{attendee['person']['name']}, {attendee['organisation']['name']}" in text
    assert shown["local"]["starts_at"][11:16] in text
    assert "times of Asia/Kathmandu" in text
    assert "The dentist" in text
    assert "Сталкер" in text
    answer = await reader.get("/agenda.pdf", headers={"Accept-Language": "zh"})
    assert "潜行者" in pages(answer.content)[0]
    assert "Nothing is held." in await printed(await world.buyer(), "/agenda.pdf")


async def test_organisers_print_for_people_and_places_on_the_markets_clock(tehran: Fair) -> None:
    slot = (await tehran.slots())[2]
    request = await tehran.met(slot, topics=["co-production"])
    await execute(
        tehran.world,
        "INSERT INTO agenda_entries (kind, holder_id, person_id, label, during) VALUES ('block', "
        ":id, :id, 'The dentist', tstzrange('2027-06-15T05:30Z', '2027-06-15T06:30Z'))",
        id=int(tehran.seller.person_id),
    )
    time = f"{slot['local']['starts_at'][11:16]}–{slot['local']['ends_at'][11:16]}"
    buyers = request["from_organisation"]["name"]
    sellers = request["to_organisation"]["name"]
    person = f"/markets/{tehran.id}/people/{tehran.seller.person_id}/agenda.pdf"
    text = await printed(tehran.organiser, person)
    for words in (time, buyers, "Hall 1, T0", "co-production", "Monday, 14 June 2027", "Taken"):
        assert words in text
    assert "The dentist" not in text
    own = await printed(tehran.seller, f"/agenda.pdf?market_id={tehran.id}")
    assert "The dentist" in own
    assert "times of Asia/Tehran" in own
    table = f"/places/{tehran.tables[0]['id']}/agenda.pdf"
    text = await printed(tehran.organiser, table)
    for words in ("Hall 1, T0", time, buyers, sellers):
        assert words in text
    other = await printed(tehran.organiser, f"{table}?day={markets.DAYS[1]}")
    assert "Nothing is held." in other


async def test_what_is_printed_is_of_the_market(tehran: Fair) -> None:
    people = f"/markets/{tehran.id}/people"
    stranger = await tehran.world.seller()
    address = f"{people}/{stranger.person_id}/agenda.pdf"
    refused(await tehran.organiser.get(address), 404, "not_found")
    refused(await tehran.organiser.get(f"{people}/1/agenda.pdf"), 404, "not_found")
    for path in (
        f"{people}/{tehran.seller.person_id}/agenda.pdf",
        f"/places/{tehran.tables[0]['id']}/agenda.pdf",
    ):
        refused(await tehran.organiser.get(f"{path}?day=2027-06-18"), 422, "invalid")
        refused(await tehran.seller.get(path), 403, "forbidden")
    refused(await tehran.seller.get("/agenda.pdf?market_id=404"), 404, "not_found")


# Scripts --------------------------------------------------------------------------------------


def sheet(*texts: str, days: int = 1) -> Sheet:
    lines = tuple(Line("09:00–09:30", text, (text,)) for text in texts)
    return Sheet(
        texts[0], "Market", tuple(SheetDay(f"Day {day}", lines) for day in range(days)), "Printed"
    )


def glyphs(text: str) -> list[int]:
    """Shape a text in the font that is cut for it."""
    fonts = cut(text)
    content = next((font for name, font in fonts.items() if name != MAIN), fonts[MAIN])
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob(content))), buffer)
    return [info.codepoint for info in buffer.glyph_infos]


@pytest.mark.parametrize(
    ("text", "fonts"),
    [
        ("Stalker", 1),
        ("Сталкер Қазақстан Ўзбекистон Беларусь", 1),
        ("潜行者", 2),
        ("جدایی", 2),
        ("مستند", 2),
        ("मदर इंडिया", 1),
    ],
)
def test_every_script_of_the_market_has_its_font(text: str, fonts: int) -> None:
    found = cut(text)
    assert len(found) == fonts
    assert writable(text) == text
    assert all(len(content) < 100_000 for content in found.values())


def test_arabic_letters_join_and_devanagari_ones_melt() -> None:
    assert 0 not in glyphs("پدر")
    assert len(set(glyphs("ممم"))) == 3  # at the end, in the middle, at the beginning
    assert not set(glyphs("ممم")) & set(glyphs("م"))
    assert len(glyphs("क्ष")) < len("क्ष")


def test_a_letter_that_no_font_has_is_shown_to_be_missing() -> None:
    assert writable("a\U0001f600b") == f"a{UNKNOWN}b"
    (page,) = pages(pdf_of(sheet("a\U0001f600b")))
    assert "a\U0001f600b" not in page


def test_a_long_agenda_goes_on_overleaf() -> None:
    found = pages(pdf_of(sheet(*["Somebody, 中国电影集团公司" * 5] * 20, days=2)))
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert f"Printed {number}" in re.sub(r"\s+", " ", page)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_written_can_be_printed(text: str) -> None:
    assert pdf_of(sheet(text, "x" * 10_000)).startswith(b"%PDF-")


# The grid -------------------------------------------------------------------------------------


async def test_the_grid_is_drawn_with_words_for_all_it_shows(tehran: Fair) -> None:
    slots = await tehran.slots()
    request = await tehran.met(slots[2])
    address = f"/markets/{tehran.id}/grid.svg?day={markets.DAYS[0]}"
    answer = await tehran.organiser.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert (await tehran.organiser.get(address, headers=tag)).status_code == 304
    drawing = fromstring(answer.content)  # noqa: S314  # our own
    assert "2 places by 16 slots" in (drawing.findtext(f"{SVG}desc") or "")
    (held,) = [group for group in drawing.iter(f"{SVG}g") if group.get("data-meeting")]
    assert held.get("data-meeting") == request["meeting"]["id"]
    companies = [request[side]["name"] for side in ("from_organisation", "to_organisation")]
    start = slots[2]["local"]["starts_at"][11:16]
    assert (held.findtext(f"{SVG}title") or "").startswith(f"{start}–")
    assert " · ".join(companies) in (held.findtext(f"{SVG}title") or "")
    rows = [group for group in drawing.iter(f"{SVG}g") if group.get("data-place")]
    assert [row.get("data-place") for row in rows] == [table["id"] for table in tehran.tables]
    assert rows[1].findtext(f"{SVG}title") == "T1, Hall 1: nothing is held."


@given(st.text())
def test_no_name_makes_another_element(name: str) -> None:
    hostile = f"</text><script>alert(1)</script>{name}]]>\x00\x1f"
    period = {"starts_at": "2027-06-14T05:30:00Z", "ends_at": "2027-06-14T06:00:00Z"}
    held = [{**period, "kind": "block", "slots": [0], "label": hostile, "meeting": None}]
    place = {"id": "1", "name": hostile, "hall": None, "closed": True, "held": held}
    grid = {
        "day": "2027-06-14",
        "time_zone": "Asia/Tehran",
        "slots": [{"index": 0, **period}],
        "places": [place],
    }
    drawing = fromstring(svg_of(grid, hostile))  # noqa: S314  # our own
    assert {element.tag.removeprefix(SVG) for element in drawing.iter()} == {
        *("svg", "title", "desc", "rect", "text", "g", "line"),
    }
