"""The columns of the spreadsheet 1.9, which name the fields of every avail, and their older names.

Source: the templates Movies 1.9 and TV 1.9 of Motion Picture Laboratories, their row 1 (the part
of the XML that a column belongs to) and row 2 (its name).
"""

from dataclasses import dataclass

_MOVIES = """
Avail: DisplayName Licensee
AvailTrans: AssetLanguage Territory TerritoryExclusion
Avail: StoreType
AvailAsset: WorkType
Disposition: EntryType
AvailMetadata: TitleInternalAlias TitleDisplayUnlimited LocalizationType CompanyDisplayCredit
AvailMetadata: GroupIdentity Director
AvailTrans: LicenseType LicenseRightsDescription FormatProfile HDR WCG HFR NGAudio Start
AvailTrans: StartLag End EndLag WindowDuration PriceType PriceValue PriceCurrency SRP Description
AvailTrans: Download OtherTerms OtherInstructions
AvailAsset: TitleID EditID AltID ContentID
Avail: AvailID UV_ID DMA_ID ReportingID
AvailAsset: Metadata
Avail: ALID
AvailTrans: SuppressionLiftDate SpecialPreOrderFulfillDate AnnounceDate
AvailMetadata: ReleaseYear ReleaseHistoryOriginal ReleaseHistoryPhysicalHV
Avail: ExceptionFlag
AvailMetadata: RatingSystem RatingValue RatingReason
AvailTrans: RentalDuration WatchDuration
AvailMetadata: CaptionIncluded CaptionExemption Any
AvailTrans: ContractID TitleStatus Exclusive ExclusiveAttributes BrandingRights
AvailTrans: BrandingRightsAttributes
Avail: ServiceProvider
AvailMetadata: TotalRunTime
AvailTrans: HoldbackLanguage AllowedLanguages RequiredFulfillmentLanguages
Avail: BundleALIDs
AvailMetadata: RetailerID1 RetailerID2 RetailerID3
Avail: RetailerSpare1 RetailerSpare2 RetailerSpare3
AvailAsset: PackageLabel
"""
_TV = """
Avail: DisplayName Licensee
AvailTrans: AssetLanguage Territory TerritoryExclusion
AvailAsset: WorkType
Disposition: EntryType
AvailMetadata: SeriesTitleInternalAlias SeriesTitleDisplayUnlimited SeasonNumber
AvailMetadata: VolumeTitleInternalAlias VolumeTitleDisplayUnlimited VolumeNumber
AvailMetadata: DistributionNumber VolumeDistributinoNumber EpisodeNumber LocalizationType
AvailMetadata: EpisodeTitleInternalAlias EpisodeTitleDisplayUnlimited SeasonTitleInternalAlias
AvailMetadata: SeasonTitleDisplayUnlimited EpisodeCount SeasonCount SeriesID SeasonID VolumeID
AvailMetadata: EpisodeTitleID EpisodeID SeriesAltID SeasonAltID VolumeAltID EpisodeAltID
Avail: ALID
AvailMetadata: CompanyDisplayCredit GroupIdentity Director
AvailTrans: LicenseType LicenseRightsDescription FormatProfile HDR WCG HFR NGAudio Start
AvailTrans: StartLag End EndLag WindowDuration SpecialPreOrderFulfillDate PriceType PriceValue
AvailTrans: PriceCurrency SRP Description Download OtherTerms OtherInstructions
AvailAsset: SeriesContentID SeasonContentID VolumeContentID EpisodeContentID
Avail: AvailID UV_ID DMA_ID ReportingID
AvailAsset: Metadata
AvailTrans: SuppressionLiftDate AnnounceDate
AvailMetadata: ReleaseYear ReleaseHistoryOriginal ReleaseHistoryPhysicalHV
Avail: ExceptionFlag
AvailMetadata: RatingSystem RatingValue RatingReason
AvailTrans: RentalDuration WatchDuration FixedEndDate
AvailMetadata: CaptionIncluded CaptionExemption Any
AvailTerms: ContractID
AvailTrans: TitleStatus Exclusive ExclusiveAttributes BrandingRights BrandingRightsAttributes
Avail: ServiceProvider
AvailMetadata: TotalRunTime
AvailTrans: HoldbackLanguage AllowedLanguages RequiredFulfillmentLanguages
Avail: BundledALIDs
AvailMetadata: RetailerEpisodeID1 RetailerEpisodeID2 RetailerVolumeID RetailerSeasonID
AvailMetadata: RetailerSeriesID
Avail: RetailerSpare1 RetailerSpare2 RetailerSpare3
AvailAsset: PackageLabel
"""

# The same thing under another name: of an older version, of one of the two sheets, or misspelt
# in the standard itself.
ALIASES = {
    "StoreLanguage": "AssetLanguage",
    "HoldbackExclusionLanguage": "AllowedLanguages",
    "ProductID": "EditID",
    "EpisodeProductID": "EpisodeID",
    "ExceptionsFlag": "ExceptionFlag",
    "BundleALIDs": "BundledALIDs",
    "VolumeDistributinoNumber": "VolumeDistributionNumber",
    "LocalizationOffering": "LocalizationType",
}
# What 1.6 could say and XML still can, and what XML alone can
ENCODE_ID = "EncodeID"
RATING_REGION = "RatingRegion"
MORE = frozenset({ENCODE_ID, RATING_REGION})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: its group and heading there, and the field it holds."""

    group: str
    heading: str
    field: str


def _columns(said: str) -> tuple[Column, ...]:
    lines = (line.split(":") for line in said.strip().splitlines())
    return tuple(
        Column(group, heading, ALIASES.get(heading, heading))
        for group, headings in lines
        for heading in headings.split()
    )


MOVIES = _columns(_MOVIES)
TV = _columns(_TV)
FIELDS = frozenset(column.field for column in (*MOVIES, *TV)) | MORE

# Days that are no bounds of the avail itself
DAYS_ELSEWHERE = (
    "SuppressionLiftDate",
    "SpecialPreOrderFulfillDate",
    "AnnounceDate",
    "FixedEndDate",
    "ReleaseHistoryOriginal",
    "ReleaseHistoryPhysicalHV",
)

# Columns by the version that brought them, latest first: how a sheet without one is dated.
_BROUGHT = (
    ("1.8", frozenset({"StoreType", "PackageLabel", "VolumeContentID", "Licensee", "TitleStatus"})),
    ("1.7", frozenset({"ALID", "AllowedLanguages", "AnnounceDate", "PriceCurrency", "UV_ID"})),
)
_FOLDED = {name.casefold(): name for name in sorted(FIELDS - {RATING_REGION})} | {
    alias.casefold(): name for alias, name in ALIASES.items()
}
# A sheet whose headings lack one of these holds no avails.
ENOUGH = frozenset({"WorkType", "EntryType", "LicenseType", "Territory"})


def field_of(heading: str) -> str | None:
    """Give the field that a heading names, in any version of the standard."""
    return _FOLDED.get(heading.strip().casefold())


def version_by(headings: set[str]) -> str:
    """Date a sheet that doesn't say its version, by the columns it has."""
    return next((version for version, brought in _BROUGHT if headings & brought), "1.6")
