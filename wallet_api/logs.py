"""Logging: one JSON object per line on stderr (or readable lines), and no secret in any of them."""

import logging
import logging.config
import re
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

# The second net, behind the Secret type: whatever looks like a private key or a JWT.
_SECRETS = re.compile(
    r"(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
)


def configure(level: str, log_format: str) -> None:
    """Send structlog and the standard library's loggers through the same processors."""
    logging.config.dictConfig(dict_config(level, log_format))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def dict_config(level: str, log_format: str) -> dict[str, Any]:
    """Return the configuration for logging.config (gunicorn takes it too)."""
    render: Processor
    if log_format == "json":
        render = structlog.processors.JSONRenderer()
    else:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    render,
                ],
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            # Our own line for each request says more, and does not quote the URL.
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_exception,
        _redact,
    ]


def _describe_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    """Replace exc_info by where each exception of the chain was raised, and its type.

    Never its text: a database error quotes whole rows, and a parser quotes what it could not read.
    """
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    chain = []
    while isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": type(error).__qualname__, "at": where})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["exceptions"] = chain
    return event


def _redact(logger: Any, method: str, event: EventDict) -> EventDict:
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRETS.sub("[redacted]", value)
    if isinstance(value, dict):
        return {key: _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(inner) for inner in value]
    return value
