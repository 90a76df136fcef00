"""Logs: one JSON object a line, with the correlation id, values masked unless allowed."""

import logging
from typing import Any

import structlog
from structlog.types import EventDict

from core.actor import current_actor

# The allow-list: keys whose values may stand in a log line (SEC-07, X-22). Everything else is masked.
LOGGED = frozenset(
    """event level logger timestamp correlation_id channel actor system flow kind subject
    destination delivery attempt attempts outcome status method path route code error_class reason
    duration_ms count new changed same rejected order quote rfq case run queue pid port state
    event_name sequence number message exc_type next_try_at task cluster age_s version seal""".split()
)
MASK = "•••"


def add_actor(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Put the current actor's correlation id and channel on the line (OBS-19)."""
    actor = current_actor()
    if actor is not None:
        line.setdefault("correlation_id", actor.correlation_id)
        line.setdefault("channel", actor.channel)
    return line


def mask(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Mask every value whose key is not on the allow-list."""
    return {key: value if key in LOGGED else MASK for key, value in line.items()}


def plain_traceback(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Keep an exception's type and places, never its values or local variables (SEC-05)."""
    error = line.pop("exc_info", None)
    if error is True:
        import sys

        error = sys.exc_info()
    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if not error or error[0] is None:
        return line
    places, frame = [], error[2]
    while frame is not None:
        code = frame.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{frame.tb_lineno} {code.co_name}")
        frame = frame.tb_next
    line["exc_type"] = error[0].__name__
    line["reason"] = " < ".join(reversed(places[-6:]))
    return line


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    add_actor,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    plain_traceback,
]


def logging_settings(level: str = "INFO") -> dict[str, Any]:
    """The LOGGING setting: structlog and plain loggers end in the same JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        # django-q2 tells of each wake-up, several a second.
        "loggers": {
            "django.server": {"level": "WARNING"},
            "django-q": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
        },
    }


def configure() -> None:
    """Point structlog at the standard library's loggers."""
    structlog.configure(
        processors=[*PROCESSORS, mask, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for a module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


logging.captureWarnings(True)
