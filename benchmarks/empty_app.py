"""A Flask application with one empty route, under the gunicorn settings of the service.

gunicorn -c python:benchmarks.empty_app benchmarks.empty_app:app
"""

import os

from flask import Flask

_threads = int(os.environ["WEB_THREADS"])
workers = int(os.environ["WEB_CONCURRENCY"])
worker_class = "wallet_api.server.worker.Worker"
threads = _threads
worker_connections = 900
preload_app = True
keepalive = 5
control_socket_disable = True

app = Flask(__name__, static_folder=None)


@app.get("/")
def empty() -> dict[str, str]:
    """Return an empty object."""
    return {}
