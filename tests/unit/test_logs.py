"""Log lines: one JSON object each, without keys, tokens or error texts."""

import io
import json
import logging
import logging.config
import subprocess
import sys
from types import SimpleNamespace

import psycopg
import pytest
import structlog

from wallet_api.crypto.secret import Secret
from wallet_api.logs import LineLogger, PoolWarnings, configure, dict_config

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmaWQiOjE0NjQyNDN9.c2lnbmF0dXJl_-c2lnbmF0dXJl"
hidden = pytest.mark.parametrize(
    "text",
    [KEY, "0x" + KEY, "0x" + KEY.upper(), JWT, JWT.rpartition(".")[0] + "."],
    ids=["key", "0x key", "upper-case key", "token", "unsigned token"],
)
both_formats = pytest.mark.parametrize("log", ["json", "console"], indirect=True)


@pytest.fixture
def log(request, monkeypatch):
    """The real configuration, on one logger of its own and a stream that tests can read."""
    kept = structlog.get_config() if structlog.is_configured() else None
    log_format = getattr(request, "param", "json")
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    monkeypatch.setattr(logging.config, "dictConfig", lambda config: None)
    configure("DEBUG", log_format)
    stream = io.StringIO()
    logger = logging.Logger("tests.unit.logs")
    handler = _handler(dict_config("DEBUG", log_format), stream)
    logger.addHandler(handler)
    yield SimpleNamespace(
        event=structlog.wrap_logger(LineLogger(logger)),
        stdlib=logger,
        text=stream.getvalue,
        lines=lambda: [json.loads(line) for line in stream.getvalue().splitlines()],
    )
    handler.close()
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    if kept:
        structlog.configure(**kept)


def _handler(config, stream):
    """Build the configured handler as logging.config does, without touching other handlers."""
    configurator = logging.config.DictConfigurator(config)
    formatters, handlers = (configurator.config[part] for part in ("formatters", "handlers"))
    formatters["structured"] = configurator.configure_formatter(formatters["structured"])
    return configurator.configure_handler({**handlers["stderr"], "stream": stream})


def fail():
    raise ValueError(f"not a key: hunter2 {KEY}")


def fail_because():
    try:
        fail()
    except ValueError as error:
        raise KeyError("hunter2") from error


def fail_meanwhile():
    try:
        fail()
    except ValueError:
        raise KeyError("hunter2")  # noqa: B904


def fail_anew():
    try:
        fail()
    except ValueError:
        raise KeyError("hunter2") from None


def test_an_event_is_one_json_object_with_its_context(log):
    structlog.contextvars.bind_contextvars(request_id="r-1")
    log.event.info("prepared", fid=1464243, amounts=[1, 2], nested={"a": None})
    (line,) = log.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "prepared",
        "fid": 1464243,
        "amounts": [1, 2],
        "nested": {"a": None},
        "level": "info",
        "logger": "tests.unit.logs",
        "request_id": "r-1",
    }


@pytest.mark.parametrize("through", ["event", "stdlib"])
def test_every_logger_writes_the_same_lines(log, through):
    structlog.contextvars.bind_contextvars(request_id="r-1")
    getattr(log, through).warning("pool %s has %d", "p", 3)
    (line,) = log.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "pool p has 3",
        "level": "warning",
        "logger": "tests.unit.logs",
        "request_id": "r-1",
    }


@both_formats
@hidden
def test_keys_and_tokens_are_redacted_everywhere(log, text):
    log.event.info(text, value=text)
    log.event.info("a %s b", f"in {text}, within")
    log.event.info("nested", a={"b": {"c": [text, (text, {"d": text})]}})
    log.event.info("prefixed", a=f"é{text}", b=f"ключ={text};", c=f"\n{text}\n", d=f'"{text}"')
    log.event.info("Authorization", header=f"Bearer {text}")
    log.stdlib.info(text)
    log.stdlib.info("an argument: %s", text)
    log.stdlib.info("a mapping: %(a)s", {"a": text})
    structlog.contextvars.bind_contextvars(bound=text)
    log.event.info("bound")
    assert text not in log.text()
    assert log.text().count("[redacted]") >= 15


@both_formats
@hidden
def test_keys_and_tokens_are_redacted_in_values_of_every_type(log, text):
    class Holder:
        def __repr__(self):
            return f"Holder({text})"

    log.event.info("a", bytes=text.encode(), set={text}, holder=Holder(), key={text: 1})
    log.event.info("b", deep=[{"a": ({text}, [Holder()])}], error=ValueError(text))
    assert text not in log.text()


@both_formats
def test_a_secret_is_never_written(log):
    log.event.info("%s", Secret(KEY), secret=Secret(KEY), several=[Secret(KEY), {"s": Secret(KEY)}])
    log.stdlib.info("%s %r", Secret(KEY), Secret(KEY))
    assert KEY not in log.text()
    assert "Secret(" in log.text()


@pytest.mark.parametrize(
    "text",
    ["0x" + "ab" * 20, "ab" * 16, "ab" * 48, "9" * 63, "key_unreadable", "a.b.c", "r-1"],
    ids=["address", "request id", "ciphertext", "63 digits", "code", "dots", "short id"],
)
def test_other_values_stay_readable(log, text):
    log.event.info("event", value=text)
    assert log.lines()[0]["value"] == text


@both_formats
@pytest.mark.parametrize("forged", ['x\n{"level": "info"}', "x\r\ny", "x\ry"], ids=ascii)
def test_a_line_break_forges_no_second_line(log, forged):
    log.event.info("event", value=forged, nested=[{"value": forged}])
    log.event.info(forged)
    log.event.info("a %s", forged)
    log.stdlib.info(forged)
    log.stdlib.info("%s", forged)
    structlog.contextvars.bind_contextvars(bound=forged)
    log.event.info("bound")
    assert len(log.text().splitlines()) == 6


@both_formats
@pytest.mark.parametrize("through", ["event", "stdlib"])
def test_an_exception_as_an_argument_shows_its_type_and_not_its_text(log, through):
    """psycopg logs so: "error ignored terminating %r: %s"."""
    getattr(log, through).warning("ignored in %s: %s", "the pool", ValueError("a whole row"))
    assert "ignored in the pool: ValueError" in log.text()
    assert "a whole row" not in log.text()


@both_formats
@pytest.mark.parametrize("through", ["event", "stdlib"])
@pytest.mark.parametrize("how", [True, 1, "the error", "its triple"])
def test_an_exception_shows_its_type_and_place_and_never_its_text(log, through, how):
    try:
        fail()
    except ValueError as error:
        info = {"the error": error, "its triple": sys.exc_info()}.get(how, how)
        getattr(log, through).error("failed", exc_info=info)
    assert "hunter2" not in log.text()
    assert KEY not in log.text()
    assert "ValueError" in log.text()
    assert " fail'" in log.text().replace('"', "'")


@pytest.mark.parametrize("through", ["event", "stdlib"])
@pytest.mark.parametrize(
    ("function", "types"),
    [
        (fail, ["ValueError"]),
        (fail_because, ["KeyError", "ValueError"]),
        (fail_meanwhile, ["KeyError", "ValueError"]),
        (fail_anew, ["KeyError"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_exception_of_a_chain_shows_its_type_and_place(log, through, function, types):
    try:
        function()
    except (KeyError, ValueError):
        getattr(log, through).exception("failed")
    (line,) = log.lines()
    assert [given["type"] for given in line["exceptions"]] == types
    places = [given["at"][-1].rpartition(" ")[2] for given in line["exceptions"]]
    assert places == [function.__name__, "fail"][: len(types)]
    assert "hunter2" not in log.text()


def test_a_database_error_does_not_show_its_row(log):
    class WithDetail(psycopg.errors.CheckViolation):
        def __str__(self):
            return f"violates check\nDETAIL:  Failing row contains (1, {KEY}, hunter2)."

    log.event.error("failed", exc_info=WithDetail())
    log.stdlib.error("failed", exc_info=WithDetail())
    assert log.text().count("WithDetail") == 2
    assert "DETAIL" not in log.text()
    assert "hunter2" not in log.text()


@both_formats
def test_an_exception_as_a_value_does_not_show_its_text(log):
    error = ValueError("hunter2")
    log.event.info("failed", error=error, nested=[{"error": error}])
    log.event.info(error)
    assert "hunter2" not in log.text()
    assert "ValueError" in log.text()


class Loop(Exception):
    """An error that is its own cause, as after `raise a from b` where b came from a."""

    asked = 0

    @property
    def __cause__(self):
        self.asked += 1
        return self if self.asked < 50 else None


def test_a_loop_of_causes_ends(log):
    log.event.error("failed", exc_info=Loop())
    (line,) = log.lines()
    assert [given["type"] for given in line["exceptions"]] == ["Loop"]


@both_formats
@pytest.mark.parametrize(
    ("message", "argument"),
    [("%d", KEY), ("%s %s", KEY), ("none", KEY)],
    ids=["number", "too few", "too many"],
)
def test_a_wrong_call_does_not_show_its_arguments(log, capsys, message, argument):
    """The standard library prints message and arguments to stderr when it cannot format them."""
    log.stdlib.info(message, argument)
    assert KEY not in capsys.readouterr().err + log.text()


def test_a_value_that_is_not_json_loses_no_line(log, capsys):
    log.event.info("event", value={(1, 2): object(), "key": KEY})
    assert log.lines()[0]["event"] == "event"
    assert KEY not in capsys.readouterr().err + log.text()


def test_the_configuration_applies_to_the_whole_process():
    script = """
import logging, structlog
from wallet_api import logs
logs.configure("INFO", "json")
structlog.get_logger("ours").info("first")
structlog.get_logger("ours").debug("too quiet")
logging.getLogger("gunicorn.error").info("second")
logging.getLogger("theirs").warning("third")
logging.getLogger("psycopg").warning("a lost race")
logging.getLogger("psycopg.pool").info("a connection was borrowed")
logging.getLogger("psycopg.pool").warning("fourth")
"""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == ""
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [(line["logger"], line["event"]) for line in lines] == [
        ("ours", "first"),
        ("gunicorn.error", "second"),
        ("theirs", "third"),
        ("psycopg.pool", "fourth"),
    ]


class Refused(Exception):
    """An error of a connection."""


def test_a_warning_of_the_pool_is_written_once_a_minute(monkeypatch):
    """The messages are those of psycopg_pool."""
    now = 1000.0
    monkeypatch.setattr("wallet_api.logs.time", SimpleNamespace(monotonic=lambda: now))
    warnings = PoolWarnings()

    def passes(message, *arguments):
        record = logging.LogRecord("psycopg.pool", logging.WARNING, "", 0, message, arguments, None)
        return warnings.filter(record)

    failed, again = "error connecting in %r: %s", "reconnection attempt in pool %r failed after %s"
    for first in (True, False, False):
        assert passes(failed, "primary", Refused("a")) is first
        # Another pool, another error and another message are other kinds.
        assert passes(failed, "replica", Refused("b")) is first
        assert passes(failed, "primary", TimeoutError("c")) is first
        assert passes(again, "primary", now) is first
        now += 10
    now += 40
    assert passes(failed, "primary", Refused("a"))
    assert not passes("discarding closed connection: %s", object())
