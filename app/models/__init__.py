"""All tables, a file per noun: the data model at a glance."""

from app.models.accounts import (
    Invitation,
    LoginFailure,
    Organisation,
    Person,
    RefreshToken,
    Role,
    Session,
    Standing,
)
from app.models.base import Base
from app.models.catalogue import Title, TitleState, TitleText
from app.models.journal import Event, IdempotencyKey
from app.models.meetings import (
    AgendaEntry,
    Meeting,
    MeetingAttendee,
    MeetingRequest,
    MeetingRequestState,
)
from app.models.operations import Operation, OperationFinding, OperationState, Severity
from app.models.profiles import BuyerProfile, Profile, SellerProfile
from app.models.rights import (
    FreeBox,
    Holdback,
    Holding,
    Licence,
    Offering,
    Source,
)
from app.models.screeners import (
    Screener,
    ScreenerGrant,
    ScreenerRequest,
    ScreenerRequestState,
    ScreenerState,
)
from app.models.vocabulary import (
    CreditRole,
    Exclusivity,
    Genre,
    Kind,
    Sought,
    Stage,
)

__all__ = [
    "AgendaEntry",
    "Base",
    "BuyerProfile",
    "CreditRole",
    "Event",
    "Exclusivity",
    "FreeBox",
    "Genre",
    "Holdback",
    "Holding",
    "IdempotencyKey",
    "Invitation",
    "Kind",
    "Licence",
    "LoginFailure",
    "Meeting",
    "MeetingAttendee",
    "MeetingRequest",
    "MeetingRequestState",
    "Offering",
    "Operation",
    "OperationFinding",
    "OperationState",
    "Organisation",
    "Person",
    "Profile",
    "RefreshToken",
    "Role",
    "Screener",
    "ScreenerGrant",
    "ScreenerRequest",
    "ScreenerRequestState",
    "ScreenerState",
    "SellerProfile",
    "Session",
    "Severity",
    "Sought",
    "Source",
    "Stage",
    "Standing",
    "Title",
    "TitleState",
    "TitleText",
]
