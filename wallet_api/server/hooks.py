"""What happens around the life of the master and its workers."""

import itertools
import sys
from typing import Any

from prometheus_client import multiprocess

from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.server import settings


def on_starting(server: Any) -> None:
    """Refuse to serve under options that change what a request means, or how it is served."""
    if options := settings.forbidden_options(server.cfg):
        sys.exit(
            f"wallet-api does not serve with gunicorn's {', '.join(options)}: leave it out of the "
            "command line and of GUNICORN_CMD_ARGS. docs/commands.md has those that can be set."
        )
    if sentences := settings.out_of_range(server.cfg):
        sys.exit(" ".join(sentences))


def pre_fork(server: Any, worker: Any) -> None:
    """Give a new worker the lowest number that no living one has.

    Its metrics are in files of that number. A successor goes on with them, so that their count does
    not grow with each reload.
    """
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in itertools.count() if number not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Write this worker's metrics under its number."""
    metrics.set_writer(f"worker{worker.number}")


def post_worker_init(worker: Any) -> None:
    """Open this worker's pool, now that the fork is done."""
    application(worker.app.wsgi()).open()


def worker_exit(server: Any, worker: Any) -> None:
    """Close this worker's pool, once its last request is answered."""
    application(worker.app.wsgi()).close()


def child_exit(server: Any, worker: Any) -> None:
    """Forget what a worker that is gone was using."""
    multiprocess.mark_process_dead(f"worker{worker.number}")  # type: ignore[no-untyped-call]
