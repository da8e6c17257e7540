"""What a process holds of a window, by a clock of the test's own."""

from datetime import UTC, datetime

import pytest

from app.limits.costs import COSTS, Costs, cost_of
from app.limits.leases import IDLE_SECONDS, Lease
from app.main import create_app
from app.openapi import operations_of
from tests.servers import make_settings

WINDOW = datetime(2026, 11, 22, tzinfo=UTC)


def lease(rest: int, left: int, quota: int = 600) -> Lease:
    return Lease(quota, WINDOW, ends_at=60.0, rest=rest, left=left, used_at=0.0)


def test_what_is_held_is_spent_and_no_more() -> None:
    held = lease(rest=3, left=100)
    assert [held.spend(1, 1.0), held.spend(2, 2.0), held.spend(1, 3.0)] == [True, True, False]
    assert (held.rest, held.spent, held.used_at) == (0, 3, 3.0)


def test_a_window_that_is_over_pays_for_nothing() -> None:
    held = lease(rest=3, left=100)
    assert held.spend(1, 59.9)
    assert not held.spend(1, 60.0)
    assert held.is_forgotten(60.0)


def test_who_is_refused_is_refused_until_others_gave_back() -> None:
    held = lease(rest=0, left=0)
    assert not held.is_refused(1, 1.0)  # nobody asked yet
    held.told(0)
    assert held.is_refused(1, 1.0)
    assert not held.is_refused(1, 60.0)  # another window
    held.told(2)
    assert not held.is_refused(1, 1.0)


@pytest.mark.parametrize(
    ("spent", "rest", "left", "idle", "given"),
    [
        (0, 75, 500, 0.5, 69),  # a hundredth stays for a slow caller
        (0, 75, 60, 0.5, 75),  # but not when little is left
        (0, 6, 500, IDLE_SECONDS, 6),  # nor for one who is gone
        (20, 75, 500, 0.1, 35),  # twice of what the last beat took stays
        (20, 75, 0, 0.1, 35),
        (50, 75, 500, 0.1, 0),
    ],
)
def test_what_is_not_needed_goes_back(
    spent: int, rest: int, left: int, idle: float, given: int
) -> None:
    held = lease(rest=rest, left=left)
    held.spent = spent
    assert held.give_back(idle) == given
    assert (held.rest, held.left, held.spent) == (rest - given, left + given, 0)


def test_a_caller_who_is_gone_is_forgotten_once_nothing_is_held() -> None:
    held = lease(rest=1, left=500)
    assert not held.is_forgotten(IDLE_SECONDS)
    assert held.give_back(IDLE_SECONDS) == 1
    assert held.is_forgotten(IDLE_SECONDS)


def test_every_cost_is_of_an_operation_that_there_is() -> None:
    nowhere = {"s3_access_key_id": "nobody", "s3_secret_access_key": "nothing"}
    app = create_app(make_settings("postgresql://nowhere/nothing", nowhere))
    operations = list(operations_of(app))
    assert COSTS.keys() <= {name for _, _, name in operations}
    costs = Costs(operations)
    for method, path, name in operations:
        asked = path.replace("{language}", "en")
        assert costs.of(method, asked) == cost_of(name), name
    assert costs.of("HEAD", "/v1/avails/exports") == costs.of("GET", "/v1/avails/exports") == 20
    assert costs.of("GET", "/v1/nothing") == 1
    documented = [
        operation["x-cost"]
        for item in app.openapi()["paths"].values()
        for operation in item.values()
    ]
    assert max(documented) == 20
    assert min(documented) == 1
