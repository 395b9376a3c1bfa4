"""Logging configuration: JSON lines or readable lines on stderr, with secrets redacted."""

import contextlib
import functools
import json
import logging
import logging.config
import math
import os
import re
import sys
import time
import traceback
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

# A second defense after the Secret type: private keys, JWTs and client tokens.
_SECRETS = re.compile(
    r"(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|wapi_[0-9a-f]{16}_[\w-]+",
    re.ASCII,
)
_POOL_WARNING_SECONDS = 60.0
# Line breaks and control characters.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(level: str, log_format: str) -> None:
    """Configure structlog and the standard library's loggers with the same processors."""
    logging.config.dictConfig(dict_config(level, log_format))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            *_renderers(log_format),
            _Rendered,
        ],
        logger_factory=lambda *name: LineLogger(logging.getLogger(*name)),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Rendered(str):
    """A complete line of the log."""

    __slots__ = ()

    def __new__(cls, _logger: Any, _method: str, line: Any) -> "_Rendered":
        """Mark the result of the previous processor."""
        return super().__new__(cls, line)


class LineLogger:
    """Passes rendered lines to the handlers of a standard logger.

    The methods of that logger would look for the caller's frame, for each line.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        # For the processors filter_by_level() and add_logger_name().
        self.name, self.disabled = logger.name, logger.disabled
        self.getEffectiveLevel = logger.getEffectiveLevel

    def _write(self, level: int, line: str) -> None:
        record = logging.LogRecord(self.name, level, "", 0, line, None, None)
        self._logger.handle(record)

    debug = functools.partialmethod(_write, logging.DEBUG)
    info = functools.partialmethod(_write, logging.INFO)
    warning = functools.partialmethod(_write, logging.WARNING)
    error = exception = functools.partialmethod(_write, logging.ERROR)
    critical = functools.partialmethod(_write, logging.CRITICAL)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders records of other libraries."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line of the log."""
        return record.msg if isinstance(record.msg, _Rendered) else super().format(record)


class StderrHandler(logging.StreamHandler[TextIO]):
    """Write to stderr, without the content of records that cannot be formatted.

    The standard library would print their message and arguments.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. Replace exceptions in its arguments by their types."""
        if isinstance(record.args, tuple):
            record.args = _without_exception_texts(record.args)
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Write a fixed line instead of the record."""
        where = f"{record.pathname}:{record.lineno}"
        line = {"event": "a record could not be written", "level": "error", "at": where}
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(json.dumps(line) + self.terminator)


def dict_config(level: str, log_format: str) -> dict[str, Any]:
    """Return the configuration for logging.config and for gunicorn.

    `log_format` is "json", "console" (readable), or "command" (for the commands).
    """
    service_loggers: dict[str, Any] = {}
    if log_format == "command":
        # Commands report errors themselves, in one line.
        service_loggers["wallet_api"] = {"level": logging.CRITICAL + 1}
        service_loggers["wallet_api.database"] = {"level": level}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": _Formatter,
                "foreign_pre_chain": _shared_processors(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_renderers(log_format),
                ],
            }
        },
        "filters": {"pool": {"()": PoolWarnings}},
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
            # psycopg warns about errors in a pipeline, which it also raises.
            "psycopg": {"level": "ERROR"},
            "psycopg.pool": {"level": "WARNING", "filters": ["pool"]},
        },
    }


class PoolWarnings(logging.Filter):
    """Pass one warning of each kind per minute. During an outage a pool writes several a second.

    A kind is a message, a pool and a type of exception. Warnings about connections that we closed
    ourselves are dropped.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a record."""
        message, arguments = str(record.msg), record.args or ()
        if message.startswith("discarding closed connection"):
            return False
        # Numbers and connections are not part of the kind, only their types.
        kind = (message, *(_kind_of(argument) for argument in arguments))
        now = time.monotonic()
        if now - self._passed.get(kind, -math.inf) < _POOL_WARNING_SECONDS:
            return False
        self._passed[kind] = now
        return True


def _kind_of(argument: object) -> str:
    return argument if isinstance(argument, str) else type(argument).__qualname__


def _use_color() -> bool:
    """Return whether stderr is a terminal and NO_COLOR (no-color.org) is not set."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer()]
    return [_escape_control_characters, structlog.dev.ConsoleRenderer(colors=_use_color())]


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
    """Replace exceptions in the arguments of the event by their types."""
    if "positional_args" in event:
        event["positional_args"] = _without_exception_texts(event["positional_args"])
    return event


def _without_exception_texts(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        type(argument).__qualname__ if isinstance(argument, BaseException) else argument
        for argument in arguments
    )


def _describe_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    """Replace exc_info by the type and the stack of each exception in the chain.

    Messages are omitted: database errors quote rows, and parsers quote their input.
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
    """Escape control characters in the event, which the console prints unchanged."""
    event["event"] = _CONTROL.sub(lambda found: repr(found[0])[1:-1], str(event.get("event")))
    return event


def _redact(logger: Any, method: str, event: EventDict) -> EventDict:
    return {key: _redacted(value) for key, value in event.items()}


def redact(text: str) -> str:
    """Return a text without private keys, JWTs and client tokens."""
    return _SECRETS.sub("[redacted]", text)


def _redacted(value: Any) -> Any:
    """Return a JSON-compatible value with secrets redacted."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        # The message may quote anything.
        return type(value).__qualname__
    if isinstance(value, dict):
        return {_redacted(str(key)): _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(inner) for inner in value]
    return redact(repr(value))
