"""Who sees which operation: every read starts from here."""

from sqlalchemy import Select, select

from app.actors import Actor
from app.models.operations import Operation


def visible_operations(actor: Actor) -> Select[Operation]:
    """Select the operations an actor may see: their own organisation's, and nobody else's."""
    return select(Operation).where(Operation.organisation_id == actor.organisation_id)
