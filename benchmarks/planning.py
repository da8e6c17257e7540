"""`python -m benchmarks --planning`: what a schedule costs, and how near it comes to its bound.

Each market is planned by a process of its own, so that its peak of memory is its own. The repair
is of a plan in which 1 % of the meetings are cancelled while 2 % of the requests come late.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from app.meetings.planning.budget import Budget
from app.meetings.planning.instance import Instance, Meeting
from app.meetings.planning.planner import plan
from app.meetings.planning.repairing import repair
from benchmarks.planning_markets import SIZES, Size, market
from tests.plan_checker import Checker
from tests.plan_proof import faults

# A market of MIPCOM's shape, for so many requests
GROWTH = (1_000, 2_500, 5_000, 10_000, 25_000)
CANCELLED, LATE = 0.01, 0.02
# Seconds of one core in which a market is to be planned
LIMITS = {"MIPCOM": 600, "MIPCOM, with staff": 600}
LIMIT = 60
# Of how many left-out requests the reasons are checked, too
REASONS = 200


def measure(names: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """Plan and repair the markets of some names, and print a row of each."""
    plans: list[dict[str, object]] = []
    repairs: list[dict[str, object]] = []
    for name in names:
        for work, rows in ((planned, plans), (repaired, repairs)):
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                rows.append(alone.apply(work, (name,)))
            print(rows[-1], file=sys.stderr, flush=True)
    return {"plans": plans, "repairs": repairs}


def report(found: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    """Write tables of what was found."""
    tables = []
    for rows in found.values():
        columns = list(rows[0])
        lines = [columns, ["---"] * len(columns), *([str(v) for v in r.values()] for r in rows)]
        tables.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(tables)


def names() -> list[str]:
    """Give the names of all markets."""
    return [*SIZES, *(f"{requests:,} requests" for requests in GROWTH[:-1])]


def size_of(name: str) -> Size:
    """Give the size of a market by its name."""
    if name in SIZES:
        return SIZES[name]
    requests = int(name.split(maxsplit=1)[0].replace(",", ""))
    whole = SIZES["MIPCOM"]
    share = requests / whole.requests
    return replace(
        whole,
        requests=requests,
        buyers=round(whole.buyers * share),
        exhibitors=round(whole.exhibitors * share),
    )


def planned(name: str) -> dict[str, object]:
    """Plan a market."""
    instance = market(size_of(name))
    began, cpu = time.monotonic(), time.process_time()
    found = plan(instance, budget=Budget(seconds=LIMITS.get(name, LIMIT), clock=time.process_time))
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "market": name,
        "requests": len(instance.requests),
        "meetings": len(found.meetings),
        "greedy": found.greedy.priority,
        "priority": found.score.priority,
        "bound": found.bound,
        "status": found.status.value,
        "ended": found.ended.value,
        "cost": found.score.cost,
        "greedy_cost": found.greedy.cost,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "megabytes": megabytes,
        "faults": len(faults(instance, found, most_reasons=REASONS)),
    }


def repaired(name: str) -> dict[str, object]:
    """Plan a market without those who come late, cancel some, and mend it."""
    instance, at = market(size_of(name)), Random(name)  # noqa: S311  # data, not secrets
    late = {r.id for r in instance.requests if at.random() < LATE}
    early = replace(instance, requests=tuple(r for r in instance.requests if r.id not in late))
    before = plan(early, budget=Budget(effort=0.1, seconds=LIMIT, clock=time.process_time))
    gone = {id_ for id_ in before.meetings if at.random() < CANCELLED}
    now = replace(instance, requests=tuple(r for r in instance.requests if r.id not in gone))
    known = {id_: meeting for id_, meeting in before.meetings.items() if id_ not in gone}
    began = time.monotonic()
    budget = Budget(seconds=300, clock=time.process_time)
    found = repair(now, known, waiting=before.left_out.keys(), budget=budget)
    return {
        "market": name,
        "meetings": len(known),
        "cancelled": len(gone),
        "late": len(late),
        "late_held": len(found.added & late),
        "lost": len(found.lost),
        "moved": len(found.moved),
        "seconds": round(time.monotonic() - began, 1),
        "faults": len(broken(now, found.plan.meetings)),
    }


def broken(instance: Instance, meetings: Mapping[int, Meeting]) -> list[str]:
    """Say which rules some meetings break."""
    return list(Checker(instance).broken(meetings))
