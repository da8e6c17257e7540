"""What describes a work in Avails XML 2.7: by itself, as a season, as a series, as part of them.

Source: avails-v2.7.xsd. The schemas 2.2 to 2.6 have the same elements in the same order, or fewer.
"""

from app.partners.avails import xml_texts
from app.partners.avails.xml_lenses import Inside, Leaf, Lens
from app.partners.avails.xml_metadata import (
    AltIdentifiers,
    Channel,
    Directors,
    Releases,
)
from app.partners.avails.xml_part import Part, eidr, identifier, number, required, text
from app.partners.avails.xml_ratings import Ratings


def _titles(element: str, name: str = "") -> tuple[Lens, Lens]:
    display, alias = f"{element}TitleDisplayUnlimited", f"{element}TitleInternalAlias"
    return (
        text(display, name + display, xml_texts.anything, "language"),
        text(alias, name + alias, xml_texts.anything, "region"),
    )


_CREDIT = Inside(
    "CompanyDisplayCredit", {"md:DisplayString": Leaf("CompanyDisplayCredit")}, (), repeated=True
)
# What every work says of itself: where there are several in one another, only the one offered
_WORK: tuple[Lens, ...] = (
    text("ReleaseDate", "ReleaseYear", xml_texts.release),
    Releases(),
    text("USACaptionsExemptionReason", "CaptionExemption", xml_texts.positive),
    Ratings(),
)
_ASSET_ORDER = (
    "TitleDisplayUnlimited TitleInternalAlias EditEIDR-URN TitleEIDR-URN AltIdentifier "
    "VersionDescription ReleaseDate RunLength People ReleaseHistory USACaptionsExemptionReason "
    "Ratings EncodeID LocalizationOffering GroupingEntity "
)
_ASSET: tuple[Lens, ...] = (
    *_WORK,
    text("RunLength", "TotalRunTime", xml_texts.run_length),
    Directors(),
    identifier("EncodeID", "EncodeID"),
    text("LocalizationOffering", "LocalizationType"),
    Channel(),
)
_SERIES_ORDER = (
    "SeriesContentID SeriesEIDR-URN SeriesTitleDisplayUnlimited SeriesTitleInternalAlias "
    "LocalSeriesTitle VersionDescription ReleaseDate USACaptionsExemptionReason ReleaseHistory "
    "Ratings SeriesAltIdentifier NumberOfSeasons SeriesStatus CompanyDisplayCredit"
)
_SERIES: tuple[Lens, ...] = (
    identifier("SeriesContentID", "SeriesContentID"),
    eidr("SeriesEIDR-URN", "SeriesID"),
    *_titles("Series"),
    AltIdentifiers("SeriesAltIdentifier", ("SeriesID", "SeriesAltID", "RetailerSeriesID")),
    text("NumberOfSeasons", "SeasonCount", xml_texts.whole, "Estimate"),
    _CREDIT,
)
_SERIES_NEEDS = required("SeriesContentID", "SeriesTitleInternalAlias")
_SEASON_ORDER = (
    "SeasonContentID SeasonEIDR-URN SeasonTitleDisplayUnlimited SeasonTitleInternalAlias "
    "SeasonNumber VersionDescription ReleaseDate ReleaseHistory USACaptionsExemptionReason Ratings "
    "SeasonAltIdentifier NumberOfEpisodes SeasonStatus SeriesMetadata"
)
_SEASON: tuple[Lens, ...] = (
    identifier("SeasonContentID", "SeasonContentID"),
    eidr("SeasonEIDR-URN", "SeasonID"),
    *_titles("Season"),
    AltIdentifiers("SeasonAltIdentifier", ("SeasonID", "SeasonAltID", "RetailerSeasonID")),
    text("NumberOfEpisodes", "EpisodeCount", xml_texts.whole, "Estimate"),
)
_SEASON_NEEDS = required("SeasonContentID", "SeasonNumber")

# The part that describes the work offered, by the name of its element
METADATA = {
    "Metadata": Part(
        "Metadata",
        f"{_ASSET_ORDER} CompanyDisplayCredit",
        (
            *_ASSET,
            *_titles(""),
            eidr("EditEIDR-URN", "EditID"),
            eidr("TitleEIDR-URN", "TitleID"),
            AltIdentifiers(
                "AltIdentifier",
                ("EditID", "TitleID", "AltID", "RetailerID1", "RetailerID2", "RetailerID3"),
            ),
            _CREDIT,
        ),
        required("TitleInternalAlias"),
    ),
    "EpisodeMetadata": Part(
        "Metadata",
        f"{_ASSET_ORDER} EpisodeNumber SeasonMetadata SeriesMetadata",
        (
            *_ASSET,
            *_titles("", "Episode"),
            eidr("EditEIDR-URN", "EpisodeID"),
            eidr("TitleEIDR-URN", "EpisodeTitleID"),
            AltIdentifiers(
                "AltIdentifier",
                (
                    "EpisodeID",
                    "EpisodeTitleID",
                    "EpisodeAltID",
                    "RetailerEpisodeID1",
                    "RetailerEpisodeID2",
                ),
            ),
            number("EpisodeNumber", "EpisodeNumber", "DistributionNumber"),
        ),
        required("TitleInternalAlias", "EpisodeNumber"),
    ),
    "SeasonMetadata": Part(
        "Metadata",
        _SEASON_ORDER,
        (*_SEASON, *_WORK, number("SeasonNumber", "SeasonNumber", "DistributionNumber")),
        _SEASON_NEEDS,
    ),
    "SeriesMetadata": Part(
        "Metadata", _SERIES_ORDER, (*_SERIES, *_WORK), _SERIES_NEEDS, takes_others=True
    ),
    "VolumeMetadata": Part(
        "Metadata",
        "VolumeContentID VolumeEIDR-URN VolumeTitleDisplayUnlimited VolumeTitleInternalAlias "
        "VolumeNumber VersionDescription ReleaseDate ReleaseHistory USACaptionsExemptionReason "
        "Ratings VolumeAltIdentifier VolumeFirstEpisodeNumber VolumeNumberOfEpisodes Status "
        "SeasonMetadata SeriesMetadata",
        (
            *_WORK,
            identifier("VolumeContentID", "VolumeContentID"),
            eidr("VolumeEIDR-URN", "VolumeID"),
            *_titles("Volume"),
            number("VolumeNumber", "VolumeNumber", "VolumeDistributionNumber"),
            AltIdentifiers("VolumeAltIdentifier", ("VolumeID", "VolumeAltID", "RetailerVolumeID")),
        ),
        required("VolumeContentID", "VolumeNumber"),
    ),
}
# The field that an Asset's contentID is, by the name of its metadata
CONTENT_IDS = {
    "Metadata": "ContentID",
    "EpisodeMetadata": "EpisodeContentID",
    "SeasonMetadata": "SeasonContentID",
    "SeriesMetadata": "SeriesContentID",
    "VolumeMetadata": "VolumeContentID",
}
# The season that an episode or a volume is part of, and the series that anything is part of
SEASON_PART = Part(
    "Season", _SEASON_ORDER, (*_SEASON, number("SeasonNumber", "SeasonNumber")), _SEASON_NEEDS
)
SERIES_PART = Part("Series", _SERIES_ORDER, _SERIES, _SERIES_NEEDS, takes_others=True)
SEASON_FIELDS = (
    "SeasonContentID",
    "SeasonNumber",
    "SeasonID",
    "SeasonAltID",
    "SeasonTitleDisplayUnlimited",
    "SeasonTitleInternalAlias",
    "EpisodeCount",
    "RetailerSeasonID",
)
