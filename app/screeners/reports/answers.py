"""A report as JSON and as a table."""

import io
from collections.abc import Iterator

from defusedcsv import csv

from app.screeners.reports.rules import Report, ViewerLine
from app.screeners.reports.schemas import MOST_VIEWERS, CurvePoint, ViewerOut, ViewingReport
from app.screeners.reports.words import clock

COLUMNS = (
    "viewer",
    "by_link",
    "organisation",
    "organisation_country",
    "first_at",
    "last_at",
    "viewings",
    "completions",
    "watched_minutes",
    "seen_percent",
    "furthest_percent",
    "furthest",
    "rewinds",
    "skips",
    "tamperings",
    "countries",
)


def report_out(report: Report) -> ViewingReport:
    """Give a report for programs."""
    return ViewingReport(
        title_id=report.title_id,
        duration_seconds=None if report.duration is None else report.duration / 1000,
        viewer_count=len(report.lines),
        viewings=report.viewings,
        completions=report.completions,
        watched_seconds=report.watched / 1000,
        mean_seen_share=_share(report.mean_share),
        viewers=[_viewer(line) for line in report.lines[:MOST_VIEWERS]],
        curve=[
            CurvePoint(begins=_share(point.begins), seen=_share(point.seen), rewinds=point.rewinds)
            for point in report.curve
        ],
    )


def _viewer(line: ViewerLine) -> ViewerOut:
    viewer = line.viewer
    is_link = viewer.person_id is None
    organisation = {
        "id": viewer.organisation_id,
        "name": viewer.organisation,
        "country": viewer.organisation_country,
    }
    return ViewerOut.model_validate(
        {
            "person": None if is_link else {"id": viewer.person_id, "name": viewer.name},
            "recipient_name": viewer.name if is_link else None,
            "grant_id": viewer.grant_id,
            "organisation": None if is_link else organisation,
            "first_at": line.first_at,
            "last_at": line.last_at,
            "viewings": line.viewings,
            "completions": line.completions,
            "watched_seconds": line.watched / 1000,
            "seen_share": _share(line.share),
            "furthest_share": _share(line.furthest),
            "rewinds": line.rewinds,
            "skips": line.skips,
            "tamperings": line.tamperings,
            "countries": list(line.countries),
        }
    )


def _share(value: float) -> float:
    return round(value, 4)


def csv_of(report: Report) -> bytes:
    """Write every viewer's line as CSV: UTF-8 with the mark that spreadsheets look for.

    What a spreadsheet would take for a formula is made text.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(report))
    return written.getvalue().encode("utf-8-sig", errors="replace")


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    for line in report.lines:
        viewer = line.viewer
        yield (
            viewer.name,
            "yes" if viewer.person_id is None else "no",
            viewer.organisation or "",
            viewer.organisation_country or "",
            f"{line.first_at:%Y-%m-%dT%H:%M:%SZ}",
            f"{line.last_at:%Y-%m-%dT%H:%M:%SZ}",
            line.viewings,
            line.completions,
            f"{line.watched / 60_000:.1f}",
            f"{100 * line.share:.1f}",
            f"{100 * line.furthest:.1f}",
            "" if report.duration is None else clock(line.furthest * report.duration),
            line.rewinds,
            line.skips,
            line.tamperings,
            " ".join(line.countries),
        )
