"""Who is calling."""

from dataclasses import dataclass

from app.models.accounts import Role, Standing


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or a client of the API, and how their organisation stands.

    A client acts as a person of its organisation whom nobody meets: its service account. It has an
    admin's role, so that its scopes alone decide what it may do.
    """

    person_id: int
    organisation_id: int
    session_id: int
    role: Role
    standing: Standing
    is_organiser: bool
    sells: bool
    buys: bool
    time_zone: str
    language: str | None
    # The client of the API that calls, and what it was let do; None for people
    client_id: int | None = None
    scopes: frozenset[str] | None = None

    @property
    def is_admin(self) -> bool:
        """May speak for the organisation as a whole."""
        return self.role is Role.ADMIN

    @property
    def in_market(self) -> bool:
        """Was let into the market by its organisers."""
        return self.standing is Standing.APPROVED

    def belongs_to(self, organisation_id: int) -> bool:
        """Is one of that organisation's people."""
        return self.organisation_id == organisation_id
