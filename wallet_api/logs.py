"""Logging: one JSON object per line on stderr (or readable lines), and no secret in any of them."""

import contextlib
import json
import logging
import logging.config
import os
import re
import sys
import traceback
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

# The second net, behind the Secret type: what looks like a private key, a JWT or a client's token.
_SECRETS = re.compile(
    r"(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|wapi_[0-9a-f]{16}_[\w-]+",
    re.ASCII,
)
# What could begin a new line, or command a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str, log_format: str) -> None:
    """Send structlog and the standard library's loggers through the same processors."""
    logging.config.dictConfig(dict_config(level, log_format))
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class StderrHandler(logging.StreamHandler[TextIO]):
    """Write to stderr, and say so when a record cannot be formatted.

    The standard library would print the record's message and arguments as they are.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, with the types of exceptions that a library logs as arguments."""
        if isinstance(record.args, tuple):
            record.args = _without_exception_texts(record.args)
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Write a line of our own in place of the record."""
        where = f"{record.pathname}:{record.lineno}"
        line = {"event": "a record could not be written", "level": "error", "at": where}
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(json.dumps(line) + self.terminator)


def dict_config(level: str, log_format: str) -> dict[str, Any]:
    """Return the configuration for logging.config (gunicorn takes it too).

    `log_format` is "json", "console" for people, or "command" for the people of a command.
    """
    render: list[Processor]
    service_loggers: dict[str, Any] = {}
    if log_format == "command":
        # A command says a fault as its own, in one line.
        service_loggers["wallet_api"] = {"level": logging.CRITICAL + 1}
        service_loggers["wallet_api.database"] = {"level": level}
    if log_format == "json":
        render = [structlog.processors.JSONRenderer()]
    else:
        render = [_escape_control_characters, structlog.dev.ConsoleRenderer(colors=_use_color())]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared_processors(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *render,
                ],
            }
        },
        "filters": {"relevant": {"()": lambda: _is_relevant}},
        "handlers": {
            "stderr": {
                "class": "wallet_api.logs.StderrHandler",
                "formatter": "structured",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            **service_loggers,
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            # It warns of every conflict in a pipeline, which is raised all the same.
            "psycopg": {"level": "ERROR"},
            "psycopg.pool": {"level": "WARNING", "filters": ["relevant"]},
        },
    }


def _is_relevant(record: logging.LogRecord) -> bool:
    """Leave out that the pool gets back a connection which we closed ourselves."""
    return not str(record.msg).startswith("discarding closed connection")


def _use_color() -> bool:
    """Tell whether to write in colour: to a terminal, unless NO_COLOR (no-color.org) is set."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _describe_arguments,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe_exception,
        _redact,
    ]


def _describe_arguments(logger: Any, method: str, event: EventDict) -> EventDict:
    """Name an exception that is an argument of the event, before its text is formatted in."""
    if "positional_args" in event:
        event["positional_args"] = _without_exception_texts(event["positional_args"])
    return event


def _without_exception_texts(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        type(argument).__qualname__ if isinstance(argument, BaseException) else argument
        for argument in arguments
    )


def _describe_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    """Replace exc_info by where each exception of the chain was raised, and its type.

    Never its text: a database error quotes whole rows, and a parser quotes what it could not read.
    """
    exc_info = event.pop("exc_info", None)
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    error = sys.exc_info()[1] if exc_info and not isinstance(exc_info, BaseException) else exc_info
    chain: list[dict[str, Any]] = []
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": type(error).__qualname__, "at": where})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["exceptions"] = chain
    return event


def _escape_control_characters(logger: Any, method: str, event: EventDict) -> EventDict:
    """Escape line breaks in the event itself: the console shows it as it is."""
    event["event"] = _CONTROL.sub(lambda found: repr(found[0])[1:-1], str(event.get("event")))
    return event


def _redact(logger: Any, method: str, event: EventDict) -> EventDict:
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    """Return a value as JSON knows it, without what looks like a secret."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        # Its text may quote anything.
        return type(value).__qualname__
    if isinstance(value, dict):
        return {_redacted(str(key)): _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(inner) for inner in value]
    return _SECRETS.sub("[redacted]", value if isinstance(value, str) else repr(value))
