"""The arithmetic of reports, held to counting every millisecond."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.screeners.reports.answers import csv_of, report_out
from app.screeners.reports.drawing import FLOOR, LEFT, RIGHT, TOP, svg_of
from app.screeners.reports.rules import (
    COMPLETE,
    MOST_POINTS,
    Interval,
    Sitting,
    Viewer,
    coarse_address,
    curve_of,
    length_of,
    lines_of,
    point_count,
    report_of,
    shown,
    united,
)
from app.screeners.reports.words import clock, sentences_of, summary_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
LEILA = Viewer(1, None, "Leila Hatami", 5, "Tehran TV", "IR")
JURY = Viewer(None, 9, "Jury")
FILM = 60

intervals = st.lists(
    st.tuples(st.integers(0, FILM - 1), st.integers(1, FILM)).map(
        lambda pair: (pair[0], min(FILM, pair[0] + pair[1]))
    ),
    max_size=12,
)


def sitting(
    seen: list[Interval],
    viewer: Viewer = LEILA,
    duration: int = FILM,
    rewinds: tuple[int, ...] = (),
    countries: tuple[str, ...] = (),
) -> Sitting:
    return Sitting(
        viewer,
        NOON,
        NOON + timedelta(hours=1),
        duration,
        united(seen),
        watched=sum(high - low for low, high in seen),
        rewinds=rewinds,
        countries=countries,
    )


def covered(seen: list[Interval]) -> set[int]:
    return {place for low, high in seen for place in range(low, high)}


@given(intervals)
def test_a_union_has_every_place_once(seen: list[Interval]) -> None:
    found = united(seen)
    assert covered(list(found)) == covered(seen)
    assert length_of(found) == len(covered(seen))
    assert all(one[1] < two[0] for one, two in pairwise(found))


@given(st.lists(intervals, min_size=1, max_size=6), st.integers(1, 25))
def test_the_curve_is_what_counting_every_place_gives(
    watched: list[list[Interval]], points: int
) -> None:
    found = curve_of([sitting(seen) for seen in watched], points)
    assert len(found) == points
    places = [covered(seen) for seen in watched]
    # Each place of the film is cut into as many parts as there are points: all stretches are whole.
    for at, point in enumerate(found):
        parts = range(at * FILM, (at + 1) * FILM)
        expected = sum(part // points in seen for seen in places for part in parts)
        assert point.seen == pytest.approx(expected / FILM / len(watched), abs=1e-9)
        assert point.begins == at / points


@given(st.lists(st.lists(st.integers(0, FILM), max_size=9), max_size=5), st.integers(1, 25))
def test_every_rewind_is_counted_where_it_went(places: list[list[int]], points: int) -> None:
    found = curve_of([sitting([], rewinds=tuple(each)) for each in places], points)
    assert sum(point.rewinds for point in found) == sum(map(len, places))
    for at, point in enumerate(found):
        there = [
            place
            for each in places
            for place in each
            if at / points <= place / FILM < (at + 1) / points
            or (place == FILM and at == points - 1)
        ]
        assert point.rewinds == len(there)


def test_a_curve_has_few_points_and_none_shorter_than_a_second() -> None:
    assert point_count([]) == 1
    assert point_count([10]) == 1
    assert point_count([90_000, 60_000]) == 60
    assert point_count([7_200_000]) == MOST_POINTS


@given(st.lists(intervals, min_size=1, max_size=6))
def test_a_viewer_has_seen_what_they_saw_in_any_viewing(watched: list[list[Interval]]) -> None:
    (line,) = lines_of(sitting(seen) for seen in watched)
    everything = [interval for seen in watched for interval in seen]
    assert line.share == len(covered(everything)) / FILM
    assert line.viewings == len(watched)
    assert line.watched == sum(high - low for low, high in everything)
    assert line.furthest == max((high for _, high in everything), default=0) / FILM
    assert line.completions == sum(len(covered(seen)) / FILM >= COMPLETE for seen in watched)


def test_viewers_are_people_and_links_each_by_itself() -> None:
    other_link = Viewer(None, 10, "Jury")
    later = Sitting(LEILA, NOON, NOON + timedelta(days=2), FILM, countries=("IR", "KZ"))
    found = lines_of(
        [
            sitting([(0, 60)], countries=("IR",)),
            sitting([], JURY),
            sitting([], other_link),
            later,
        ]
    )
    assert [(line.viewer, line.viewings) for line in found] == [
        (LEILA, 2),
        (JURY, 1),
        (other_link, 1),
    ]
    assert found[0].countries == ("IR", "KZ")
    assert (found[0].first_at, found[0].last_at) == (NOON, NOON + timedelta(days=2))


def test_cuts_of_other_lengths_are_not_put_together() -> None:
    (line,) = lines_of([sitting([(0, 30)]), sitting([(60, 120)], duration=120)])
    assert line.share == 0.5
    assert report_of(1, "A film", [sitting([]), sitting([], duration=61)]).duration is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_of_an_address_sellers_learn_the_network(address: str, network: str) -> None:
    assert coarse_address(address) == network
    data = {"address": address, "country": None, "user_agent": "x"}
    assert shown(data) == {"address": network, "country": None}
    assert shown({"detail": "y"}) == {"detail": "y"}


# Shown ------------------------------------------------------------------------------------------

HOUR = 3_600_000
AUDIENCE = [
    sitting([(0, HOUR)], duration=HOUR, rewinds=(1_800_000, 1_800_500)),
    sitting([(0, HOUR // 2)], JURY, HOUR, countries=("KZ",)),
]


def test_a_report_adds_up() -> None:
    found = report_out(report_of(7, "A film", AUDIENCE))
    assert (found.viewings, found.viewer_count, found.completions) == (2, 2, 1)
    assert (found.duration_seconds, found.watched_seconds) == (3600, 5400)
    assert found.mean_seen_share == 0.75
    assert [point.seen for point in found.curve] == [1] * 100 + [0.5] * 100
    assert [(at, point.rewinds) for at, point in enumerate(found.curve) if point.rewinds] == [
        (100, 2)
    ]


def test_a_report_of_nothing_is_one() -> None:
    nothing = report_of(7, "A film", [])
    found = report_out(nothing)
    assert (found.viewings, found.mean_seen_share, found.viewers) == (0, 0, [])
    assert [point.seen for point in found.curve] == [0]
    assert list(sentences_of(nothing)) == ["Nobody has watched it."]
    assert len(csv_of(nothing).splitlines()) == 1
    assert fromstring(svg_of(nothing, NOON)).tag == f"{SVG}svg"  # noqa: S314  # our own


def test_words_say_what_the_curve_shows() -> None:
    report = report_of(7, "A film", AUDIENCE)
    assert summary_of(report) == (
        "2 viewers, 2 viewings, 1.5 hours watched; on average 75 % of the film seen; 1 saw nine "
        "tenths of it."
    )
    assert list(sentences_of(report)) == [
        "At 0:00:00: 100 % of viewings.",
        "At 0:06:00: 100 % of viewings.",
        "At 0:15:00: 100 % of viewings.",
        "At 0:30:00: 50 % of viewings.",
        "At 0:45:00: 50 % of viewings.",
        "At 0:54:00: 50 % of viewings.",
        "Gone back to 0:30:00: 2 times.",
    ]
    mixed = report_of(7, "A film", [*AUDIENCE, sitting([], duration=2 * HOUR)])
    assert "At 25 %: 67 % of viewings." in list(sentences_of(mixed))
    assert clock(3_599_999) == "1:00:00"


def test_a_picture_says_in_shapes_and_words_what_the_report_says() -> None:
    report = report_of(7, "Сталкер \x00 & <b>", AUDIENCE)
    drawing = fromstring(svg_of(report, NOON))  # noqa: S314  # our own
    assert drawing.attrib["role"] == "img"
    assert drawing.findtext(f"{SVG}title") == "Who watched: Сталкер   & <b>"
    assert "At 0:30:00: 50 % of viewings." in (drawing.findtext(f"{SVG}desc") or "")
    edge = drawing.findall(f"{SVG}g[@class='curve']/{SVG}path")[1].attrib["d"]
    points = [tuple(map(float, part.split())) for part in edge[1:].split("L")]
    assert points[0] == (LEFT, TOP)
    assert points[-1] == (RIGHT, (TOP + FLOOR) / 2)
    (bar,) = drawing.findall(f"{SVG}g[@class='rewinds']/{SVG}rect")
    assert bar.attrib["data-rewinds"] == "2"
    assert float(bar.attrib["x"]) == pytest.approx((LEFT + RIGHT) / 2, abs=0.01)
    assert "gone back to 2 times" in (bar.findtext(f"{SVG}title") or "")
    assert len(drawing.findall(f".//{SVG}script")) == 0


def test_films_of_several_lengths_are_drawn_by_shares() -> None:
    report = report_of(7, "A film", [*AUDIENCE, sitting([(0, 60)])])
    texts = [each.text for each in fromstring(svg_of(report, NOON)).iter(f"{SVG}text")]  # noqa: S314
    assert "Share of the film" in texts
    assert texts.count("50 %") == 3


def test_a_table_has_names_in_any_script_and_no_formulas() -> None:
    viewers = [
        Viewer(1, None, "李明", 5, "=HYPERLINK(1)", "CN"),
        Viewer(2, None, "ليلى حاتمي", 6, "@sum", "IR"),
    ]
    report = report_of(7, "A film", [sitting([], viewer) for viewer in viewers])
    text = csv_of(report).decode("utf-8-sig")
    assert "李明,no,'=HYPERLINK(1),CN," in text
    assert "ليلى حاتمي,no,'@sum,IR," in text
    assert csv_of(report).startswith(b"\xef\xbb\xbf")
