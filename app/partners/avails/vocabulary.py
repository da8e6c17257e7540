"""The words of Avails.

Source: vocabulary 2.7 of Motion Picture Laboratories, and the data dictionaries of the
spreadsheets 1.6 and 1.7.2, which still know AVOD and more formats.
"""

FULL_EXTRACT, FULL_DELETE = "Full Extract", "Full Delete"
CREATE, UPDATE, DELETE = "Create", "Update", "Delete"
ENTRY_TYPES = frozenset({FULL_EXTRACT, FULL_DELETE, CREATE, UPDATE, DELETE})

LICENSE_TYPES = frozenset({"EST", "VOD", "SVOD", "AVOD", "POEST", "Pre-Release", "Library"})
FORMATS = frozenset({"UHD", "HD", "SD", "3D", "3DUHD", "3DHD", "3DSD"}) | {
    "HFR", "3DHFR", "4K", "3D4K",  # until 1.6
}  # fmt: skip
LOCALIZATIONS = frozenset({"sub", "dub", "subdub", "any"})
TITLE_STATUSES = frozenset({"Pending", "Approved", "Revoked", "Expired"})
CAPTION_EXEMPTIONS = frozenset("123456")
CONDITIONS = frozenset(
    {"Open", "Immediate", "ESTStart", "EST", "Broadcast", "Completed", "Theatrical", "TBD"}
)
# Any other is allowed, and most often a slip.
RIGHTS_DESCRIPTIONS = frozenset(
    {
        "DD-Theatrical",
        "DTV",
        "Early EST",
        "Early VOD",
        "Library",
        "Mega-Library",
        "New Release",
        "Next Day TV",
        "POD",
        "Pre-Theatrical",
        "Preorder EST",
        "Preorder VOD",
        "Priority Library",
        "Season Only",
    }
)

NOT_PRICED, SRP = "NA", "SRP"
# Prices that are a name or the number of a tier, and no amount of money
PRICES_IN_WORDS = frozenset(
    {"Tier", "TPR-Tier", "Category", "TPR-Category", NOT_PRICED, "Included"}
)
_AMOUNTS = ("WSP", "EpisodeWSP", "SeasonWSP", "DMRP", "SMRP", "LicenseFee")
# Types whose Term is the price; SRP is one too, and a column of its own.
PRICE_TYPES = PRICES_IN_WORDS | {
    name for amount in _AMOUNTS for name in (amount, f"TPR-{amount}", f"{amount}-PostTax")
}  # fmt: skip
PRICE_WORDS = frozenset({"TBD"})
NO_DATE = "N/A"

# By a work's type, what it is in our catalogue
KINDS = {
    "Movie": "feature",
    "Feature Film": "feature",
    "Short": "short",
    "Series": "series",
    "Miniseries": "series",
    "Mini-series": "series",
    "Season": "season",
    "Episode": "episode",
    "Volume": "volume",
    "Collection": "collection",
    "Bundle": "collection",
    "Supplement": "supplement",
    "Promotion": "supplement",
}
# What XML calls an avail of such a work
AVAIL_TYPES = {
    "Series": "series",
    "Miniseries": "miniseries",
    "Mini-series": "miniseries",
    "Season": "season",
    "Episode": "episode",
    "Volume": "volume",
    "Collection": "collection",
    "Bundle": "bundle",
    "Supplement": "supplement",
    "Promotion": "promotion",
}
