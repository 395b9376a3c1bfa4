"""The service, except that the response to a request with the query `echo` shows the request."""

import json
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from wsgi import app

_served = app.wsgi_app


def _echo(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    if environ["QUERY_STRING"] != "echo":
        return _served(environ, start)
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    body = json.dumps(seen).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


app.wsgi_app = _echo  # type: ignore[method-assign]
