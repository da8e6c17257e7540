"""Territories and media: their numbers, which databases keep, and who belongs to a group when."""

import hashlib
import json
from datetime import date

import pycountry
import pytest

from app.trees import LICENSE_TYPES, MEDIA, TERRITORIES
from app.trees.groups import GroupTree
from app.trees.languages import PLACES
from app.trees.multiranges import covers, normal, size, union

TODAY = date(2026, 11, 21)
# What a group takes in the index of the database; a new group or member may take a few more.
MOST_INTERVALS = {"SCO": 3, "EEA": 3, "WESTERN_ASIA": 2, "EU": 2, "EAEU": 2}


@pytest.mark.parametrize(
    ("tree", "pinned"),
    [
        (TERRITORIES, "a3d1c6052458c474"),
        (MEDIA, "adb38e40cf407bf2"),
    ],
    ids=["territories", "media"],
)
def test_no_leaf_ever_changes_its_numbers(tree: GroupTree, pinned: str) -> None:
    """A leaf that splits off another has this changed; nothing else may."""
    numbers = json.dumps(sorted(tree.leaves.items()))
    assert hashlib.sha256(numbers.encode()).hexdigest()[:16] == pinned


@pytest.mark.parametrize("tree", [TERRITORIES, MEDIA, PLACES], ids=["territories", "media", "un"])
def test_the_leaves_share_all_the_numbers_and_have_some_to_spare(tree: GroupTree) -> None:
    assert normal(tree.leaves.values()) == tree.everything == tree.find(tree.root)
    assert sum(high - low for low, high in tree.leaves.values()) == size(tree.everything)
    assert all(high - low >= 4 for low, high in tree.leaves.values())


def test_every_country_of_iso_3166_1_is_a_territory() -> None:
    countries = {country.alpha_2 for country in pycountry.countries}
    assert set(TERRITORIES.leaves) == countries
    assert len(countries) == 249
    assert TERRITORIES.everything == ((0, 1024),)


@pytest.mark.parametrize("code", TERRITORIES.groups)
def test_a_group_is_few_intervals(code: str) -> None:
    assert len(TERRITORIES.find(code, TODAY)) <= MOST_INTERVALS.get(code, 2)


def test_most_groups_are_one_interval() -> None:
    intervals = {code: len(TERRITORIES.find(code, TODAY)) for code in TERRITORIES.groups}
    assert sum(intervals.values()) <= 1.35 * len(intervals), intervals


@pytest.mark.parametrize("day", ["1999-12-31", "2012-06-01", "2019-06-30", "2026-11-21"])
@pytest.mark.parametrize("code", TERRITORIES.groups)
def test_a_group_is_its_members_on_every_day(code: str, day: str) -> None:
    on = date.fromisoformat(day)
    members = TERRITORIES.members_of(code, on)
    if not members:
        with pytest.raises(ValueError, match="had no members"):
            TERRITORIES.find(code, on)
        return
    found = TERRITORIES.find(code, on)

    assert found == union(*map(TERRITORIES.find, members))
    assert found == TERRITORIES.find(f"{code}@{day}") == TERRITORIES.parse([code], on)
    assert TERRITORIES.find(TERRITORIES.write(found, on)[0], on) == found
    assert TERRITORIES.leaves_in(found) == members


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("SCO", "BY CN IN IR KG KZ PK RU TJ UZ"),
        ("SCO@2024-07-03", "CN IN IR KG KZ PK RU TJ UZ"),
        ("SCO@2022-01-01", "CN IN KG KZ PK RU TJ UZ"),
        ("SCO@2017-06-08", "CN KG KZ RU TJ UZ"),
        ("CIS", "AM AZ BY KG KZ MD RU TJ TM UZ"),
        ("CIS@2009-08-17", "AM AZ BY GE KG KZ MD RU TJ TM UA UZ"),
        ("CIS@2009-08-18", "AM AZ BY KG KZ MD RU TJ TM UA UZ"),
        ("EAEU", "AM BY KG KZ RU"),
        ("EAEU@2015-01-01", "BY KZ RU"),
        ("EAEU@2015-01-02", "AM BY KZ RU"),
        ("ASEAN", "BN ID KH LA MM MY PH SG TH TL VN"),
        ("ASEAN@2025-10-25", "BN ID KH LA MM MY PH SG TH VN"),
        ("EU@1972-12-31", "BE DE FR IT LU NL"),
        ("EU@1995-01-01", "AT BE DE DK ES FI FR GB GR IE IT LU NL PT SE"),
        ("GCC", "AE BH KW OM QA SA"),
        ("CENTRAL_ASIA", "KG KZ TJ TM UZ"),
        ("SOUTH_ASIA", "AF BD BT IN LK MV NP PK"),
        ("EAST_ASIA", "CN HK JP KP KR MN MO TW"),
        ("MENA", "AE BH DZ EG IQ IR JO KW LB LY MA OM PS QA SA SY TN YE"),
        ("NORDICS", "DK FI IS NO SE"),
        ("BALTICS", "EE LT LV"),
        ("BENELUX", "BE LU NL"),
        ("DACH", "AT CH DE"),
        ("GREATER_CHINA", "CN HK MO TW"),
        ("CAUCASUS", "AM AZ GE"),
        ("ANZ", "AU NZ"),
        ("UK_IRELAND", "GB IE"),
        ("IBERIA", "ES PT"),
    ],
)
def test_a_group_has_the_members_of_its_day(code: str, members: str) -> None:
    assert sorted(TERRITORIES.leaves_in(TERRITORIES.find(code, TODAY))) == members.split()


@pytest.mark.parametrize(
    ("day", "count"),
    [("2004-04-30", 15), ("2004-05-01", 25), ("2007-01-01", 27), ("2013-07-01", 28)],
)
def test_the_eu_grew_and_lost_one(day: str, count: int) -> None:
    assert len(TERRITORIES.members_of("EU", date.fromisoformat(day))) == count
    assert "GB" in TERRITORIES.members_of("EU", date(2020, 1, 31))
    assert "GB" not in TERRITORIES.members_of("EU", date(2020, 2, 1))
    assert len(TERRITORIES.members_of("EU", TODAY)) == 27
    assert len(TERRITORIES.members_of("EEA", TODAY)) == 30


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("WORLD", "ASIA"),
        ("ASIA", "CENTRAL_ASIA"),
        ("EUROPE", "NORDICS"),
        ("NORDICS", "SCANDINAVIA"),
        ("EEA", "EU"),
        ("MENA", "GCC"),
        ("LATIN_AMERICA", "SOUTH_AMERICA"),
        ("AFRICA", "SUB_SAHARAN_AFRICA"),
        ("EAST_ASIA", "GREATER_CHINA"),
        ("OCEANIA", "ANZ"),
    ],
)
def test_a_group_holds_smaller_ones(wide: str, narrow: str) -> None:
    held, within = TERRITORIES.find(wide, TODAY), TERRITORIES.find(narrow, TODAY)
    assert covers(held, within)
    assert held != within


def test_the_regions_of_the_un_part_the_world() -> None:
    regions = ["AFRICA", "AMERICAS", "ASIA", "EUROPE", "OCEANIA", "AQ"]
    members = [member for region in regions for member in TERRITORIES.members_of(region)]
    assert sorted(members) == sorted(TERRITORIES.leaves)


def test_a_medium_is_sold_in_avails_under_its_licence_type() -> None:
    assert {code: type_ for code, type_ in LICENSE_TYPES.items() if type_} == {
        "EST": "EST",
        "TVOD": "VOD",
        "SVOD": "SVOD",
        "AVOD_ON_DEMAND": "AVOD",
        "FAST": "AVOD",
    }
    assert set(LICENSE_TYPES) == set(MEDIA.leaves)


@pytest.mark.parametrize(
    ("group", "leaves"),
    [
        ("NON_THEATRICAL", "AIRLINE SHIP HOTEL EDUCATIONAL"),
        ("HOME_ENTERTAINMENT", "PHYSICAL EST TVOD"),
        ("AVOD", "AVOD_ON_DEMAND FAST"),
        ("TV", "PAY_TV FREE_TV"),
        ("DERIVATIVE", "REMAKE FORMAT DUBBING"),
        ("ALL", " ".join(LICENSE_TYPES)),
    ],
)
def test_media_are_grouped_as_the_trade_groups_them(group: str, leaves: str) -> None:
    assert MEDIA.members_of(group) == leaves.split()
    assert len(MEDIA.find(group)) == 1


@pytest.mark.parametrize(
    ("code", "covering"),
    [
        ("KZ", "WORLD ASIA CENTRAL_ASIA SCO CIS EAEU KZ"),
        ("gcc", "WORLD ASIA WESTERN_ASIA GCC MIDDLE_EAST MENA ARAB_WORLD"),
        ("WORLD", "WORLD"),
    ],
)
def test_what_covers_a_code_is_every_group_it_lies_in(code: str, covering: str) -> None:
    assert TERRITORIES.covering(code, TODAY) == covering.split()
