"""Logs: JSON lines by structlog, with secrets and signed URLs taken out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.settings import Settings

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|signature|api_?key", re.IGNORECASE
)
_SIGNED = re.compile(
    r"([?&](?:X-Amz-[A-Za-z-]+|[A-Za-z_-]*(?:token|signature|secret|password))=)[^&\s\"']+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(Bearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]+:)[^@\s]+@")
_HIDDEN = "[hidden]"
# Whose everyday lines are worth reading; of other libraries, warnings are.
OWN = ("app", "procrastinate", "uvicorn")


def redact(value: Any) -> Any:  # noqa: ANN401  # whatever is logged
    """Take out of a logged value what would let its reader act as somebody else."""
    if isinstance(value, str):
        value = _SIGNED.sub(rf"\1{_HIDDEN}", value)
        value = _BEARER.sub(rf"\1{_HIDDEN}", value)
        return _URL_PASSWORD.sub(rf"\1{_HIDDEN}@", value)
    if isinstance(value, dict):
        return {
            name: _HIDDEN if _SECRET_NAMES.search(str(name)) else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def _redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        name: _HIDDEN if _SECRET_NAMES.search(name) else redact(value)
        for name, value in event.items()
    }


def configure_logs(settings: Settings) -> None:
    """Send every log line, ours and the libraries', through one chain to stdout."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(settings.log_level)
    # Not uvicorn.access: where that finds a handler it logs each request, at 28 % of the speed.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
