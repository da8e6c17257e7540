"""Rate limits: what of a caller's window the processes that serve have taken."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Instant


class RateWindow(Base):
    """A caller's window; `app.limits` takes leases from it, a few of them a second."""

    __tablename__ = "rate_windows"
    __table_args__ = (Index("ix_rate_windows_ends_at", "ends_at"),)

    # "<limit>:<whose>": "requests:person:42"
    subject: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[Instant]
    # Units that processes hold or have spent, and what the last lease was
    taken: Mapped[int]
    granted: Mapped[int]
