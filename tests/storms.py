"""How long storms last: whole when somebody asks for them, short in CI, which has more to do."""

import os

IS_SHORT = os.environ.get("STORMS") == "short"


def so_much(whole: int, *, short: int) -> int:
    """Give the measure of a storm: the short one where the environment says STORMS=short."""
    return short if IS_SHORT else whole
