"""Rows of the ledgers made of avails: an offering of each, and one holding for all of a title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from app.models.rights import Source
from app.models.vocabulary import Exclusivity
from app.partners.avails import ledgers
from app.partners.avails.batches import Keyed
from app.partners.avails.dates import NOW
from app.partners.avails.ledgers import BOX, Days
from app.partners.avails.meaning import Offered
from app.partners.avails.rows import as_json
from app.trees.multiranges import union

_ONE_DAY = timedelta(days=1)
_SAID = ("title_id", "exclusivity", "price", "visible_to", "note")


class Fate(StrEnum):
    """What became of a row's offering."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Offer:
    """What an avail offers of which title, to whom."""

    keyed: Keyed
    title_id: int
    offered: Offered
    visible_to: list[int] | None

    def row(self) -> dict[str, Any]:
        """Make the row of an offering, as JSON that PostgreSQL reads."""
        price = self.offered.price
        is_exclusive = self.offered.is_exclusive
        return {
            "title_id": self.title_id,
            **ledgers.box_as_json(*self.sets, self.term),
            "exclusivity": Exclusivity.EXCLUSIVE if is_exclusive else Exclusivity.NON_EXCLUSIVE,
            "price": price.money | {"note": price.words} if price and price.money else None,
            "note": price.words if price and not price.money else None,
            "visible_to": self.visible_to,
            "source": Source.AVAILS,
            "avails": as_json(self.keyed.avail.row),
            "avails_key": self.keyed.key,
        }

    @property
    def sets(self) -> tuple[Any, Any, Any]:
        """Give where, how and in which languages."""
        return self.offered.territories, self.offered.media, self.offered.languages

    @property
    def term(self) -> Days:
        """Give when: for ever, where the last day is the last of all."""
        days = self.offered.days
        if days.last is None or days.last == date.max:
            return days.first, None
        return days.first, days.last + _ONE_DAY


@dataclass(frozen=True, slots=True)
class Written:
    """An offer and its row, and whether it is new or changed."""

    offer: Offer
    row: dict[str, Any]
    fate: Fate


def written(offer: Offer, known: Any) -> Written:  # noqa: ANN401  # a row of the database
    """Tell what becomes of an offer, given what the same avail made before."""
    row = offer.row()
    if known is None:
        return Written(offer, row, Fate.CREATED)
    fate = Fate.UNCHANGED if _is_same(known, row, offer) else Fate.UPDATED
    return Written(offer, row | {"id": known.id}, fate)


def _is_same(known: Any, row: dict[str, Any], offer: Offer) -> bool:  # noqa: ANN401
    """Tell whether a row says what it said; what is offered from now on began when it was new."""
    if any(getattr(known, name) != row[name] for name in _SAID):
        return False
    # The same in a file of another version is the same.
    if known.avails | {"version": ""} != row["avails"] | {"version": ""}:
        return False
    avail = offer.keyed.avail.row
    if {avail.get("Start"), avail.get("End")} & NOW:
        return True
    box = _box_of(known)
    return all(box[name] == row[name] for name in BOX)


def holdings(offers: Iterable[Offer], own: dict[int, Any]) -> list[dict[str, Any]]:
    """Make or widen the one holding of each title, so that all that is offered is in it.

    `own` has the holdings that avails made before. What is held no longer needed stays: only
    people say that they hold less.
    """
    of_title: dict[int, list[Offer]] = {}
    for offer in offers:
        of_title.setdefault(offer.title_id, []).append(offer)
    rows = []
    for title_id, some in of_title.items():
        known = own.get(title_id)
        row = {"title_id": title_id} | _around(some, known)
        if known is None:
            rows.append(row)
        elif any(row[name] != each for name, each in _box_of(known).items() if name in BOX):
            rows.append(row | {"id": known.id})
    return rows


def _around(offers: Sequence[Offer], known: Any) -> dict[str, Any]:  # noqa: ANN401
    sets = [offer.sets for offer in offers]
    terms = [offer.term for offer in offers]
    if known is not None:
        sets.append((known.territories, known.media, known.languages))
        terms.append((known.term.lower, known.term.upper))
    territories, media, languages = (
        union(*dict.fromkeys(each)) for each in zip(*sets, strict=True)
    )
    ends = [end for _, end in terms]
    last = None if None in ends else max(end for end in ends if end)
    term = min(first for first, _ in terms), last
    return ledgers.box_as_json(territories, media, languages, term)


def _box_of(known: Any) -> dict[str, Any]:  # noqa: ANN401
    term = known.term.lower, known.term.upper
    return ledgers.box_as_json(known.territories, known.media, known.languages, term)
