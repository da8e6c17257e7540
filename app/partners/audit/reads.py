"""Who may read which entries: every read starts here."""

from typing import Any

from sqlalchemy import Select, Text, cast, func, select

from app.actors import Actor
from app.models.journal import Event, EventPosition


def visible_entries(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Select what an actor may audit: what their own company did; organisers, all of it."""
    statement = select(
        Event.id,
        EventPosition.position,
        Event.type,
        Event.subject_id,
        Event.occurred_at,
        Event.organisation_id,
        Event.person_id,
        Event.client_id,
        cast(func.host(Event.address), Text).label("address"),
        Event.request_id,
        Event.data,
        func.encode(EventPosition.hash, "hex").label("hash"),
    ).join(EventPosition, EventPosition.event_id == Event.id)
    if actor.is_organiser:
        return statement
    return statement.where(Event.organisation_id == actor.organisation_id)
