"""Which work a row is about: a film, or an episode of a season of a series."""

import re
from dataclasses import dataclass, replace

from app.catalogue.rules import SERIAL
from app.models.vocabulary import DEPENDENT_PARTS, Kind
from app.partners.avails import vocabulary
from app.partners.avails.remarks import Remarks
from app.partners.avails.rows import EPISODE, OTHER, SEASON, SERIES, VOLUME, AvailRow
from app.partners.avails.values import items, seconds_of
from app.partners.avails.xml_metadata import NAMES
from app.partners.imports.findings import Matter

MAX_REFERENCE = 200
MAX_TITLE = 500
MAX_NAME = 200
FIRST_YEAR, LAST_YEAR = 1870, 2200
LONGEST_MINUTES = 60_000
LARGEST_NUMBER = 100_000
MOST_SEASONS, MOST_EPISODES = 1000, 30_000
# `First Dance, The`, as lists are sorted
_SORTED = re.compile(
    r"(.+), (The|A|An|Le|La|Les|Un|Une|Der|Die|Das|Ein|Eine|El|Los|Las|Il|Lo|Gli|O|Os|As)"
)
_ELIDED = re.compile(r"(.+), (L['’])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Work:
    """What a title of ours is made of, where there is none yet."""

    kind: Kind
    # What the seller may know it by: the first is what a new title gets
    references: tuple[str, ...]
    title: str
    # What it is shown as, and in which language, where that is known
    display: str = ""
    language: str = ""
    season_number: int | None = None
    volume_number: int | None = None
    episode_number: int | None = None
    seasons: int | None = None
    episodes: int | None = None
    year: int | None = None
    minutes: int | None = None
    eidr: str = ""
    directors: tuple[str, ...] = ()
    part_of: "Work | None" = None

    @property
    def key(self) -> tuple[str, str]:
        """Tell it from others: a film and a season that share an identifier are two works."""
        return _SORTS.get(self.kind, "film"), self.references[0]

    @property
    def candidates(self) -> tuple[str, ...]:
        """Give the references it may have, with one at the end that nothing else has."""
        return (*self.references, f"{self.references[0]} ({self.kind})"[-MAX_REFERENCE:])

    def may_be(self, kind: Kind) -> bool:
        """Tell whether a title of that kind may be this work."""
        return _SORTS.get(kind, "film") == _SORTS.get(self.kind, "film") or (
            self.kind is Kind.SERIES and kind in SERIAL
        )


# Kinds that are never taken for one another; all others are films, however they are classed.
_SORTS = {
    kind: kind.value
    for kind in (
        Kind.SERIES,
        Kind.SEASON,
        Kind.EPISODE,
        Kind.VOLUME,
        Kind.COLLECTION,
        Kind.SUPPLEMENT,
    )
}


_PREFIXES = {OTHER: "", EPISODE: "Episode", SEASON: "Season", SERIES: "Series", VOLUME: "Volume"}
# What identifies a work, best first: by its content, else by what it is called here or there.
_REFERENCES = {
    OTHER: ("ContentID", "ALID", "AltID", "TitleID", "EditID"),
    EPISODE: ("EpisodeContentID", "ALID", "EpisodeAltID", "EpisodeTitleID", "EpisodeID"),
    SEASON: ("SeasonContentID", "SeasonAltID", "SeasonID"),
    VOLUME: ("VolumeContentID", "VolumeAltID", "VolumeID"),
    SERIES: ("SeriesContentID", "SeriesAltID", "SeriesID"),
}
_WITH_WHOLES = {
    EPISODE: (EPISODE, SEASON, SERIES),
    VOLUME: (VOLUME, SEASON, SERIES),
    SEASON: (SEASON, SERIES),
}
_EIDRS = {
    OTHER: "TitleID",
    EPISODE: "EpisodeTitleID",
    SEASON: "SeasonID",
    VOLUME: "VolumeID",
    SERIES: "SeriesID",
}


def work(row: AvailRow, remarks: Remarks) -> Work | None:
    """Give the work of a row, with what it is part of; None where it can't be told."""
    kind = _kind(row, remarks)
    described_as = row.described_as
    found = _work(described_as, kind, row)
    if described_as in {EPISODE, VOLUME}:
        season = _season(row)
        series = _work(SERIES, Kind.SERIES, row)
        whole = replace(season, part_of=series) if season and series else season or series
        found = replace(found, part_of=whole) if found else None
    elif described_as == SEASON:
        found = found or _season(row)
        found = replace(found, part_of=_work(SERIES, Kind.SERIES, row)) if found else None
    if found is None:
        refuse_unidentified(row, remarks)
        return None
    if kind in DEPENDENT_PARTS and found.part_of is None:
        problem = f"is missing: nothing says which series the {kind} is of"
        remarks.refuse("SeriesContentID", "", problem, Matter.MISSING)
    return _with_facts(found, row, remarks)


def refuse_unidentified(row: AvailRow, remarks: Remarks) -> None:
    """Say what would identify the work."""
    names = _REFERENCES[row.described_as]
    title = f"{_PREFIXES[row.described_as]}TitleInternalAlias"
    if any(map(row.get, names)):
        remarks.refuse(title, "", "is missing: the work has no name", Matter.MISSING)
    else:
        remarks.refuse(names[0], "", "is missing: nothing identifies the work", Matter.MISSING)


def _kind(row: AvailRow, remarks: Remarks) -> Kind:
    said = row.get("WorkType")
    if known := vocabulary.KINDS.get(said):
        return Kind(known)
    if said:
        problem = "is no type of work that is known: taken by its columns"
        remarks.doubt("WorkType", said, problem, Matter.UNKNOWN)
    return _KIND_BY_COLUMNS[row.described_as]


_KIND_BY_COLUMNS = {
    OTHER: Kind.FEATURE,
    EPISODE: Kind.EPISODE,
    SEASON: Kind.SEASON,
    SERIES: Kind.SERIES,
    VOLUME: Kind.VOLUME,
}


def _work(described_as: str, kind: Kind, row: AvailRow) -> Work | None:
    """Give a work by its own columns, unless nothing identifies or names it."""
    prefix = _PREFIXES[described_as]
    references = _references(described_as, row)
    alias = row.get(f"{prefix}TitleInternalAlias")
    display = row.get(f"{prefix}TitleDisplayUnlimited")
    if not references or not (title := _unsorted(alias) or display or _numbered(described_as, row)):
        return None
    return Work(
        kind,
        tuple(references),
        title[:MAX_TITLE],
        display[:MAX_TITLE],
        _language_of(prefix, row),
        eidr=row.get(_EIDRS[described_as]),
    )


def content_ids(row: AvailRow) -> dict[str, str]:
    """Say by ContentIDs what a row identifies its work by, and what that is part of."""
    said = {}
    for kind in _WITH_WHOLES.get(row.described_as, (row.described_as,)):
        if references := _references(kind, row):
            said[_REFERENCES[kind][0]] = references[0]
    return said


def _references(described_as: str, row: AvailRow) -> list[str]:
    said = dict.fromkeys(map(row.get, _REFERENCES[described_as]))
    return [each for each in said if 1 <= len(each) <= MAX_REFERENCE]


def _season(row: AvailRow) -> Work | None:
    """Give the season of a row: by its columns, or as the season of that number of its series."""
    number = row.get("SeasonNumber")
    found = _work(SEASON, Kind.SEASON, row)
    if found is None and number and (series := _work(SERIES, Kind.SERIES, row)):
        reference = f"{series.references[0]} season {number}"
        found = Work(Kind.SEASON, (reference,), f"{series.title}, season {number}")
    return _with_extent(found, row) if found else None


def _with_extent(season: Work, row: AvailRow) -> Work:
    return replace(
        season,
        season_number=_whole(row.get("SeasonNumber")),
        episodes=_whole(row.get("EpisodeCount"), 1, MOST_EPISODES),
    )


def _numbered(described_as: str, row: AvailRow) -> str:
    """Name a part that has no name of its own."""
    series = _unsorted(row.get("SeriesTitleInternalAlias")) or row.get(
        "SeriesTitleDisplayUnlimited"
    )
    number = row.get(f"{_PREFIXES[described_as]}Number")
    if not series or not number or described_as == OTHER:
        return ""
    return f"{series}, {described_as.lower()} {number}"


def _unsorted(title: str) -> str:
    """Put the article where it is said: `First Dance, The` is The First Dance."""
    if found := _SORTED.fullmatch(title):
        return f"{found[2]} {found[1]}"
    if found := _ELIDED.fullmatch(title):
        return f"{found[2]}{found[1]}"
    return title


def _language_of(prefix: str, row: AvailRow) -> str:
    """Tell in which language a title is shown."""
    said = row.get(f"{prefix}TitleDisplayUnlimited@language")
    for tag in (said, *items(row.get("AssetLanguage")), *items(row.get("AllowedLanguages"))):
        if tag:
            return tag.partition(":")[0]
    return ""


def _with_facts(found: Work, row: AvailRow, remarks: Remarks) -> Work:
    """Add what a row says of the very work it is about."""
    names = (name[:MAX_NAME] for name in row.get("Director").split(NAMES) if name)
    found = replace(
        found,
        year=_year(row, remarks),
        minutes=_minutes(row, remarks),
        directors=tuple(names),
    )
    if found.kind is Kind.EPISODE:
        is_of_series = found.part_of is not None and found.part_of.kind is Kind.SERIES
        season_number = _whole(row.get("SeasonNumber")) if is_of_series else None
        number = _whole(row.get("EpisodeNumber"))
        return replace(found, episode_number=number, season_number=season_number)
    if found.kind is Kind.VOLUME:
        return replace(found, volume_number=_whole(row.get("VolumeNumber")))
    if found.kind is Kind.SERIES:
        return replace(found, seasons=_whole(row.get("SeasonCount"), 1, MOST_SEASONS))
    return _with_extent(found, row) if found.kind is Kind.SEASON else found


def _whole(text: str, least: int = 0, most: int = LARGEST_NUMBER) -> int | None:
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if least <= number <= most else None


def _year(row: AvailRow, remarks: Remarks) -> int | None:
    said = row.get("ReleaseYear")
    if not said:
        return None
    number = _whole(said[:4], FIRST_YEAR, LAST_YEAR)
    if number is None:
        remarks.leave_out("ReleaseYear", said, "is no year", Matter.IMPOSSIBLE)
        return None
    return number


def _minutes(row: AvailRow, remarks: Remarks) -> int | None:
    said = row.get("TotalRunTime")
    if not said:
        return None
    seconds = seconds_of(said)
    if not seconds or seconds > LONGEST_MINUTES * 60:
        problem = "is no running time, as 1:56:20"
        remarks.leave_out("TotalRunTime", said, problem, Matter.IMPOSSIBLE)
        return None
    return max(1, round(seconds / 60))
