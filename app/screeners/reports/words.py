"""What a report says in words: for those who can't see its picture."""

from collections.abc import Iterator

from app.screeners.reports.rules import Report

# Of the film: where the curve is told in words
TOLD = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
MOST_REWINDS_TOLD = 3


def clock(milliseconds: float) -> str:
    """Write a place of the film: `1:02:03`."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def place(report: Report, share: float) -> str:
    """Write a place of the film by the clock, or where it has several lengths as a share."""
    return f"{100 * share:.0f} %" if report.duration is None else clock(share * report.duration)


def summary_of(report: Report) -> str:
    """Say in a line how much was watched."""
    viewers, viewings = len(report.lines), report.viewings
    return (
        f"{viewers:,} {_plural(viewers, 'viewer')}, {viewings:,} {_plural(viewings, 'viewing')}, "
        f"{report.watched / 3_600_000:,.1f} hours watched; on average "
        f"{100 * report.mean_share:.0f} % of the film seen; "
        f"{report.completions:,} saw nine tenths of it."
    )


def sentences_of(report: Report) -> Iterator[str]:
    """Say what the curve shows: who was still there, and where they went back to."""
    if not report.viewings:
        yield "Nobody has watched it."
        return
    for share in TOLD:
        point = report.curve[int(share * len(report.curve))]
        yield f"At {place(report, point.begins)}: {100 * point.seen:.0f} % of viewings."
    often = sorted(report.curve, key=lambda point: -point.rewinds)[:MOST_REWINDS_TOLD]
    for point in often:
        if point.rewinds:
            times = f"{point.rewinds:,} {_plural(point.rewinds, 'time')}"
            yield f"Gone back to {place(report, point.begins)}: {times}."


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
