"""Periods as the database keeps them: half-open and finite ranges, which a CHECK holds them to."""

from datetime import datetime
from typing import cast

from sqlalchemy.dialects.postgresql import Range

from app.agendas.rules import Period


def period_of(during: Range[datetime]) -> Period:
    """Give a range of the database to reckon with."""
    return Period(cast("datetime", during.lower), cast("datetime", during.upper))


def range_of(period: Period) -> Range[datetime]:
    """Give a period as the database keeps it."""
    return Range(period.starts_at, period.ends_at)
