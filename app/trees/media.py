"""How a title reaches its audience: the media that rights are sold for."""

from typing import Final, NamedTuple

from app.trees.groups import Group, GroupTree, Member


class Medium(NamedTuple):
    """A line of the outline.

    A leaf has the first of its numbers (those up to the next leaf's are to spare), and the
    LicenseType of Avails 2.7 that says the same, where there is one.
    """

    code: str
    within: str | None
    name: str
    number: int | None = None
    license_type: str | None = None


# Numbers are stored: never renumber.
OUTLINE: Final = (
    Medium("ALL", None, "All media"),
    Medium("THEATRICAL", "ALL", "Cinema", 0),
    Medium("NON_THEATRICAL", "ALL", "Non-theatrical"),
    Medium("AIRLINE", "NON_THEATRICAL", "Airlines", 16),
    Medium("SHIP", "NON_THEATRICAL", "Ships", 32),
    Medium("HOTEL", "NON_THEATRICAL", "Hotels", 48),
    Medium("EDUCATIONAL", "NON_THEATRICAL", "Schools, universities, libraries", 64),
    Medium("HOME_ENTERTAINMENT", "ALL", "Home entertainment"),
    Medium("PHYSICAL", "HOME_ENTERTAINMENT", "Discs and other carriers", 80),
    Medium("TRANSACTIONAL", "HOME_ENTERTAINMENT", "Digital sale and rental"),
    Medium("EST", "TRANSACTIONAL", "Digital sale (electronic sell-through)", 96, "EST"),
    Medium("TVOD", "TRANSACTIONAL", "Digital rental (transactional video on demand)", 112, "VOD"),
    Medium("SVOD", "ALL", "Subscription video on demand", 128, "SVOD"),
    Medium("AVOD", "ALL", "Video paid for by advertising, on demand or as channels"),
    Medium("AVOD_ON_DEMAND", "AVOD", "Advertising video on demand, without channels", 144, "AVOD"),
    Medium("FAST", "AVOD", "Free ad-supported streaming channels", 160, "AVOD"),
    Medium("TV", "ALL", "Television"),
    Medium("PAY_TV", "TV", "Pay television", 176),
    Medium("FREE_TV", "TV", "Free television", 192),
    Medium("MICRODRAMA_APP", "ALL", "Microdrama apps, paid by the episode", 208),
    Medium("DERIVATIVE", "ALL", "Derivative works"),
    Medium("REMAKE", "DERIVATIVE", "Remake", 224),
    Medium("FORMAT", "DERIVATIVE", "Format", 240),
    Medium("DUBBING", "DERIVATIVE", "Dubbing", 256),
)
_END: Final = 272

# What else these are called
_ALSO: Final = {
    "AIRLINES": "AIRLINE",
    "INFLIGHT": "AIRLINE",
    "CINEMA": "THEATRICAL",
    "DVD": "PHYSICAL",
    "DTO": "EST",
    "DTR": "TVOD",
    "VOD": "TVOD",
    "PVOD": "TVOD",
    "BVOD": "AVOD",
    "PAYTV": "PAY_TV",
    "FREETV": "FREE_TV",
    "MICRODRAMA": "MICRODRAMA_APP",
}

MEDIA: Final = GroupTree(
    "media",
    "medium",
    numbers={medium.code: medium.number for medium in OUTLINE if medium.number is not None},
    end=_END,
    groups={
        group.code: Group(
            group.code,
            group.name,
            tuple(Member(medium.code) for medium in OUTLINE if medium.within == group.code),
        )
        for group in OUTLINE
        if group.number is None
    },
    order=[medium.code for medium in OUTLINE],
    hint=_ALSO.get,
)

# Each leaf's LicenseType of Avails 2.7; None where Avails can't say it
LICENSE_TYPES: Final = {
    medium.code: medium.license_type for medium in OUTLINE if medium.number is not None
}
