"""gunicorn server hooks for the start and exit of the master and its workers."""

import gc
import itertools
import sys
from typing import Any

from prometheus_client import multiprocess

from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.ethereum import signatures
from wallet_api.server import gunicorn_settings

# New objects until the youngest generation is collected, its collections until the next one is, and
# so on.
_GC_OBJECTS, _GC_YOUNG, _GC_OLD = 50_000, 20, 20


def on_starting(server: Any) -> None:
    """Exit if an option must not be changed or has an invalid value. Then import eth-account."""
    if options := gunicorn_settings.forbidden_options(server.cfg):
        sys.exit(
            f"wallet-api does not serve with gunicorn's {', '.join(options)}: remove it from the "
            "command line and from GUNICORN_CMD_ARGS. docs/commands.md lists the allowed options."
        )
    if sentences := gunicorn_settings.invalid_options(server.cfg):
        sys.exit(" ".join(sentences))
    # Once in the master, so that no worker takes half a second longer to start.
    signatures.load()


def pre_fork(server: Any, worker: Any) -> None:
    """Give a new worker the lowest unused number.

    Its metrics are stored in files with that number. A replacement continues with the same files,
    so that their number does not grow with each reload.
    """
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in itertools.count() if number not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Store this worker's metrics under its number."""
    metrics.set_writer(f"worker{worker.number}")


def post_worker_init(worker: Any) -> None:
    """Open this worker's pool after the fork, and check whether it can serve.

    Let the garbage collector run less often.

    A request makes hundreds of objects that refer to others, and almost no cycles. With Python's
    defaults the collector takes a tenth of the CPU of a request, most of it for objects of the
    start, which never become garbage.
    """
    services = application(worker.app.wsgi())
    services.open()
    services.watch.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_OBJECTS, _GC_YOUNG, _GC_OLD)


def worker_exit(server: Any, worker: Any) -> None:
    """Close this worker's pool after its last request."""
    services = application(worker.app.wsgi())
    services.watch.stop()
    services.close()


def child_exit(server: Any, worker: Any) -> None:
    """Remove the gauges of a worker that has exited."""
    multiprocess.mark_process_dead(f"worker{worker.number}")  # type: ignore[no-untyped-call]
