"""`make bench`: what FilmMart costs, beside what the same machine can do at best.

For each size of market the same questions are asked in rounds, one kind after the other, and the
median of the rounds is taken: the machine's noise falls on all kinds alike. What counts are ratios.
"""

import argparse
import json
import platform
import sys
from pathlib import Path

from benchmarks import (
    avails,
    bulk,
    clients,
    feed,
    http,
    imports,
    ledger,
    planning,
    playback,
    rights,
    sales,
    sql,
    transcode,
    uploads,
)
from benchmarks.market import market
from benchmarks.report import machine, report

SIZES = (10_000, 100_000, 1_000_000)
# A market as it is: so many titles, each with 300 rows in its ledgers
MANY = 5_000
FOLDER = Path(".filmmart/bench")


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--titles", type=int, nargs="+", default=SIZES, help="sizes of the market")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="whose median is taken")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the markets are kept")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results.json"))
    parser.add_argument(
        "--planning", nargs="*", metavar="MARKET", help="plan schedules, and measure nothing else"
    )
    arguments = parser.parse_args()
    if arguments.planning is not None:
        print(planning.report(planning.measure(arguments.planning or planning.names())))
        return
    found: dict[str, object] = {"machine": machine(), "python": platform.python_version()}
    for titles in arguments.titles:
        print(f"A market of {titles:,} titles", file=sys.stderr)
        with market(arguments.folder.absolute(), titles) as measured:
            found[str(titles)] = {
                "sql": sql.measure(measured) | rights.measure(measured),
                "http": http.measure(measured, arguments.seconds, arguments.rounds),
            }
    with market(arguments.folder.absolute(), arguments.titles[0]) as measured:
        found["import"] = imports.measure(measured)
        found["avails"] = avails.measure(measured)
        found["bulk"] = bulk.measure(measured)
        found["upload"] = uploads.measure(measured)
        found["sales"] = sales.measure(measured)
        found["playback"] = playback.measure(measured)
        found["ledger"] = ledger.measure(measured)
        found["clients"] = clients.measure(measured)
        found["feed"] = feed.measure(measured)
    found["transcode"] = transcode.measure()
    with market(arguments.folder.absolute(), MANY, "many") as measured:
        found["many"] = rights.measure(measured)
    arguments.output.write_text(json.dumps(found, indent=2) + "\n")
    print(report(found))


if __name__ == "__main__":
    main()
