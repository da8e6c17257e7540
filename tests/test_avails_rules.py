"""What is found wrong with avails, and what becomes of their rows."""

import pytest

from app.partners.avails.meaning import judge
from app.partners.avails.rows import Node
from tests.avails import EPISODE, MOVIE, NAMES, TODAY, a_row, found, judged, read, real_file

REFUSED, LEFT_OUT, TAKEN = "row refused", "left out", "taken"
IS_NO_EIDR = "is no EIDR: its form or its check character is wrong"
IN_1917 = "is understood as 1917-09-24: rights are sold by days"

# Of every real file: how many remarks there are of a column's problem. None but `JJ` refuses a row.
EXPECTED: dict[str, dict[tuple[str, str], int]] = {
    "Avails_Volume_no-err_v2.4.xml": {
        ("CaptionIncluded", "is missing: the US ask for it"): 7,
        ("SeasonNumber", "is missing"): 7,
        ("VolumeID", IS_NO_EIDR): 2,
    },
    "Avails_noErrors_v2.3_v1.8.xlsx": {("RatingSystem", "is not the system of US"): 2},
    "Avails_noErrors_v2.4.xml": {
        ("CaptionIncluded", "is missing: the US ask for it"): 6,
        ("Start", IN_1917): 2,
    },
    "EMA_Avails_Movies-TV_v1.6.xlsx": {
        ("ContentID", IS_NO_EIDR): 24,
        ("EditID", IS_NO_EIDR): 27,
        ("EpisodeContentID", IS_NO_EIDR): 28,
        ("EpisodeID", IS_NO_EIDR): 28,
        ("SeriesContentID", IS_NO_EIDR): 38,
    },
    "Movies_v1.7.2.xlsx": {
        ("ContentID", IS_NO_EIDR): 27,
        ("EditID", IS_NO_EIDR): 27,
        ("TitleID", IS_NO_EIDR): 27,
    },
    "Movies_v1.8.xlsx": {
        ("ContentID", IS_NO_EIDR): 12,
        ("EditID", IS_NO_EIDR): 27,
        ("TitleID", IS_NO_EIDR): 27,
    },
    "Movies_v1.9.xlsx": {
        ("ALID", IS_NO_EIDR): 26,
        ("ContentID", IS_NO_EIDR): 26,
        ("EditID", IS_NO_EIDR): 26,
        ("TitleID", IS_NO_EIDR): 26,
    },
    "TV_v1.9.xlsx": {
        ("ALID", IS_NO_EIDR): 38,
        ("EpisodeContentID", IS_NO_EIDR): 34,
        ("EpisodeID", IS_NO_EIDR): 34,
        ("EpisodeTitleID", IS_NO_EIDR): 34,
        ("SeasonContentID", IS_NO_EIDR): 38,
        ("SeasonID", IS_NO_EIDR): 38,
        ("SeriesContentID", IS_NO_EIDR): 38,
        ("SeriesID", IS_NO_EIDR): 38,
    },
}


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"Avails_withErrors.xml"}))
def test_real_file_is_taken_whole_with_the_remarks_expected(name: str) -> None:
    counts: dict[tuple[str, str], int] = {}
    for row in read(real_file(name)):
        judgement = judge(row, TODAY)
        assert judgement.avail is not None
        for remark in judgement.remarks:
            place = (remark.field, remark.problem)
            counts[place] = counts.get(place, 0) + 1
    assert counts == EXPECTED[name]


def test_every_error_of_the_file_of_errors_is_named() -> None:
    told = [
        (row.number, remark.field, remark.value, remark.done.value)
        for row in read(real_file("Avails_withErrors.xml"))
        for remark in judge(row, TODAY).remarks
    ]
    assert told == [
        (48, "RatingValue", "6", TAKEN),
        (48, "Territory", "JJ", REFUSED),
        (48, "AllowedLanguages", "XYZ", LEFT_OUT),
        (48, "Start", "1917-09-24T23:59:59", TAKEN),
        (71, "RatingValue", "6", TAKEN),
        (71, "AssetLanguage", "ENg", TAKEN),
        (71, "AllowedLanguages", "fr-xx", LEFT_OUT),
        (71, "Start", "1917-09-24T23:59:59", TAKEN),
        (153, "RatingSystem", "MPAA", TAKEN),
        (153, "RatingReason", "Sex", TAKEN),
        (173, "LicenseRightsDescription", "Librry", TAKEN),
        (173, "RatingSystem", "MPAA", TAKEN),
        (173, "RatingReason", "Sex", TAKEN),
    ]


@pytest.mark.parametrize("fields", [MOVIE, EPISODE])
def test_row_as_it_should_be_has_no_remark(fields: dict[str, str]) -> None:
    judgement = judged(fields)
    assert judgement.avail is not None
    assert judgement.remarks == []


REFUSALS: list[tuple[dict[str, str], str, str]] = [
    ({"EntryType": ""}, "EntryType", "is missing"),
    ({"EntryType": "Full Monty"}, "EntryType", "is no word of the vocabulary"),
    ({"WorkType": ""}, "WorkType", "is missing"),
    ({"LicenseType": ""}, "LicenseType", "is missing"),
    ({"LicenseType": "SVD"}, "LicenseType", "is no word of the vocabulary: did you mean SVOD?"),
    ({"LicenseType": "Library"}, "LicenseType", "names no medium: say EST, POEST, VOD, SVOD, AVOD"),
    ({"LicenseType": "Pre-Release"}, "LicenseType", "names no medium"),
    ({"Territory": ""}, "Territory", "is missing: an avail has one"),
    ({"Territory": "JJ"}, "Territory", 'can\'t be read: "JJ" is no territory'),
    ({"TerritoryExclusion": "XX"}, "TerritoryExclusion", "can't be read"),
    ({"TerritoryExclusion": "KZ"}, "TerritoryExclusion", "excludes all of the territory"),
    ({"Start": ""}, "Start", "is missing"),
    ({"Start": "41409"}, "Start", "is neither a day, as 2027-01-31, nor one of"),
    ({"Start": "2027-02-30"}, "Start", "is no day that there is"),
    ({"Start": "2027-02-01T25:00:00"}, "Start", "is no day that there is"),
    ({"Start": "Theatrical"}, "Start", "is an event whose day is not known"),
    ({"End": ""}, "End", "is missing: an avail without one says Open"),
    ({"End": "soon"}, "End", "is neither a day"),
    ({"End": "2026-12-31"}, "End", "is before the start, 2027-01-01"),
    ({"AllowedLanguages": "xyz, xy"}, "AllowedLanguages", "names no language that is known"),
    (
        {"HoldbackLanguage": "kk"},
        "HoldbackLanguage",
        "can't be there with AllowedLanguages: give one of the two",
    ),
    ({"HoldbackLanguage": "xyz", "AllowedLanguages": ""}, "HoldbackLanguage", "can't be read"),
    ({"LicenseType": "POEST"}, "SuppressionLiftDate", "is missing: a pre-order has one"),
    ({"ALID": ""}, "ALID", "is missing: nothing identifies what is offered"),
    ({"TitleInternalAlias": ""}, "TitleInternalAlias", "is missing: the work has no name"),
    ({"EntryType": "Full Delete"}, "Start", "must be a day that is past in a Full Delete"),
    (
        {"EntryType": "Full Delete", "Start": "2020-01-01", "End": "2020-01-01"},
        "Start",
        "must be before the end in a Full Delete",
    ),
]


@pytest.mark.parametrize(("changed", "field", "problem"), REFUSALS)
def test_row_is_refused(changed: dict[str, str], field: str, problem: str) -> None:
    judgement = judged(MOVIE, **changed)
    assert judgement.avail is None
    refusals = [each for each in found(judgement) if each[2] == REFUSED]
    assert refusals
    assert (refusals[0][0], refusals[0][1][: len(problem)]) == (field, problem)


DOUBTS: list[tuple[dict[str, str], tuple[str, str, str]]] = [
    ({"DisplayName": ""}, ("DisplayName", "is missing", TAKEN)),
    ({"FormatProfile": ""}, ("FormatProfile", "is missing", TAKEN)),
    ({"FormatProfile": "8K"}, ("FormatProfile", "is no word of the vocabulary", TAKEN)),
    (
        {"WorkType": "Concert"},
        ("WorkType", "is no type of work that is known: taken by its columns", TAKEN),
    ),
    ({"LocalizationType": "both"}, ("LocalizationType", "is no word of the vocabulary", TAKEN)),
    ({"TitleID": "10.2340/1489-49A2"}, ("TitleID", IS_NO_EIDR, TAKEN)),
    (
        {"ALID": "md:alid:eidr-s:7791-8534-2C23-9030-8610-6"},
        ("ALID", IS_NO_EIDR, TAKEN),
    ),
    ({"ReleaseYear": "c. 1990"}, ("ReleaseYear", "is no year", LEFT_OUT)),
    ({"TotalRunTime": "long"}, ("TotalRunTime", "is no running time, as 1:56:20", LEFT_OUT)),
    ({"AnnounceDate": "May"}, ("AnnounceDate", "is no day, as 2027-01-31", TAKEN)),
    ({"EndLag": "P1D"}, ("EndLag", "is of use with a condition only", TAKEN)),
    ({"LicenseType": "EST"}, ("PriceType", "is missing: only SVOD needs no price", TAKEN)),
    ({"PriceType": "WSP"}, ("PriceValue", "is missing beside WSP", TAKEN)),
    ({"PriceValue": "5"}, ("PriceType", "is missing beside 5", TAKEN)),
    (
        {"PriceType": "NA", "PriceValue": "5"},
        ("PriceValue", "does not go with NA: NA goes with NA", LEFT_OUT),
    ),
    (
        {"PriceType": "WSP", "PriceValue": "cheap"},
        ("PriceValue", "is no amount, which WSP is", LEFT_OUT),
    ),
    (
        {"PriceType": "Bid", "PriceValue": "5"},
        ("PriceType", "is no type of price that is known", TAKEN),
    ),
    (
        {"PriceType": "WSP", "PriceValue": "5", "PriceCurrency": "XXQ"},
        ("PriceCurrency", "is no currency of such an amount", LEFT_OUT),
    ),
    (
        {"SpecialPreOrderFulfillDate": "2027-01-01"},
        ("SpecialPreOrderFulfillDate", "is for pre-orders only", TAKEN),
    ),
    ({"BundledALIDs": "a, b"}, ("BundledALIDs", "is for collections only", TAKEN)),
    ({"AssetLanguage": "rus"}, ("AssetLanguage", "is written ru in BCP 47", TAKEN)),
    (
        {"Territory": "US", "CaptionIncluded": "No"},
        ("CaptionExemption", "is missing: without captions the US ask for a reason", TAKEN),
    ),
    (
        {"RatingValue": "PG"},
        ("RatingSystem", "is missing: a rating is of a system", TAKEN),
    ),
]


@pytest.mark.parametrize(("changed", "remark"), DOUBTS)
def test_row_is_taken_with_a_remark(changed: dict[str, str], remark: tuple[str, str, str]) -> None:
    judgement = judged(MOVIE, **changed)
    assert judgement.avail is not None
    assert remark in found(judgement)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"EpisodeNumber": ""}, "EpisodeNumber"),
        ({"SeasonNumber": ""}, "SeasonNumber"),
        ({"Territory": "US"}, "CaptionIncluded"),
    ],
)
def test_episode_is_asked_for_more(changed: dict[str, str], field: str) -> None:
    judgement = judged(EPISODE, **changed)
    assert judgement.avail is not None
    assert [each[0] for each in found(judgement)] == [field]


def test_episode_of_no_series_is_refused() -> None:
    lost = {"SeriesContentID": "", "SeriesTitleInternalAlias": "", "SeasonContentID": ""}
    judgement = judged(EPISODE, **lost)
    assert judgement.avail is None
    assert (
        "SeriesContentID",
        "is missing: nothing says which series the episode is of",
        REFUSED,
    ) in found(judgement)


def test_pre_order_has_one_suppression_lift_date() -> None:
    row = a_row(
        MOVIE, LicenseType="POEST", SuppressionLiftDate="N/A", PriceType="NA", PriceValue="NA"
    )
    assert judge(row, TODAY).avail is not None
    event = Node("Event", {}, "2027-01-01", [])
    row.more["Transaction"] = [Node("Term", {"termName": "SuppressionLiftDate"}, "", [event])]
    judgement = judge(row, TODAY)
    assert judgement.avail is None
    problem = "is there 2 times: a pre-order has one"
    assert ("SuppressionLiftDate", problem, REFUSED) in found(judgement)


def test_words_may_be_in_any_case() -> None:
    judgement = judged(MOVIE, EntryType="FULL extract", LicenseType="svod", WorkType="movie")
    assert judgement.avail is not None
    assert judgement.avail.row.fields == MOVIE


@pytest.mark.parametrize("status", ["Revoked", "Expired"])
def test_what_is_revoked_is_offered_no_more(status: str) -> None:
    judgement = judged(MOVIE, TitleStatus=status)
    assert judgement.avail is not None
    assert judgement.avail.offered is None
    assert found(judgement) == [("TitleStatus", "means that it is offered no more", LEFT_OUT)]


def test_full_delete_needs_only_what_it_deletes() -> None:
    bare = {
        "WorkType": "Movie",
        "EntryType": "Full Delete",
        "LicenseType": "EST",
        "ALID": MOVIE["ALID"],
        "Start": "1999-12-31",
        "End": "2000-01-01",
    }
    judgement = judged(bare)
    assert judgement.avail is not None
    assert judgement.remarks == []
    assert (judgement.avail.scope, judgement.avail.work) == (MOVIE["ALID"], None)


def test_avails_of_1_6_are_of_an_edit_in_a_territory() -> None:
    row = a_row(MOVIE, ALID="", EditID="dance-theatrical")
    row.version = "1.6"
    avail = judge(row, TODAY).avail
    assert avail is not None
    assert avail.scope == "dance-theatrical in KZ"
