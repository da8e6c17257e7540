"""The figures as a table, with the floors they are held to."""

import os
from pathlib import Path
from typing import Any

Found = dict[str, Any]
GIB = 2**30


def machine() -> str:
    """Describe the machine in a line."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB"


def report(found: Found) -> str:
    """Write the tables in Markdown."""
    sizes = [key for key in found if key.isdigit()]
    rows = [f"Machine: {found['machine']}, Python {found['python']}.", ""]
    rows += ["| answers a second | " + " | ".join(f"{int(size):,}" for size in sizes) + " |"]
    rows += ["|---|" + "---|" * len(sizes)]
    for kind in found[sizes[0]]["http"]:
        rows.append(_row(kind, [f"{found[size]['http'][kind]:,.0f}" for size in sizes]))
    rows += ["", "| ratio | floor | " + " | ".join(f"{int(size):,}" for size in sizes) + " |"]
    rows += ["|---|---|" + "---|" * len(sizes)]
    for name, over, under, floor in RATIOS:
        values = [found[size]["http"][over] / found[size]["http"][under] for size in sizes]
        rows.append(_row(f"{name} | {floor}", [f"{value:.2f}" for value in values]))
    rows += [
        "",
        "| milliseconds of SQL, p50 / p95 | " + " | ".join(f"{int(s):,}" for s in sizes) + " |",
    ]
    rows += ["|---|" + "---|" * len(sizes)]
    for kind in found[sizes[0]]["sql"]:
        pairs = [found[size]["sql"][kind] for size in sizes]
        rows.append(_row(kind, [f"{p50:.2f} / {p95:.2f}" for p50, p95 in pairs]))
    rows += ["", "| one market: 5,000 titles x 300 rows, milliseconds | p50 / p95 |", "|---|---|"]
    rows += [_row(kind, [f"{p50:.2f} / {p95:.2f}"]) for kind, (p50, p95) in found["many"].items()]
    rows += ["", f"Import: {found['import']['rows_per_second']:,.0f} rows a second, one process."]
    bulk = found["bulk"]
    rows += [f"Over HTTP: import {bulk['import']['rows_per_second']:,.0f} rows a second."]
    rows += [
        f"Export as {name}: {bulk[name]['rows']:,} titles in {bulk[name]['seconds']:.1f} s, "
        f"{bulk[name]['worker_mib']:.0f} MiB."
        for name in ("ndjson", "csv", "xlsx")
    ]
    rows += [f"Avails: {found['avails']['rows_per_second']:,.0f} rows a second, one process."]
    rows += [f"Upload: {found['upload']['api_cpu_seconds_per_gib']:.4f} s of the API's CPU a GiB."]
    speed = found["transcode"]["seconds_of_film_a_second"]
    rows += [f"Transcoding 1080p25 into 360p to 1080p: {speed:.2f} s of film a second."]
    signing = found["upload"]["milliseconds_for_200_part_urls"]
    rows += [f"Part URLs: 200 signed in {signing:.1f} ms."]
    sold, p95 = found["sales"]["licences_per_second"], found["sales"]["p95_ms"]
    rows += [f"Sales: {sold:,.0f} licences a second through one worker, p95 {p95:.0f} ms."]
    rows += ["", "| playback | |", "|---|---|"]
    rows += [_row(kind, [f"{value:,.1f}"]) for kind, value in found["playback"].items()]
    rows += ["", "| the ledger of viewings | |", "|---|---|"]
    rows += [_row(kind, [f"{value:,.1f}"]) for kind, value in found["ledger"].items()]
    rows += ["", "| who calls | |", "|---|---|"]
    rows += [_row(kind, [f"{value:,.1f}"]) for kind, value in found["clients"].items()]
    rows += ["", "| the feed of facts, a second | |", "|---|---|"]
    rows += [_row(kind, [f"{value:,.0f}"]) for kind, value in found["feed"].items()]
    return "\n".join(rows)


RATIOS = (
    ("page / raw asyncpg, plain columns", "page", "raw_page_of_columns", "≥ 0.27"),
    ("page / raw asyncpg, same statement", "page", "raw_page", ""),
    ("page asked before / raw asyncpg, plain columns", "page_kept", "raw_page_of_columns", "aim 1"),
    ("page / our ORM endpoint", "page", "orm_page", "≥ 3.5"),
    ("get / raw asyncpg, plain columns", "get", "raw_get_of_columns", "≥ 0.16"),
    ("get / raw asyncpg, same statement", "get", "raw_get", ""),
    ("get / our ORM endpoint", "get", "orm_get", ""),
)


def _row(name: str, values: list[str]) -> str:
    return f"| {name} | " + " | ".join(values) + " |"
