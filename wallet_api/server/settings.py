"""gunicorn's settings: what serves this service, and what an operator may change of it."""

import atexit
import os
import resource
import shutil
import sys
import tempfile
from typing import Any

from gunicorn.config import Config

from wallet_api import logs
from wallet_api.config import ConfigurationError, Settings
from wallet_api.process import prepare, protect_memory

OPTIONS = (
    "bind",
    "backlog",
    "workers",
    "threads",
    "worker_connections",
    "max_requests",
    "max_requests_jitter",
    "timeout",
    "graceful_timeout",
    "keepalive",
    "pidfile",
    "proc_name",
    "umask",
    "worker_tmp_dir",
    # Heroku's Python buildpack sets it. Our own line for each request takes its place: see Logger.
    "accesslog",
)
"""gunicorn's settings that its command line and GUNICORN_CMD_ARGS may change; all are honored."""

# As WEB_CONCURRENCY and WEB_THREADS have them, and gunicorn itself does not check.
_MAXIMUMS = {"workers": 256, "threads": 1000, "worker_connections": 100_000}

# Where `gunicorn wsgi:app` finds the code.
_LOCATION_OPTIONS = ("config", "chdir", "pythonpath")


def load() -> dict[str, Any]:
    """Return gunicorn's settings for this environment, and prepare this process for its master.

    Exits with every fault of the configuration, or of this machine.
    """
    prepare()
    protect_memory()
    # gunicorn takes it for the path that the service is mounted at.
    os.environ.pop("SCRIPT_NAME", None)
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    folder = _metrics_directory()
    from wallet_api.server import hooks  # noqa: PLC0415 (its metrics are kept in the folder)

    return {
        "bind": f"0.0.0.0:{settings.port}",
        "workers": settings.web_concurrency,
        "threads": settings.web_threads,
        "worker_connections": _worker_connections(settings),
        "worker_class": "wallet_api.server.worker.Worker",
        "logger_class": "wallet_api.server.worker.Logger",
        "logconfig_dict": logs.dict_config(settings.log_level, settings.log_format),
        # Built once, before the fork: the secrets' scrypt runs once, and the pool is still closed.
        "preload_app": True,
        # Heroku's router gives up after 30 s, and its dynos get 30 s to stop.
        "timeout": 30,
        "graceful_timeout": 25,
        # Longer than any proxy in front keeps an idle connection, so that no request meets one that
        # is being closed: Heroku's router 90 s, nginx and AWS's load balancers 60 s.
        "keepalive": 100,
        "worker_tmp_dir": folder,
        "control_socket_disable": True,
        # What a request means, and from whom it comes, no header of gunicorn's own decides. Left to
        # it, peers in FORWARDED_ALLOW_IPS (everybody on Heroku), on loopback or on a Unix socket
        # set path and scheme. TRUSTED_PROXY_HOPS says whom we believe (blueprints/hardening.py).
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "header_map": "drop",
        "proxy_protocol": "off",
        # As docs/operations.md promises.
        "limit_request_line": 4094,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        "http_parser": "python",
        "on_starting": hooks.on_starting,
        "pre_fork": hooks.pre_fork,
        "post_fork": hooks.post_fork,
        "post_worker_init": hooks.post_worker_init,
        "worker_exit": hooks.worker_exit,
        "child_exit": hooks.child_exit,
    }


def forbidden_options(cfg: Config) -> list[str]:
    """Return the options in which a configuration differs from ours, and may not."""
    ours = Config()
    for name, value in load().items():
        ours.set(name, value)
    return [
        setting.cli[-1]
        for name, setting in sorted(cfg.settings.items())
        if setting.cli and name not in OPTIONS + _LOCATION_OPTIONS
        if setting.get() != ours.settings[name].get()
    ]


def out_of_range(cfg: Config) -> list[str]:
    """Return a sentence about each option with which the service could not serve."""
    return [
        f"{cfg.settings[name].cli[-1]} must be a whole number from 1 to {highest}."
        for name, highest in _MAXIMUMS.items()
        if not 1 <= cfg.settings[name].get() <= highest
    ]


def _worker_connections(settings: Settings) -> int:
    """Return how many connections a worker may have.

    One of two may get three quarters of a thousand that come at once. At 64 KiB for a request that
    is not whole it stays below 57 MiB, and with both pools, and what each thread and the process
    itself open, below the files that it may open.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours = 2 * (settings.db_pool_max + settings.web_threads)
    room = 900 if files == resource.RLIM_INFINITY else files - 64 - ours
    return max(1, min(room, 900))


def _metrics_directory() -> str:
    """Return this master's folder for the metrics of its workers, which goes when it ends.

    A new master inherits the environment of the one before it, whose folder goes with that one.
    """
    pid = os.getpid()
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if not folder.endswith(f"-{pid}"):
        folder = _make_directory(f"-{pid}")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        atexit.register(_remove, folder, pid)
    return folder


def _make_directory(suffix: str) -> str:
    # Where containers have nothing else that can be written, they have shared memory.
    for parent in (None, "/dev/shm"):  # noqa: S108 (mkdtemp chooses an unpredictable name)
        try:
            return tempfile.mkdtemp(suffix, "wallet-api-metrics-", parent)
        except OSError:
            continue
    sys.exit("wallet-api cannot start: no folder for temporary files is writable. Set TMPDIR.")


def _remove(folder: str, pid: int) -> None:
    # Not when a worker ends, which is a fork of the master.
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
