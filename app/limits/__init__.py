"""How much a caller may ask for: units in a window, right across every process that serves.

Each process takes a lease of a caller's window from one row in PostgreSQL and spends it in memory:
docs/decisions/0024-rate-limits.md.
"""

from app.limits.bearers import Bearers
from app.limits.costs import Costs, cost_of
from app.limits.limit import RateLimit
from app.limits.windows import Windows, open_windows

__all__ = ["Bearers", "Costs", "RateLimit", "Windows", "cost_of", "open_windows"]
