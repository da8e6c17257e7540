"""The lens of ratings, of which the columns hold one: that of the row's territory."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.partners.avails import xml_texts
from app.partners.avails.columns import RATING_REGION
from app.partners.avails.rows import AvailRow, Node
from app.partners.avails.values import SEPARATOR, items
from app.partners.avails.xml_lenses import Saying, has_attributes, leaf

RATINGS = "Ratings"
_RATING = "md:Rating"


@dataclass(frozen=True, slots=True)
class Ratings:
    """The ratings of a work: all are kept here until `pick_rating` knows the row's territory."""

    elements: tuple[str, ...] = (RATINGS,)

    def read(self, node: Node, row: AvailRow) -> Node | None:
        """Keep them."""
        row.more[RATINGS] = node.children
        return None

    def write(self, saying: Saying) -> Iterator[Node]:
        """Write the one that has columns, then the others."""
        others = saying.kept(RATINGS)
        region = saying.peek(RATING_REGION) or saying.peek("Territory")
        ratings = [_rating(saying, region)] if _has_rating(saying) and _is_region(region) else []
        if ratings or others:
            yield Node(RATINGS, {}, "", [*ratings, *others])


@dataclass(frozen=True, slots=True)
class Rating:
    """What a rating says."""

    region: str
    system: str
    value: str
    reasons: list[str]


def other_ratings(row: AvailRow) -> Iterator[Rating]:
    """Give the ratings that no column holds."""
    for node in row.more.get(RATINGS, []):
        if node.name == _RATING:
            yield _said(node)


def _said(node: Node) -> Rating:
    texts = {child.name: child.text for child in node.children}
    reasons = [child.text for child in node.children if child.name == "md:Reason"]
    return Rating(_region(node), texts.get("md:System", ""), texts.get("md:Value", ""), reasons)


def pick_rating(row: AvailRow) -> None:
    """Take the rating of the row's territory into its columns, or else the first."""
    ratings = row.more.pop(RATINGS, None)
    if ratings is None:
        return
    simple = [rating for rating in ratings if _is_simple(rating)]
    territory = row.get("Territory")
    picked = next((one for one in simple if _region(one) == territory), next(iter(simple), None))
    if picked is not None:
        _take(picked, row)
    if others := [rating for rating in ratings if rating is not picked]:
        row.more = row.more | {RATINGS: others}


def _take(node: Node, row: AvailRow) -> None:
    rating = _said(node)
    if rating.region != row.get("Territory"):
        row.put(RATING_REGION, rating.region)
    row.put("RatingSystem", rating.system)
    row.put("RatingValue", rating.value)
    row.put("RatingReason", SEPARATOR.join(rating.reasons))


def _is_simple(rating: Node) -> bool:
    names = [child.name for child in rating.children]
    return (
        rating.name == _RATING
        and names[:3] == ["md:Region", "md:System", "md:Value"]
        and set(names[3:]) <= {"md:Reason"}
        and not has_attributes([rating])
        and bool(_region(rating))
    )


def _region(rating: Node) -> str:
    for child in rating.children:
        if child.name == "md:Region" and len(child.children) == 1:
            return child.children[0].text.upper()
    return ""


def _has_rating(saying: Saying) -> bool:
    return any(map(saying.peek, ("RatingSystem", "RatingValue", "RatingReason")))


def _is_region(text: str) -> bool:
    return bool(xml_texts.country(text) or xml_texts.country_region(text))


def _rating(saying: Saying, region: str) -> Node:
    kind = "md:country" if xml_texts.country(region) else "md:countryRegion"
    children = [
        Node("md:Region", {}, "", [leaf(kind, region)]),
        leaf("md:System", saying.peek("RatingSystem")),
        leaf("md:Value", saying.peek("RatingValue")),
        *(leaf("md:Reason", reason) for reason in items(saying.peek("RatingReason"))),
    ]
    saying.take(RATING_REGION, "RatingSystem", "RatingValue", "RatingReason")
    return Node(_RATING, {}, "", children)
