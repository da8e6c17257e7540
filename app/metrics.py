"""What Prometheus reads."""

import os
from functools import lru_cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REGISTRY = CollectorRegistry()
_REQUESTS = Histogram(
    "filmmart_request_seconds",
    "Requests by method, operation and status.",
    ("method", "operation", "status"),
    buckets=BUCKETS,
    registry=REGISTRY,
)


# Whatever else a caller writes there must not become a label.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


@lru_cache(maxsize=10_000)
def _child(method: str, operation: str, status: int) -> Histogram:
    return _REQUESTS.labels(method, operation, str(status))


def observe(method: str, operation: str, status: int, seconds: float) -> None:
    """Count one request."""
    _child(method if method in _METHODS else "other", operation, status).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """Give the metrics of this process, or of all workers of `serve --workers`, and their type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
