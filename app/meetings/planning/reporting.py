"""A board as an answer: meetings with their tables, the proof, and a reason for each left out."""

from collections.abc import Mapping

from app.meetings.planning.board import Board
from app.meetings.planning.instance import Meeting
from app.meetings.planning.outcome import Ended, Plan, Prices, Score, Status
from app.meetings.planning.reasons import left_out
from app.meetings.planning.scoring import score
from app.meetings.planning.seating import seat


def report(
    board: Board,
    *,
    bound: int,
    prices: Prices | None,
    ended: Ended,
    greedy: Score,
    known: Mapping[int, Meeting],
) -> Plan:
    """Say what is on a board; nothing more must fit on it, or the reasons would not be true."""
    requests = board.ground.requests
    # What stopped the search is told even where nothing was left to find
    stopped = ended in {Ended.CANCEL, Ended.CLOCK}
    proven = board.priority == bound
    status = Status.OPTIMAL if proven else Status.FEASIBLE
    return Plan(
        meetings=seat(board, known),
        left_out={requests[r].id: left_out(board, r) for r in board.left_out},
        score=score(board),
        bound=bound,
        status=Status.CANCELLED if ended is Ended.CANCEL else status,
        ended=ended if stopped or not proven else Ended.PROOF,
        prices=prices,
        greedy=greedy,
    )
