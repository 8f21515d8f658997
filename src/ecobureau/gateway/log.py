"""Structured log lines of the gateway: one JSON object a line, on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from ecobureau import clock

logger: Any = structlog.get_logger("gateway")


def _stamp(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line["at"] = clock.now().isoformat(timespec="milliseconds")
    return line


class _Lines:
    """Writes each line to what standard error is at that moment."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def set_up(level: str = "info") -> None:
    """Send all log lines as JSON to standard error, from `level` (debug, info, warning, error) on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamp,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
