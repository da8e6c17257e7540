"""The picture of an availability: it says what the answer says, in shapes and in words."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from app.models.vocabulary import Exclusivity
from app.rights.picture import MAX_ROWS, MAX_STEPS, Kind, Picture, picture_of
from app.rights.picture_axis import marks_of
from app.rights.picture_drawing import BOTTOM, LEFT, RIGHT, Named, svg_of
from app.rights.picture_patterns import LOOKS
from app.rights.picture_words import WORDS, sentences_of
from app.rights.rules.availability import Availability, Question, Reason, availability
from app.rights.rules.boxes import Box, Term
from app.rights.rules.ledgers import Holdback, Ledgers, Offer, Taken
from app.trees import LANGUAGES, MEDIA, TERRITORIES
from app.trees.multiranges import covers
from app.trees.names import names_in

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 11, 21)
NAMED = Named("Mirror", "en", names_in("en"), "en")
KIND_OF = {
    Reason.NO_RIGHTS_IN: Kind.NOT_HELD,
    Reason.RIGHTS_OUT: Kind.SOLD,
    Reason.NOT_OFFERED: Kind.NOT_OFFERED,
    Reason.EXCLUSIVITY_NOT_OFFERED: Kind.OTHER_TERMS,
    Reason.HOLDBACK: Kind.HELD_BACK,
    Reason.TERM_TOO_SHORT: Kind.OTHER_TERMS,
}


def box(
    territories: str,
    media: str,
    first: str = "2027-01-01",
    until: str | None = "2028-12-31",
    languages: str = "ALL",
) -> Box:
    last = date.fromisoformat(until) if until else None
    return Box(
        TERRITORIES.parse(territories.split()),
        MEDIA.parse(media.split()),
        LANGUAGES.parse(languages.split()),
        Term.inclusive(date.fromisoformat(first), last),
    )


EVERYTHING = box("WORLD", "ALL", "2026-01-01", None)
# Something of every kind
LEDGERS = Ledgers(
    holdings=[box("ASIA RU BY", "ALL", "2026-01-01", None)],
    offers=[
        Offer(box("SCO", "SVOD AVOD", "2026-06-01", "2030-12-31")),
        Offer(box("SCO -CN", "PAY_TV", "2026-06-01", "2030-12-31"), Exclusivity.EXCLUSIVE),
    ],
    holdbacks=[
        Holdback(box("RU BY", "SVOD", "2027-01-01", "2027-09-30")),
        Holdback(box("UZ", "SVOD", "2028-01-01", "2028-06-30"), is_hard=False),
    ],
    taken=[
        Taken(box("KZ", "SVOD", "2027-01-01", "2028-12-31")),
        Taken(box("IN PK", "SVOD", "2027-03-01", "2028-05-31", "hi")),
    ],
)


def drawn(question: Question, ledgers: Ledgers) -> tuple[Availability, Picture, Element]:
    found = availability(question, ledgers)
    picture = picture_of(question, found)
    return found, picture, fromstring(svg_of(picture, NAMED, TODAY))  # noqa: S314  # our own


def rows_of(drawing: Element) -> list[tuple[list[str], list[str], Element]]:
    """Give the media, the territories and the shapes of every row."""
    (panels,) = drawing.findall(f"{SVG}g[@class='panels']")
    return [
        (panel.attrib["data-media"].split(), row.attrib["data-territories"].split(), row)
        for panel in panels
        for row in panel.findall(f"{SVG}g")
    ]


def kinds_told(found: Availability, territory: str, medium: str, day: int) -> set[Kind]:
    """Say what the answer says of a combination on a day, over the languages asked about."""
    place, how = TERRITORIES.parse([territory]), MEDIA.parse([medium])
    told = [(Kind.FREE, found.free), (Kind.FREE_BUT, found.held_back)]
    told += [(KIND_OF[reason], boxes) for reason, boxes in found.unavailable]
    return {
        kind
        for kind, boxes in told
        for part in boxes
        if part.term.low <= day < part.term.high
        and covers(part.territories, place)
        and covers(part.media, how)
    }


def joined(kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    free = {Kind.FREE, Kind.FREE_BUT}
    if kinds <= free:
        return Kind.FREE_BUT
    return Kind.PARTLY if kinds & free else Kind.UNFREE


def check(found: Availability, drawing: Element, asked: Box, days: list[int]) -> None:
    """Hold every shape against the answer, on some days."""
    first = date.fromisoformat(drawing.attrib["data-from"]).toordinal()
    end = date.fromisoformat(drawing.attrib["data-until"]).toordinal() + 1
    seen: set[tuple[str, str]] = set()
    for media, territories, row in rows_of(drawing):
        places = TERRITORIES.leaves_in(TERRITORIES.parse(territories))
        leaves = MEDIA.leaves_in(MEDIA.parse(media))
        assert not seen & set(product(places, leaves))
        seen |= set(product(places, leaves))
        kind_on: dict[int, str] = {}
        for bar in row.findall(f"{SVG}rect"):
            low = date.fromisoformat(bar.attrib["data-from"]).toordinal()
            high = date.fromisoformat(bar.attrib["data-until"]).toordinal() + 1
            assert not kind_on.keys() & set(range(low, high))
            kind_on |= dict.fromkeys(range(low, high), bar.attrib["data-kind"])
            scale = (RIGHT - LEFT) / (end - first)
            assert float(bar.attrib["x"]) == pytest.approx(LEFT + scale * (low - first), abs=0.01)
            assert float(bar.attrib["width"]) == pytest.approx(scale * (high - low), abs=0.011)
            assert bar.attrib["fill"] == f"url(#{bar.attrib['data-kind']})"
        assert kind_on.keys() == set(range(first, end))
        is_rest = "together" in (row.findtext(f"{SVG}text") or "")
        for day in days:
            each = [kinds_told(found, *cell, day) for cell in product(places, leaves)]
            if is_rest:
                assert kind_on[day] == joined(set().union(*each))
            else:
                assert {joined(kinds) for kinds in each} == {kind_on[day]}
    assert seen == set(
        product(TERRITORIES.leaves_in(asked.territories), MEDIA.leaves_in(asked.media))
    )


def days_of(found: Availability, asked: Box) -> list[int]:
    """Give the days on which something changes, and the days before them."""
    boxes = [*found.free, *found.held_back, *(one for _, some in found.unavailable for one in some)]
    edges = {day for one in boxes for day in (one.term.low, one.term.high)}
    near = edges | {day - 1 for day in edges}
    return sorted(day for day in near if asked.term.low <= day < asked.term.high)


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_drawing_says_what_the_answer_says(*, exclusive: bool) -> None:
    asked = box("SCO FR", "SVOD AVOD PAY_TV", "2026-12-01", "2029-12-31")
    found, picture, drawing = drawn(Question(asked, exclusive), LEDGERS)
    check(found, drawing, asked, days_of(found, asked))
    if not exclusive:
        assert set(picture.kinds) == set(Kind) - {Kind.UNFREE}


def random_ledgers(random: Random, amount: int) -> Ledgers:
    territories = [*TERRITORIES.leaves, *list(TERRITORIES.groups)[1:]]
    media = [*MEDIA.leaves, *MEDIA.groups]

    def one() -> Box:
        start = date(2026, 1, 1) + timedelta(days=random.randrange(2000))
        end = start + timedelta(days=random.choice([30, 365, 730]))
        codes = " ".join(random.sample(territories, random.choice([1, 1, 1, 3])))
        languages = random.choice(["ALL", "ALL", "ALL", "ru", "zh", "-en"])
        return replace(box(codes, random.choice(media), languages=languages), term=Term(start, end))

    return Ledgers(
        holdings=[EVERYTHING],
        offers=[
            Offer(
                replace(one(), term=Term(date(2026, 1, 1), date(2033, 1, 1))),
                random.choice(list(Exclusivity)),
                random.choice([1, 30, 900]),
            )
            for _ in range(amount // 10)
        ],
        holdbacks=[Holdback(one(), random.random() < 0.5) for _ in range(amount // 20)],
        taken=[Taken(one(), random.random() < 0.6) for _ in range(amount)],
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_drawings_say_what_the_answer_says(seed: int) -> None:
    random = Random(seed)
    ledgers = random_ledgers(random, 60)
    codes = random.choice(["SCO", "EU", "CENTRAL_ASIA", "GREATER_CHINA JP"])
    asked = box(codes, random.choice(["SVOD", "TV AVOD", "ALL"]), "2026-12-01", "2029-06-30")
    question = Question(asked, random.random() < 0.5)
    found, _, drawing = drawn(question, ledgers)
    check(found, drawing, asked, random.sample(days := days_of(found, asked), min(len(days), 12)))


def test_three_hundred_rows_asked_about_everything_stay_on_a_page() -> None:
    question = Question(box("WORLD", "ALL", "2026-11-21", None))
    _, picture, drawing = drawn(question, random_ledgers(Random(1), 300))
    rows = rows_of(drawing)
    assert len(picture.panels) <= len(MEDIA.leaves)
    assert len(rows) <= MAX_ROWS
    assert any(row.is_rest for panel in picture.panels for row in panel.rows)
    for _, _, row in rows:
        for bar in row.findall(f"{SVG}rect"):
            assert float(bar.attrib["y"]) + float(bar.attrib["height"]) <= BOTTOM + 0.01
    assert len(svg_of(picture, NAMED, TODAY)) < 500_000


def test_what_has_no_room_is_joined_in_the_last_row() -> None:
    asked = box("WORLD", "SVOD", "2026-12-01", "2029-06-30")
    ledgers = replace(random_ledgers(Random(2), 2000), offers=[Offer(EVERYTHING)])
    found, picture, drawing = drawn(Question(asked), ledgers)
    assert [row.is_rest for row in picture.panels[0].rows] == [False] * (MAX_ROWS - 1) + [True]
    check(found, drawing, asked, days_of(found, asked)[::60])


def test_more_changes_than_a_page_can_show_are_drawn_in_steps() -> None:
    first = date(2027, 1, 1)
    sold = [
        Taken(replace(EVERYTHING, term=Term.of_days(day, day + 1)))
        for day in range(first.toordinal(), first.toordinal() + 1000, 2)
    ]
    asked = box("KZ", "SVOD", "2027-01-01", "2030-12-31")
    ledgers = Ledgers(holdings=[EVERYTHING], offers=[Offer(EVERYTHING)], taken=sold)
    _, picture, drawing = drawn(Question(asked), ledgers)
    ((_, _, row),) = rows_of(drawing)
    assert picture.step > 1
    assert len(row.findall(f"{SVG}rect")) <= MAX_STEPS
    assert [run.kind for run in picture.panels[0].rows[0].runs] == [Kind.PARTLY, Kind.FREE]
    assert f"steps of {picture.step} days" in (drawing.findtext(f"{SVG}desc") or "")


def test_every_row_is_said_in_words() -> None:
    asked = box("KZ RU", "SVOD", "2027-01-01", "2029-12-31")
    _, picture, drawing = drawn(Question(asked), LEDGERS)
    said = list(sentences_of(picture, names_in("en")))
    assert said == [
        "Kazakhstan, SVOD: sold 2027-01-01 to 2028-12-31; free 2029-01-01 to 2029-12-31.",
        "Russia, SVOD: held back 2027-01-01 to 2027-09-30; free 2027-10-01 to 2029-12-31.",
    ]
    description = drawing.findtext(f"{SVG}desc") or ""
    assert all(sentence in description for sentence in said)
    assert [row.findtext(f"{SVG}title") for _, _, row in rows_of(drawing)] == said
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-labelledby"] == "title desc"


def test_what_goes_on_for_ever_is_said_so() -> None:
    asked = box("KZ", "SVOD", "2027-01-01", None)
    _, picture, _ = drawn(Question(asked), LEDGERS)
    (said,) = sentences_of(picture, names_in("ru"))
    assert said.startswith("Казахстан, SVOD: sold 2027-01-01 to 2028-12-31; free 2029-01-01 to ")
    assert said.endswith("; not offered from 2031-01-01 on.")
    late = Offer(box("KZ", "SVOD", "2100-01-01", "2100-12-31"))
    _, picture, drawing = drawn(Question(asked), replace(LEDGERS, offers=[late]))
    assert not picture.goes_on
    assert "What comes after 2056-12-31 is not drawn." in (drawing.findtext(f"{SVG}desc") or "")


def test_media_and_territories_that_look_alike_are_shown_once() -> None:
    _, picture, _ = drawn(Question(box("WORLD", "ALL", "2027-01-01", "2028-12-31")), LEDGERS)
    panels = [(MEDIA.write(panel.media), len(panel.rows)) for panel in picture.panels]
    assert (["ALL", "-SVOD", "-AVOD", "-PAY_TV"], 2) in panels
    assert sum(rows for _, rows in panels) < 20
    for panel in picture.panels:
        looks = [row.runs for row in panel.rows]
        assert len(looks) == len(set(looks))


def test_kinds_are_told_apart_without_colour() -> None:
    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert LOOKS.keys() == set(Kind) == WORDS.keys()
    looks = list(LOOKS.values())
    for at, one in enumerate(looks):
        for other in looks[:at]:
            lighter = abs(lightness(one.ground) - lightness(other.ground))
            assert one.lines != other.lines or lighter > 0.15
    assert lightness(LOOKS[Kind.FREE].ground) - lightness(LOOKS[Kind.SOLD].ground) > 0.4


@pytest.mark.parametrize(
    ("first", "until", "labels"),
    [
        ("2027-01-01", "2027-12-31", ["2027", "Q2", "Q3", "Q4"]),
        ("2027-02-01", "2028-01-31", ["Q2", "Q3", "Q4", "2028"]),
        ("2027-01-01", "2036-12-31", [str(year) for year in range(2027, 2037)]),
        ("2026-11-21", "2100-12-31", [str(year) for year in range(2030, 2101, 5)]),
        ("2027-02-02", "2027-02-02", []),
        ("1870-01-01", "2300-12-31", [str(year) for year in range(1880, 2301, 20)]),
    ],
)
def test_the_axis_has_quarters_and_years_as_they_fit(
    first: str, until: str, labels: list[str]
) -> None:
    marks = marks_of(box("KZ", "SVOD", first, until).term)
    assert [mark.label for mark in marks] == labels


def test_what_a_title_is_called_can_do_nothing() -> None:
    evil = '"><script>alert(1)</script>&\x00\x08\ud800\uffff]]>'
    question = Question(box("KZ", "SVOD"))
    picture = picture_of(question, availability(question, LEDGERS))
    svg = svg_of(picture, NAMED._replace(title=evil), TODAY)
    drawing = fromstring(svg)  # noqa: S314  # our own
    assert {element.tag.removeprefix(SVG) for element in drawing.iter()} <= {
        *("svg", "title", "desc", "defs", "pattern", "rect", "path", "g", "line", "text"),
    }
    assert "<script>alert(1)</script>&" in (drawing.findtext(f"{SVG}title") or "")
    references = re.findall(r'(?:href|url)[=(]["\']?([^"\')]*)', svg.decode())
    assert all(reference.startswith("#") for reference in references)
    assert not any(name.startswith("on") for one in drawing.iter() for name in one.attrib)


def test_long_names_end_before_the_bars() -> None:
    question = Question(box("KZ", "SVOD"))
    picture = picture_of(question, availability(question, LEDGERS))
    for letter in ("W", "镜"):
        drawing = fromstring(svg_of(picture, NAMED._replace(title=letter * 500), TODAY))  # noqa: S314
        heading = drawing.findtext(f"{SVG}text") or ""
        assert heading.endswith("…")
        assert len(heading) < 110
        assert letter * 500 in (drawing.findtext(f"{SVG}title") or "")


def test_a_picture_is_the_same_twice() -> None:
    def once() -> Any:
        question = Question(box("SCO", "ALL"))
        return svg_of(picture_of(question, availability(question, LEDGERS)), NAMED, TODAY)

    assert once() == once()
