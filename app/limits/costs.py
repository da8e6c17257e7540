"""What an operation costs, in units of its caller's rate limit: one, unless it is named here."""

import re
from collections.abc import Iterable

from starlette.routing import compile_path

# By operation id. Files and drawings take tens of milliseconds of a processor, jobs take seconds.
COSTS = {
    "get_facets": 2,
    "get_availability_picture": 5,
    "get_viewing_report_table": 5,
    "draw_viewing_report": 5,
    "draw_grid": 5,
    "print_agenda": 10,
    "print_agenda_of_person": 10,
    "print_agenda_of_place": 10,
    "export_avails": 20,
    "import_avails": 20,
    "create_schedule_run": 20,
}


def cost_of(operation_id: str) -> int:
    """Give the units an operation takes."""
    return COSTS.get(operation_id, 1)


class Costs:
    """The costs of an app's operations by method and path: the edge knows no route yet."""

    def __init__(self, operations: Iterable[tuple[str, str, str]]) -> None:
        """Learn them from (method, path, operation id); only what costs more than one is kept."""
        ways: dict[tuple[str, int], list[str]] = {}
        for method, path, name in operations:
            if (cost := cost_of(name)) > 1:
                ways.setdefault((method, cost), []).append(compile_path(path)[0].pattern)
        self._dear: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
        for (method, cost), patterns in ways.items():
            nameless = (re.sub(r"\(\?P<\w+>", "(?:", pattern) for pattern in patterns)
            self._dear.setdefault(method, []).append((cost, re.compile("|".join(nameless))))

    def of(self, method: str, path: str) -> int:
        """Give the units a request takes."""
        for cost, is_one in self._dear.get("GET" if method == "HEAD" else method, ()):
            if is_one.match(path):
                return cost
        return 1
