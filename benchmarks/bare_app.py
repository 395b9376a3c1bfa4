"""A Flask application that sends the statement of a read, and has none of the service's duties.

gunicorn -c python:benchmarks.empty_app benchmarks.bare_app:app

It checks no token, decrypts nothing, and has no log line, rate limit or metric.
"""

import json
import os
from functools import cache

from flask import Flask, Response
from psycopg_pool import ConnectionPool

from benchmarks import empty_app

app = Flask(__name__, static_folder=None)

_SELECT = (
    "select chain, wallet_type, address, encrypted_private_key, iv, created_at"
    " from wallets where fid = %s"
)


@cache
def _pool() -> ConnectionPool:
    """Open the pool, in the worker and not before the fork."""
    size = empty_app.threads
    options = {"autocommit": True}
    return ConnectionPool(
        os.environ["DATABASE_URL"], min_size=size, max_size=size, kwargs=options, open=True
    )


@app.get("/api/wallet/user-wallets")
def wallets() -> Response:
    """Return the wallets of one user."""
    with _pool().connection() as connection:
        rows = connection.execute(_SELECT, [1]).fetchall()
    return Response(json.dumps([row[:3] for row in rows]), mimetype="application/json")
