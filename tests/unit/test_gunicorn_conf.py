"""The hooks of gunicorn.conf.py."""

import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from tests.service import ROOT
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import ConfigurationError, Settings
from wallet_api.server.__main__ import Server
from wallet_api.server.settings import OPTIONS, forbidden_options, invalid_options


@pytest.fixture
def hooks(environ, monkeypatch, tmp_path):
    own = tmp_path / f"metrics-{os.getpid()}"
    own.mkdir()
    for name, value in {**environ, "PROMETHEUS_MULTIPROC_DIR": str(own)}.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


@pytest.mark.slow
def test_a_worker_opens_its_pool_after_the_fork_and_closes_it_at_its_end(hooks, environ):
    app = create_app(Settings.from_environ(environ))
    worker = SimpleNamespace(app=SimpleNamespace(wsgi=lambda: app))
    pool = application(app).database._pool
    assert pool.closed
    hooks["post_worker_init"](worker)
    assert not pool.closed
    hooks["worker_exit"](None, worker)
    assert pool.closed


def test_the_metrics_of_a_master_are_in_its_own_folder(environ, monkeypatch, tmp_path):
    """A new master inherits the environment of the one before it, whose folder goes with it."""
    for name, value in {**environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.is_dir()
    assert folder != tmp_path
    assert folder.name.endswith(f"-{os.getpid()}")


def test_the_app_is_built_once_before_the_fork(hooks):
    assert hooks["preload_app"] is True
    assert hooks["worker_class"] == "wallet_api.server.worker.Worker"


PINNED = {
    "worker_class": "wallet_api.server.worker.Worker",
    "logger_class": "wallet_api.server.worker.Logger",
    "preload_app": True,
    "control_socket_disable": True,
    "forwarded_allow_ips": [],
    "forwarder_headers": [],
    "secure_scheme_headers": {},
    "header_map": "drop",
    "proxy_protocol": "off",
    "http_parser": "python",
    "limit_request_line": 4094,
    "limit_request_fields": 100,
    "limit_request_field_size": 8190,
}


@pytest.mark.parametrize("name", PINNED)
def test_gunicorn_s_configuration_has_the_pinned_value(hooks, monkeypatch, name):
    """Also where it is gunicorn's default, which another version may change."""
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    assert name in hooks
    assert Server([]).cfg.settings[name].get() == PINNED[name]


def test_every_option_that_the_service_fixes_is_listed_above(hooks):
    ours = {
        name
        for name, setting in Config().settings.items()
        if name in hooks and setting.cli and name not in OPTIONS
    }
    assert ours <= PINNED.keys()


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_option_that_is_honored_is_not_refused(hooks, name):
    assert name in Config().settings
    assert forbidden_options(configuration(hooks, name)) == []


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, setting in sorted(Config().settings.items())
        # Without our settings gunicorn is refused: tests/faults/test_start.py.
        if setting.cli and name not in {*OPTIONS, "config", "chdir", "pythonpath"}
    ],
)
def test_every_other_option_of_gunicorn_is_refused(hooks, name):
    changed = configuration(hooks, name)
    assert forbidden_options(changed) == [changed.settings[name].cli[-1]]


@pytest.mark.parametrize(
    ("option", "name"), [("--workers", "WEB_CONCURRENCY"), ("--threads", "WEB_THREADS")]
)
def test_an_option_has_the_bounds_of_its_setting(hooks, monkeypatch, environ, option, name):
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    # On either side of each bound, and of bounds that one of the two could have.
    for value in ("0", "1", "256", "257", "1000", "1001"):
        try:
            Settings.from_environ({**environ, name: value, "DB_POOL_MAX": "8"})
            sentences = 0
        except ConfigurationError:
            sentences = 1
        assert len(invalid_options(Server([option, value]).cfg)) == sentences, value


def test_a_port_that_does_not_exist_is_refused(hooks):
    """gunicorn would end with a traceback."""
    (sentence,) = invalid_options(Server(["--bind", "127.0.0.1:99999"]).cfg)
    assert sentence == "--bind must have a port from 0 to 65535."


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("--umask", ("0", "0o027", "0o777"), ("0o1000", "99999999999")),
        ("--worker-tmp-dir", ("/tmp", "."), ("/no/such", "setup.py")),  # noqa: S108
    ],
)
def test_a_value_that_ends_a_worker_is_refused_at_the_start(hooks, monkeypatch, option, good, bad):
    """gunicorn would accept it, and then end with a traceback."""
    monkeypatch.chdir(ROOT)
    for value in good:
        assert invalid_options(Server([option, value]).cfg) == [], value
    for value in bad:
        (sentence,) = invalid_options(Server([f"{option}={value}"]).cfg)
        assert sentence.startswith(f"{option} must be "), value


@pytest.mark.parametrize("options", [["--bind", "127.0.0.1:x"], ["--timeout", "-1"]])
def test_a_value_that_gunicorn_rejects_is_a_usage_error(hooks, capsys, options):
    with pytest.raises(SystemExit) as ended:
        Server(options)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Error: {options[0]}: ")


def configuration(hooks, name):
    """Return what our settings become when one option is changed."""
    config = Config()
    for known in config.settings.keys() & hooks.keys():
        config.set(known, hooks[known])
    setting = config.settings[name]
    # The form of the option does not matter, only that it differs.
    setting.value = "different" if setting.get() is None else [setting.get()]
    return config
