"""How gunicorn serves wsgi:app. Read by `gunicorn wsgi:app` in this directory."""

import atexit
import os
import resource
import shutil
import sys
import tempfile

# Before the first import of prometheus_client, which asks then where numbers are kept. In a folder
# of this master's own: another one's would go with it (a new master inherits its environment).
_mark = f"-{os.getpid()}"
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR", "").endswith(_mark):
    _folder = tempfile.mkdtemp(_mark, "wallet-api-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder

    @atexit.register
    def _remove_metrics():
        # Not when a worker ends, which is a fork of the master.
        if _folder.endswith(f"-{os.getpid()}"):
            shutil.rmtree(_folder, ignore_errors=True)


from prometheus_client import multiprocess

from wallet_api import logs
from wallet_api.blueprints.application import application
from wallet_api.config import ConfigurationError, Settings
from wallet_api.process import keep_memory_private

# The master derives the secrets; its workers inherit this.
keep_memory_private()
try:
    _settings = Settings.from_environ(os.environ)
except ConfigurationError as error:
    sys.exit(str(error))

bind = f"0.0.0.0:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "wallet_api.server.worker.Worker"
logger_class = "wallet_api.server.worker.Logger"
threads = _settings.web_threads
# Of each process: one of two may get three quarters of a thousand that come at once. At 64 KiB for
# a request that is not whole it stays below 57 MiB, and with both pools, and what each thread and
# the process itself open, below the files that it may open.
_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
_ours = 2 * (_settings.db_pool_max + _settings.web_threads)
_room = 900 if _files == resource.RLIM_INFINITY else _files - 64 - _ours
worker_connections = max(1, min(_room, 900))
# Built once, before the fork: the secrets' scrypt runs once, and the pool is still closed.
preload_app = True
# Heroku's router gives up after 30 s, and its dynos get 30 s to stop.
timeout = 30
graceful_timeout = 25
keepalive = 5
logconfig_dict = logs.dict_config(_settings.log_level, _settings.log_format)
control_socket_disable = True


def post_worker_init(worker):
    """Open this worker's pool, now that the fork is done."""
    application(worker.app.wsgi()).open()


def worker_exit(server, worker):
    """Close this worker's pool, once its last request is answered."""
    application(worker.app.wsgi()).close()


def child_exit(server, worker):
    """Forget what a worker that is gone was using."""
    multiprocess.mark_process_dead(worker.pid)
