"""Planning in a process of its own: it tells how far it is, stops when told to, and never stays."""

import asyncio
import subprocess
import sys

import psutil
import pytest

from app.meetings.planning.budget import Progress
from app.meetings.planning.instance import Instance, Person, Place, Request, Slot
from app.meetings.planning.outcome import Ended, Status
from app.meetings.scheduling.alone import ORPHANED
from app.meetings.scheduling.apart import HOME, PROGRAM, PlanningError, plan_apart
from app.meetings.scheduling.job import Job, framed


def job(people: int = 2, *, slots: int = 2, effort: float = 0.05, seconds: float = 60) -> Job:
    """Give buyers and sellers who all wish to meet each other at a table."""
    free = frozenset(range(slots))
    everybody = [Person(id_, company=id_, free=free) for id_ in range(2 * people)]
    instance = Instance(
        slots=tuple(Slot(0, 30 * slot, 30 * slot + 30) for slot in range(slots)),
        people=tuple(everybody),
        places=tuple(Place(1000 + n, hall=1, open=free) for n in range(max(1, people // 2))),
        requests=tuple(
            Request(one * people + other, ((one,), (people + other,)))
            for one in range(people)
            for other in range(people)
        ),
    )
    return Job(instance, seed=1, effort=effort, seconds=seconds)


async def nothing(progress: Progress) -> None:
    """Hear how far it is."""
    del progress


async def never() -> bool:
    """Let it go on."""
    return False


def children() -> list[psutil.Process]:
    """Give the planning processes of this one."""
    found = psutil.Process().children()
    return [child for child in found if PROGRAM in " ".join(child.cmdline())]


async def test_it_plans() -> None:
    plan = await plan_apart(job(), nothing, never)
    assert plan is not None
    assert (plan.status, plan.score.priority) == (Status.OPTIMAL, 2)
    assert children() == []


async def test_it_stops_with_what_it_has() -> None:
    heard: list[Progress] = []

    async def hear(progress: Progress) -> None:
        heard.append(progress)

    async def once_it_searches() -> bool:
        return bool(heard)

    large = job(40, slots=24, effort=20, seconds=3600)
    plan = await plan_apart(large, hear, once_it_searches)
    assert children() == []
    # A step may take longer than anybody waits: then there is no plan
    if plan is not None:
        assert (plan.status, plan.ended) == (Status.CANCELLED, Ended.CANCEL)
        assert plan.score.priority > 0


async def test_whoever_watches_and_breaks_takes_it_along() -> None:
    async def break_down(progress: Progress) -> None:
        raise ZeroDivisionError(progress)

    with pytest.raises(ZeroDivisionError):
        await plan_apart(job(40, slots=24, effort=20, seconds=3600), break_down, never)
    assert children() == []


async def test_its_death_is_told() -> None:
    async def kill(progress: Progress) -> None:
        del progress
        for child in children():
            child.kill()

    with pytest.raises(PlanningError, match="ended with -9"):
        await plan_apart(job(40, slots=24, effort=20, seconds=3600), kill, never)


async def test_what_goes_wrong_inside_is_told() -> None:
    # Nobody can plan with a seed that is none
    wrong = Job(job().instance, seed=[], effort=0.05, seconds=5)  # type: ignore[arg-type]
    with pytest.raises(PlanningError, match="TypeError"):
        await plan_apart(wrong, nothing, never)


async def test_one_whose_input_ends_is_an_orphan_and_ends_too() -> None:
    sent = framed(job(40, slots=24, effort=20, seconds=3600))

    def orphaned(content: bytes) -> int:
        with subprocess.Popen(
            [sys.executable, "-m", PROGRAM], stdin=-1, stdout=-1, cwd=HOME
        ) as process:
            process.communicate(content)
            return process.returncode

    assert await asyncio.to_thread(orphaned, sent) == ORPHANED
    assert await asyncio.to_thread(orphaned, sent[:20]) == ORPHANED
