"""Who may know of which fact, and how a fact is shown: feed, webhooks and exports start here."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from app.actors import Actor
from app.catalogue.items import instant
from app.db import Read
from app.models.journal import Event, EventPosition, EventRetention

# What organisers see of every company's, they may know of as it happens.
ORGANISERS_NOUNS = (
    "accreditation",
    "hall",
    "market",
    "meeting",
    "meeting_request",
    "organisation",
    "place",
    "schedule_run",
)
# Positions that one statement looks through: who may know of few facts costs no more than others.
WINDOW = 10_000
_ORGANISATION: ColumnElement[int] = bindparam("organisation_id", type_=BigInteger)


def noun_of_type() -> ColumnElement[str]:
    """Give what a fact is about: what stands before the point."""
    return func.split_part(Event.type, ".", 1, type_=Text)


def visible_facts(actor: Actor) -> Select[Any]:
    """Select the facts an actor may know of, as they are shown, in no order yet.

    Order by `EventPosition.position`, and narrow by it: never by ids or instants.
    """
    statement = facts_of(is_organiser=actor.is_organiser)
    return statement.params(organisation_id=actor.organisation_id)


def facts_of(*, is_organiser: bool) -> Select[Any]:
    """Select the facts that the people and clients of `:organisation_id` may know of."""
    return _shown(is_organiser=is_organiser).where(may_know(is_organiser=is_organiser))


def may_know(*, is_organiser: bool) -> ColumnElement[bool]:
    """Say that `:organisation_id` may know of a fact: it concerns them, or the whole market."""
    known = or_(Event.is_public, any_(Event.organisation_ids) == _ORGANISATION)
    if not is_organiser:
        return known
    return or_(known, noun_of_type() == any_(literal(list(ORGANISERS_NOUNS), ARRAY(Text))))


def _shown(*, is_organiser: bool) -> Select[Any]:
    # Who of another company it was is that company's affair.
    is_own = true() if is_organiser else Event.organisation_id == _ORGANISATION
    return select(
        cast(Event.id, Text).label("id"),
        EventPosition.position,
        Event.type,
        cast(Event.subject_id, Text).label("subject_id"),
        instant(Event.occurred_at).label("occurred_at"),
        cast(Event.organisation_id, Text).label("organisation_id"),
        case((is_own, cast(Event.person_id, Text))).label("person_id"),
        case((is_own, cast(Event.client_id, Text))).label("client_id"),
        Event.data,
    ).join_from(EventPosition, Event, Event.id == EventPosition.event_id)


@cache
def page_read(*, is_organiser: bool, is_filtered: bool) -> Read:
    """Read the facts after `:after` as JSON, how many, the last one's position, and the ends."""
    after = bindparam("after", type_=BigInteger)
    page = (
        facts_of(is_organiser=is_organiser)
        .where(EventPosition.position > after, EventPosition.position <= after + WINDOW)
        .order_by(EventPosition.position)
        .limit(bindparam("limit", type_=BigInteger))
    )
    if is_filtered:
        page = page.where(
            or_(
                Event.type == any_(bindparam("types", type_=ARRAY(Text))),
                noun_of_type() == any_(bindparam("nouns", type_=ARRAY(Text))),
            )
        )
    shown = page.subquery("fact")
    items = func.json_agg(func.row_to_json(literal_column("fact")))
    return Read(
        select(
            func.coalesce(cast(items, Text), "[]").label("items"),
            func.count().label("count"),
            func.max(shown.c.position).label("last"),
            select(func.coalesce(func.max(EventPosition.position), 0))
            .scalar_subquery()
            .label("head"),
            select(EventRetention.gone_position).scalar_subquery().label("gone"),
        ).select_from(shown)
    )
