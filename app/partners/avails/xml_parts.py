"""An Avail of XML 2.7 and its parts, but for what describes its work.

Source: avails-v2.7.xsd. The schemas 2.2 to 2.6 have the same elements in the same order, or fewer.
"""

from app.partners.avails import vocabulary, xml_texts
from app.partners.avails.rows import AvailRow
from app.partners.avails.xml_lenses import Flag
from app.partners.avails.xml_metadata import Bundle, Entitlements
from app.partners.avails.xml_part import Part, identifier, organisation, required, text
from app.partners.avails.xml_terms import Terms
from app.partners.avails.xml_transactions import (
    AssetLanguages,
    Format,
    Languages,
    Regions,
    When,
)

DISPOSITION = Part(
    "Disposition",
    "EntryType IssueDate",
    (text("EntryType", "EntryType"),),
    required("EntryType"),
    takes_others=True,
)
ASSET = Part(
    "Asset",
    "WorkType WorkTypeDetail Metadata EpisodeMetadata SeasonMetadata SeriesMetadata VolumeMetadata "
    "BundledAsset",
    (text("WorkType", "WorkType"), Bundle()),
    required("WorkType"),
    takes_others=True,
)
TRANSACTION_PART = Part(
    "Transaction",
    "Licensee LicenseType Description Territory TerritoryExcluded Start StartCondition End "
    "EndCondition WindowDuration AllowedLanguage AssetLanguage HoldbackLanguage "
    "LicenseRightsDescription FormatProfile ContractID ReportingID RefALID Term "
    "ExperienceCondition OtherInstructions",
    (
        organisation("Licensee", "Licensee"),
        text("LicenseType", "LicenseType"),
        text("Description", "Description"),
        Regions("Territory", "Territory"),
        Regions("TerritoryExcluded", "TerritoryExclusion"),
        When("Start", "00:00:00"),
        When("End", "23:59:59"),
        text("WindowDuration", "WindowDuration", xml_texts.duration),
        Languages("AllowedLanguage", "AllowedLanguages"),
        AssetLanguages(),
        Languages("HoldbackLanguage", "HoldbackLanguage"),
        text("LicenseRightsDescription", "LicenseRightsDescription"),
        Format(),
        text("ContractID", "ContractID"),
        text("ReportingID", "ReportingID"),
        text("OtherInstructions", "OtherInstructions"),
        # The last: it says all that the others could not.
        Terms(),
    ),
    required("LicenseType"),
)
_AVAIL_ORDER = (
    "Compatibility ALID AssociatedALID Disposition Licensor ServiceProvider AvailType "
    "ShortDescription Asset Transaction CoreMetadata SharedEntitlement ExceptionFlag"
)
_ALIASES = (
    "TitleInternalAlias",
    "EpisodeTitleInternalAlias",
    "SeasonTitleInternalAlias",
    "VolumeTitleInternalAlias",
    "SeriesTitleInternalAlias",
)


def _avail_type(row: AvailRow) -> str:
    return vocabulary.AVAIL_TYPES.get(row.get("WorkType"), "single")


def _short_description(row: AvailRow) -> str:
    return next(filter(None, map(row.get, _ALIASES)), "")


AVAIL = Part(
    "Avail",
    _AVAIL_ORDER,
    (
        identifier("ALID", "ALID"),
        organisation("Licensor", "DisplayName", "retailerSpecificID"),
        organisation("ServiceProvider", "ServiceProvider", "retailerSpecificID"),
        Entitlements(),
        Flag("ExceptionFlag"),
    ),
    {
        **required("ALID", "Licensor"),
        "AvailType": _avail_type,
        "ShortDescription": _short_description,
    },
    ("updateNum", "workflow", "updateDeliveryType", "versionDescription", "timestamp"),
)
AVAIL_PLACES = AVAIL.places
