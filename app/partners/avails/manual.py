"""Avails of offerings that people wrote here, and what of them Avails can't say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from app.models.vocabulary import Exclusivity, Kind
from app.partners.avails import ours, vocabulary
from app.partners.avails.rows import AvailRow
from app.partners.avails.values import HOUR, SEPARATOR
from app.trees import LANGUAGES, LICENSE_TYPES, MEDIA, TERRITORIES, Multirange

# Offerings are of every picture format; Avails ask for one.
FORMAT = "HD"
_WORK_TYPES = {
    Kind.FEATURE: "Movie",
    Kind.DOCUMENTARY: "Movie",
    Kind.ANIMATION: "Movie",
    Kind.SHORT: "Short",
    Kind.SERIES: "Series",
    Kind.MICRODRAMA: "Series",
    Kind.SEASON: "Season",
    Kind.EPISODE: "Episode",
    Kind.VOLUME: "Volume",
    Kind.COLLECTION: "Collection",
    Kind.SUPPLEMENT: "Supplement",
}
_PREFIXES = {"Series": "Series", "Season": "Season", "Episode": "Episode", "Volume": "Volume"}


# Of which media each licence type is
_LEAVES = {
    said: frozenset(leaf for leaf, other in LICENSE_TYPES.items() if other == said)
    for said in dict.fromkeys(LICENSE_TYPES.values())
    if said
}


@dataclass(frozen=True, slots=True)
class Described:
    """What is exported of a title."""

    id: int
    kind: Kind
    original_title: str
    reference: str | None = None
    year: int | None = None
    minutes: int | None = None
    eidr: str | None = None
    season_number: int | None = None
    volume_number: int | None = None
    episode_number: int | None = None
    seasons: int | None = None
    episodes: int | None = None
    part_of: "Described | None" = None

    @property
    def content_id(self) -> str:
        """Give what identifies it elsewhere."""
        return self.reference or ours.content_id(self.id)


@dataclass(frozen=True, slots=True)
class Written:
    """An offering that a person wrote."""

    id: int
    title: Described
    territories: Multirange
    media: Multirange
    languages: Multirange
    first: date
    after: date | None
    exclusivity: Exclusivity
    min_days: int
    price: dict[str, Any] | None = None
    note: str | None = None
    licensees: Sequence[str] = ()
    holdbacks: int = 0


@dataclass(slots=True)
class Said:
    """The avails of an offering, and what they leave out."""

    rows: list[AvailRow] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)


def avails_of(written: Written, seller: str) -> Said:
    """Say an offering by avails: one for each licensee, licence type and territory."""
    said = Said(unsaid=unsaid_of(written))
    works = _work(written.title)
    spoken = _languages(written.languages)
    if works is None or spoken is None:
        return said
    common = works | spoken | _terms(written) | {"DisplayName": seller}
    for licensee in written.licensees or ("",):
        for license_type in _license_types(written.media):
            for territory in TERRITORIES.leaves_in(written.territories):
                fields = common | {"LicenseType": license_type, "Territory": territory}
                said.rows.append(_row(fields | {"Licensee": licensee}))
    return said


def _row(fields: dict[str, str]) -> AvailRow:
    row = AvailRow(0, {})
    for name, value in fields.items():
        if value:
            row.put(name, value)
    return row


def _license_types(media: Multirange) -> list[str]:
    """Give those of which all is offered: AVOD would say more than channels alone."""
    leaves = set(MEDIA.leaves_in(media))
    return [each for each, all_ in _LEAVES.items() if leaves >= all_]


def unsaid_of(written: Written) -> list[str]:
    """Name what of an offering Avails have no word for."""
    return list(_unsaid(written))


def _unsaid(written: Written) -> Iterator[str]:
    if written.title.kind not in _WORK_TYPES:
        yield f"the kind {written.title.kind}"
    leaves = MEDIA.leaves_in(written.media)
    spoken = {leaf for each in _license_types(written.media) for leaf in _LEAVES[each]}
    yield from (leaf for leaf in leaves if leaf not in spoken)
    if _languages(written.languages) is None:
        yield f"the languages {' '.join(LANGUAGES.write(written.languages))}"
    if written.min_days > 1:
        yield f"at least {written.min_days} days"
    if written.exclusivity is Exclusivity.EITHER:
        yield "exclusive or not, as the buyer likes"
    if written.holdbacks:
        yield f"{written.holdbacks} holdbacks"


def _languages(found: Multirange) -> dict[str, str] | None:
    """Say languages as those allowed or those held back; None where that takes both."""
    codes = LANGUAGES.write(found)
    if codes == [LANGUAGES.root]:
        return {}
    taken_away = [code.removeprefix("-") for code in codes if code.startswith("-")]
    if not taken_away:
        return {"AllowedLanguages": SEPARATOR.join(codes)}
    if len(taken_away) == len(codes) or codes[0] == LANGUAGES.root:
        return {"HoldbackLanguage": SEPARATOR.join(taken_away)}
    return None


def _terms(written: Written) -> dict[str, str]:
    price = written.price
    exclusive = {Exclusivity.EXCLUSIVE: "Yes", Exclusivity.NON_EXCLUSIVE: "No"}
    return {
        "EntryType": vocabulary.FULL_EXTRACT,
        "FormatProfile": FORMAT,
        "Start": written.first.isoformat(),
        "End": (written.after - timedelta(days=1)).isoformat() if written.after else "Open",
        "PriceType": "LicenseFee" if price else vocabulary.NOT_PRICED,
        "PriceValue": str(price["amount"]) if price else vocabulary.NOT_PRICED,
        "PriceCurrency": str(price["currency"]) if price else "",
        "Description": written.note or "",
        "Exclusive": exclusive.get(written.exclusivity, ""),
        "AvailID": ours.avail_id(written.id),
        "ALID": ours.alid(written.title.id),
    }


def _work(title: Described) -> dict[str, str] | None:
    """Describe a title and what it is part of, as the columns do."""
    work_type = _WORK_TYPES.get(title.kind)
    if work_type is None:
        return None
    fields = {"WorkType": work_type, **_facts(title)}
    part: Described | None = title
    while part is not None:
        prefix = _PREFIXES.get(_WORK_TYPES.get(part.kind, ""), "")
        if part is title or prefix:
            fields |= _named(part, prefix)
        part = part.part_of if prefix else None
    return fields


def _facts(title: Described) -> dict[str, str]:
    seconds = (title.minutes or 0) * 60
    run_time = f"{seconds // HOUR}:{seconds // 60 % 60:02}:00" if seconds else ""
    return {"ReleaseYear": str(title.year or ""), "TotalRunTime": run_time}


def _named(title: Described, prefix: str) -> dict[str, str]:
    ids = {"": "TitleID", "Episode": "EpisodeTitleID"}
    fields = {
        f"{prefix}TitleInternalAlias": title.original_title,
        f"{prefix}ContentID": title.content_id,
        ids.get(prefix, f"{prefix}ID"): title.eidr or "",
    }
    numbers = {
        "Season": ("SeasonNumber", title.season_number),
        "Volume": ("VolumeNumber", title.volume_number),
        "Episode": ("EpisodeNumber", title.episode_number),
    }
    if prefix in numbers:
        name, number = numbers[prefix]
        fields[name] = "" if number is None else str(number)
    if prefix == "Series":
        fields["SeasonCount"] = str(title.seasons or "")
    if prefix == "Season":
        fields["EpisodeCount"] = str(title.episodes or "")
    if prefix in {"Episode", "Volume"} and title.season_number is not None:
        fields["SeasonNumber"] = str(title.season_number)
    return fields
