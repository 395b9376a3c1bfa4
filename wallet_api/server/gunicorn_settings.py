"""The settings of gunicorn, and the options that an operator may change."""

import atexit
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.config import Config

from wallet_api import logs
from wallet_api.config import ConfigurationError, Settings
from wallet_api.process_protection import prepare, protect_memory

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
    # Heroku's Python buildpack sets it. It has no effect: see Logger.
    "accesslog",
)
"""The settings that the command line and GUNICORN_CMD_ARGS may change."""

# The limits of WEB_CONCURRENCY and WEB_THREADS. gunicorn itself does not check them.
_MAXIMUMS = {"workers": 256, "threads": 1000, "worker_connections": 100_000}

_HIGHEST_PORT = 65535
_HIGHEST_UMASK = 0o777

# The options that locate the code for `gunicorn wsgi:app`.
_LOCATION_OPTIONS = ("config", "chdir", "pythonpath")


def load() -> dict[str, Any]:
    """Return gunicorn's settings for this environment, and prepare the master process.

    Exits with a message that lists all configuration errors.
    """
    prepare()
    protect_memory()
    # gunicorn would use it as the path at which the service is mounted.
    os.environ.pop("SCRIPT_NAME", None)
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    folder = _metrics_directory()
    from wallet_api.server import hooks  # noqa: PLC0415 (its metrics are stored in the directory)

    return {
        "bind": f"0.0.0.0:{settings.port}",
        "workers": settings.web_concurrency,
        "threads": settings.web_threads,
        "worker_connections": _worker_connections(settings),
        "worker_class": "wallet_api.server.worker.Worker",
        "logger_class": "wallet_api.server.worker.Logger",
        "logconfig_dict": logs.dict_config(settings.log_level, settings.log_format),
        # Build the application once, before the fork: scrypt runs once, and the pool is closed.
        "preload_app": True,
        # Heroku's router times out after 30 s, and a dyno has 30 s to stop.
        "timeout": 30,
        "graceful_timeout": 25,
        # Longer than proxies keep idle connections (Heroku's router 90 s, nginx and AWS's load
        # balancers 60 s), so that no proxy sends a request on a connection that we are closing.
        "keepalive": 100,
        "worker_tmp_dir": folder,
        "control_socket_disable": True,
        # gunicorn must not interpret forwarding headers. By default peers in FORWARDED_ALLOW_IPS
        # (every peer on Heroku), on loopback and on Unix sockets set path and scheme. Here
        # TRUSTED_PROXY_HOPS decides which proxies are trusted (blueprints/hardening.py).
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "header_map": "drop",
        "proxy_protocol": "off",
        # Documented in docs/operations.md.
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
    """Return the options that differ from our settings although they must not be changed."""
    own = Config()
    for name, value in load().items():
        own.set(name, value)
    return [
        setting.cli[-1]
        for name, setting in sorted(cfg.settings.items())
        if setting.cli and name not in OPTIONS + _LOCATION_OPTIONS
        if setting.get() != own.settings[name].get()
    ]


def invalid_options(cfg: Config) -> list[str]:
    """Return an error message for each option that gunicorn accepts, but cannot use."""
    sentences = [
        f"{cfg.settings[name].cli[-1]} must be a whole number from 1 to {highest}."
        for name, highest in _MAXIMUMS.items()
        if not 1 <= cfg.settings[name].get() <= highest
    ]
    ports = [address[1] for address in cfg.address if isinstance(address, tuple)]
    if not all(0 <= port <= _HIGHEST_PORT for port in ports):
        sentences.append(f"--bind must have a port from 0 to {_HIGHEST_PORT}.")
    if cfg.umask > _HIGHEST_UMASK:
        sentences.append("--umask must be from 0 to 0o777.")
    folder = cfg.worker_tmp_dir
    if folder and not (Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        sentences.append("--worker-tmp-dir must be a directory in which the service can write.")
    return sentences


def _worker_connections(settings: Settings) -> int:
    """Return the maximum number of connections of a worker.

    If 1000 connections arrive at once, one of two workers may get three quarters of them. At 64 KiB
    for each incomplete request, 900 need at most 57 MiB, and the few larger ones 9 MiB. The limit
    on open files also has to cover both pools and the files of each thread and of the process.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserved = 2 * (settings.db_pool_max + settings.web_threads)
    available = 900 if files == resource.RLIM_INFINITY else files - 64 - reserved
    return max(1, min(available, 900))


def _metrics_directory() -> str:
    """Return the directory for the workers' metrics, which is removed when this master exits.

    A new master inherits the environment of the previous one, but needs a directory of its own.
    """
    pid = os.getpid()
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if not folder.endswith(f"-{pid}"):
        folder = _make_directory(f"-{pid}")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        atexit.register(_remove, folder, pid)
    return folder


def _make_directory(suffix: str) -> str:
    # In a container with a read-only file system, /dev/shm is writable.
    for parent in (None, "/dev/shm"):  # noqa: S108 (mkdtemp chooses an unpredictable name)
        try:
            return tempfile.mkdtemp(suffix, "wallet-api-metrics-", parent)
        except OSError:
            continue
    sys.exit("wallet-api cannot start: no directory for temporary files is writable. Set TMPDIR.")


def _remove(folder: str, pid: int) -> None:
    # A worker inherits this handler by fork, but must not run it.
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
