"""Planning from nothing: the story of the package's docstring, from end to end."""

from collections.abc import Collection
from random import Random

from app.meetings.planning import greedy
from app.meetings.planning.board import Board
from app.meetings.planning.budget import Budget
from app.meetings.planning.ground import Ground
from app.meetings.planning.instance import Instance
from app.meetings.planning.neighbourhood import Neighbourhood
from app.meetings.planning.outcome import Ended, Plan
from app.meetings.planning.parts import is_small
from app.meetings.planning.polishing import Polish
from app.meetings.planning.programme import whom
from app.meetings.planning.reporting import report
from app.meetings.planning.scoring import score
from app.meetings.planning.searching import Search

# The solver's own seconds for that
WHOLE = 5.0
# The share of the progress, and of the time if there is a limit, for the search for priority
SEARCHED = 0.85


def plan(instance: Instance, *, seed: int = 0, budget: Budget | None = None) -> Plan:
    """Plan a market as well as the budget allows: first by priority met, then by cost.

    The same seed and effort give the same plan, unless the clock or the caller ends the search.
    """
    budget = budget or Budget()
    at = Random(seed)  # noqa: S311  # a search, no secret
    ground = Ground(instance)
    order = greedy.by_priority(ground)
    baseline = Board(ground)
    greedy.fill(baseline, order)
    asked = whom(Board(ground))
    board = _begin(baseline, asked.chosen, order)
    search = Search(board, asked, at)
    ended = search.run(budget, SEARCHED)
    if is_small(ground) and not budget.over():
        _save(search, WHOLE * budget.effort, budget.left())
    polished = Polish(board, at).run(budget, SEARCHED, search.bound)
    ended = ended if polished is Ended.EFFORT else polished
    greedy.fill(board, order)
    return report(
        board,
        bound=search.bound,
        prices=search.prices,
        ended=ended,
        greedy=score(baseline),
        known=ground.agreed,
    )


def _begin(baseline: Board, chosen: Collection[int], order: list[int]) -> Board:
    """Hold what the programme chose as far as it fits, then whatever else does.

    Or begin with the baseline, where that is better.
    """
    board = Board(baseline.ground)
    greedy.fill(board, [r for r in order if r in chosen])
    greedy.fill(board, order)
    return (board if board.priority >= baseline.priority else baseline).copy()


def _save(search: Search, effort: float, seconds: float | None) -> None:
    """Plan all of a small market anew for its costs: nothing more is met, and nothing less."""
    board = search.board
    spare = search.bound - board.priority
    model = Neighbourhood(board, range(len(board.where)), costs=True, spare=spare)
    found = model.solve(seed=search.at.randrange(1 << 31), effort=effort, seconds=seconds)
    board.forget()
    locked = sum(board.ground.requests[r].priority for r in board.ground.locked)
    search.prove(found.bound + locked)
