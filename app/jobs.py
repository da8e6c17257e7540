"""Work for after the answer: a job is deferred in the transaction that makes it necessary."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# A queue waits for nothing but itself: what takes minutes has one of its own.
DEFAULT, LONG, MEDIA = "default", "long", "media"

# procrastinate's own SQL entry point, called on our connection so that both commit or neither.
_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW("
    ":queue, :task, 0, NULL, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz)"
    ")::procrastinate_job_to_defer_v1])"
)


async def defer(
    session: AsyncSession,
    task: str,
    *,
    queue: str = DEFAULT,
    at: datetime | None = None,
    **arguments: Any,  # noqa: ANN401  # JSON values
) -> None:
    """Have the worker run `task` with these arguments, not before `at`; at least once."""
    await session.execute(
        _DEFER,
        {
            "queue": queue,
            "task": task,
            "args": json.dumps(arguments),
            "at": at or datetime.now(UTC),
        },
    )
