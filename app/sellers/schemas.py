"""What goes in and out of seller profiles."""

from app.profiles.schemas import ProfileIn, ProfileItem, ProfileOut


class SellerIn(ProfileIn):
    """What a company sells: kinds and genres of titles, where, in which media and languages."""


class SellerItem(ProfileItem):
    """A seller as the list shows it."""


class SellerOut(ProfileOut):
    """A seller's profile as a whole."""
