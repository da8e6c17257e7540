"""Territories, media and languages as trees of numbers: how a set of them is written and computed.

Pure: no session, no table. A set is a multirange of the numbers of a tree, which is what the
database stores and compares; `parse` reads one as the trade writes it (`WORLD -CN -SCO`), `write`
gives the shortest such form. Numbers are stored: none ever changes its meaning.
"""

from app.trees.languages import LANGUAGES
from app.trees.media import LICENSE_TYPES, MEDIA
from app.trees.multiranges import Multirange
from app.trees.territories import TERRITORIES
from app.trees.tree import Tree

__all__ = ["LANGUAGES", "LICENSE_TYPES", "MEDIA", "TERRITORIES", "Multirange", "Tree"]
