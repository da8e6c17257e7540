"""What avails mean here: works, places, media, languages, days and prices."""

from datetime import date

import pytest

from app.models.vocabulary import Kind
from app.partners.avails.meaning import Offered
from app.partners.avails.prices import Price
from app.partners.avails.works import Work
from app.trees import LANGUAGES, MEDIA, TERRITORIES
from tests.avails import EPISODE, MOVIE, TODAY, found, judged


def offered(fields: dict[str, str], **changed: str) -> Offered:
    judgement = judged(fields, **changed)
    assert judgement.avail is not None, judgement.remarks
    assert judgement.avail.offered is not None
    return judgement.avail.offered


def work(fields: dict[str, str], **changed: str) -> Work:
    judgement = judged(fields, **changed)
    assert judgement.avail is not None, judgement.remarks
    assert judgement.avail.work is not None
    return judgement.avail.work


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"Territory": "KZ"}, ["KZ"]),
        ({"Territory": "gb"}, ["GB"]),
        ({"Territory": "WORLD"}, ["WORLD"]),
        ({"Territory": "SCO", "TerritoryExclusion": "CN, IN"}, ["SCO", "-CN", "-IN"]),
        ({"Territory": "", "TerritoryExclusion": "US"}, ["-US"]),
    ],
)
def test_territories(said: dict[str, str], meant: list[str]) -> None:
    assert offered(MOVIE, **said).territories == TERRITORIES.parse(meant)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"LicenseType": "EST"}, ["EST"]),
        ({"LicenseType": "POEST", "SuppressionLiftDate": "2027-01-01"}, ["EST"]),
        ({"LicenseType": "VOD"}, ["TVOD"]),
        ({"LicenseType": "SVOD"}, ["SVOD"]),
        ({"LicenseType": "AVOD"}, ["AVOD_ON_DEMAND", "FAST"]),
    ],
)
def test_media(said: dict[str, str], meant: list[str]) -> None:
    assert offered(MOVIE, **said).media == MEDIA.parse(meant)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"AllowedLanguages": "ru, kk"}, ["ru", "kk"]),
        ({"AllowedLanguages": "ru:sub, xyz"}, ["ru"]),
        ({"AllowedLanguages": ""}, ["ALL"]),
        ({"AllowedLanguages": "", "HoldbackLanguage": "ru, en:dub"}, ["-ru", "-en"]),
    ],
)
def test_languages(said: dict[str, str], meant: list[str]) -> None:
    assert offered(MOVIE, **said).languages == LANGUAGES.parse(meant)


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ({}, "2027-01-01", "2028-12-31"),
        ({"End": "Open"}, "2027-01-01", None),
        ({"End": "ESTStart"}, "2027-01-01", None),
        ({"Start": "Immediate"}, str(TODAY), "2028-12-31"),
        ({"Start": "2026-01-01", "End": "Immediate"}, "2026-01-01", str(TODAY)),
        ({"Start": "2027-01-01T18:00:00"}, "2027-01-01", "2028-12-31"),
        ({"End": "2028-12-31T00:00:00"}, "2027-01-01", "2028-12-30"),
        ({"End": "2028-12-31T00:00:01"}, "2027-01-01", "2028-12-31"),
        # In Kazakhstan, five hours ahead
        ({"Start": "2027-01-01T19:00:00Z"}, "2027-01-02", "2028-12-31"),
        ({"Start": "2027-01-01T18:59:59Z"}, "2027-01-01", "2028-12-31"),
        ({"End": "2028-12-31T19:00:00+00:00"}, "2027-01-01", "2028-12-31"),
        # New York is the first of the United States to begin a day
        ({"Territory": "US", "Start": "2027-01-01T05:00:00Z"}, "2027-01-01", "2028-12-31"),
        ({"Territory": "US", "Start": "2027-01-01T04:59:59Z"}, "2026-12-31", "2028-12-31"),
        ({"End": "Open", "WindowDuration": "P365D"}, "2027-01-01", "2027-12-31"),
        ({"End": "", "WindowDuration": "P1D"}, "2027-01-01", "2027-01-01"),
        ({"End": "9999-12-31"}, "2027-01-01", "9999-12-31"),
    ],
)
def test_days(said: dict[str, str], first: str, last: str | None) -> None:
    days = offered(MOVIE, **said).days
    assert (days.first, days.last) == (date.fromisoformat(first), last and date.fromisoformat(last))


def test_time_of_day_is_kept_and_told() -> None:
    judgement = judged(MOVIE, Start="2027-01-01T18:00:00")
    assert judgement.avail is not None
    assert judgement.avail.row.get("Start") == "2027-01-01T18:00:00"
    assert found(judgement) == [
        ("Start", "is understood as 2027-01-01: rights are sold by days", "taken")
    ]


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ({}, None),
        ({"PriceType": "NA", "PriceValue": "NA"}, None),
        ({"PriceType": "Tier", "PriceValue": "4"}, Price(None, "Tier 4")),
        ({"PriceType": "WSP", "PriceValue": "4.50"}, Price(None, "WSP 4.50")),
        ({"PriceType": "WSP", "PriceValue": "TBD"}, Price(None, "WSP TBD")),
        (
            {"PriceType": "WSP", "PriceValue": "4.50", "PriceCurrency": "USD"},
            Price({"amount": "4.50", "currency": "USD"}, "WSP 4.50 USD"),
        ),
        ({"PriceType": "LicenseFee", "PriceValue": "FooBar-5"}, Price(None, "LicenseFee FooBar-5")),
        ({"SRP": "9.99"}, Price(None, "SRP 9.99")),
        ({"PriceType": "SRP", "SRP": "9.99"}, Price(None, "SRP 9.99")),
        ({"PriceType": "SRP", "PriceValue": "5", "SRP": "9.99"}, Price(None, "SRP 5")),
    ],
)
def test_price(said: dict[str, str], price: Price | None) -> None:
    assert offered(MOVIE, **said).price == price


@pytest.mark.parametrize(("said", "is_exclusive"), [("1", True), ("no", False), ("", False)])
def test_exclusive(said: str, *, is_exclusive: bool) -> None:
    assert offered(MOVIE, Exclusive=said).is_exclusive is is_exclusive


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Movie", Kind.FEATURE),
        ("Short", Kind.SHORT),
        ("Collection", Kind.COLLECTION),
        ("Supplement", Kind.SUPPLEMENT),
        ("Promotion", Kind.SUPPLEMENT),
        ("Concert", Kind.FEATURE),
    ],
)
def test_kind_of_work(said: str, kind: Kind) -> None:
    assert work(MOVIE, WorkType=said).kind is kind


def test_film() -> None:
    more = {
        "TitleDisplayUnlimited": "La première danse",
        "AssetLanguage": "fr",
        "AltID": "DANCE",
        "TitleID": "10.5240/7791-8534-2C23-9030-8610-5",
        "ReleaseYear": "2026",
        "TotalRunTime": "1:56:20",
        "Director": "Aina Sadykova; Li Wei",
    }
    eidr = more["TitleID"]
    assert work(MOVIE, **more) == Work(
        Kind.FEATURE,
        (MOVIE["ContentID"], MOVIE["ALID"], "DANCE", eidr),
        "The First Dance",
        display="La première danse",
        language="fr",
        year=2026,
        minutes=116,
        eidr=eidr,
        directors=("Aina Sadykova", "Li Wei"),
    )


def test_episode_is_part_of_its_season_and_that_of_its_series() -> None:
    episode = work(EPISODE, SeasonCount="3")
    season = episode.part_of
    assert season is not None
    assert season.part_of is not None
    assert (episode.title, episode.episode_number) == ("Birds of a Feather", 2)
    assert (season.title, season.season_number, season.episodes) == (
        "The Detectives, season 1",
        1,
        8,
    )
    assert (season.kind, season.references) == (Kind.SEASON, (EPISODE["SeasonContentID"],))
    assert (season.part_of.title, season.part_of.kind) == ("The Detectives", Kind.SERIES)


def test_season_that_nothing_identifies_is_that_of_its_number() -> None:
    season = work(EPISODE, SeasonContentID="").part_of
    assert season is not None
    assert season.references == (f"{EPISODE['SeriesContentID']} season 1",)


def test_episode_without_a_season_is_part_of_its_series() -> None:
    episode = work(EPISODE, SeasonContentID="", SeasonNumber="")
    assert episode.part_of is not None
    assert episode.part_of.kind is Kind.SERIES


def test_volume_is_part_of_its_season() -> None:
    volume = work(
        EPISODE,
        WorkType="Volume",
        VolumeContentID="v1",
        VolumeNumber="1",
        EpisodeContentID="",
        EpisodeTitleInternalAlias="",
    )
    assert (volume.kind, volume.title, volume.volume_number) == (
        Kind.VOLUME,
        "The Detectives, volume 1",
        1,
    )
    assert volume.part_of is not None
    assert volume.part_of.kind is Kind.SEASON


def test_series_and_seasons_have_their_extent() -> None:
    series = work(EPISODE, WorkType="Series", SeasonCount="3", ALID="s")
    assert (series.kind, series.seasons, series.part_of) == (Kind.SERIES, 3, None)
    season = work(EPISODE, WorkType="Season", ALID="s1")
    assert (season.kind, season.season_number, season.episodes) == (Kind.SEASON, 1, 8)


@pytest.mark.parametrize(
    ("sorted_title", "title"),
    [
        ("First Dance, The", "The First Dance"),
        ("Avventura, L'", "L'Avventura"),
        ("Good, the Bad and the Ugly, The", "The Good, the Bad and the Ugly"),
        ("Run, Lola, Run", "Run, Lola, Run"),
    ],
)
def test_article_stands_where_it_is_said(sorted_title: str, title: str) -> None:
    assert work(MOVIE, TitleInternalAlias=sorted_title).title == title


def test_key_of_a_row_does_not_change_with_its_price_or_end() -> None:
    one, other = (
        judged(MOVIE).avail,
        judged(MOVIE, PriceType="Tier", PriceValue="1", End="Open").avail,
    )
    assert one is not None
    assert other is not None
    assert one.key == other.key
