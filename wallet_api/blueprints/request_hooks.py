"""Hooks that give every request an id, a maximum size, a deadline and a log line."""

import re
import time

import structlog
from flask import Flask, Response, request
from flask.globals import app_ctx
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from wallet_api import deadline, metrics
from wallet_api.blueprints.client_addresses import client_ip
from wallet_api.errors import Overloaded
from wallet_api.request_ids import new_request_id

MAX_BODY_BYTES = 16 * 1024
"""A deposit needs about 200 bytes."""

MAX_SIGNING_BODY_BYTES = 128 * 1024
"""A transaction that creates a contract with the longest code takes 98 KB, as hex digits.

The longest rules of a policy take 64 KB.
"""

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_PROBES = {"/healthz", "/readyz", "/metrics"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SIGNS_OR_DECIDES = re.compile(
    r"/v1/(?:users/[^/]+/(?:rpc/|sign/preview|wallets/[^/]+/sign/)|policies(?:/dry-run)?\Z)",
    re.ASCII,
)

log = structlog.get_logger("wallet_api.request")


def init_app(app: Flask) -> None:
    """Give every request of `app` an id, a size limit and a log line."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    """Set the request id and the start time. Raises Overloaded if the request waited too long."""
    # Each use of `g` would look it up again.
    state = app_ctx.g
    state.began = deadline.arrived_at()
    given = request.headers.get("X-Request-Id", "")
    state.request_id = given if _REQUEST_ID.fullmatch(given) else new_request_id()
    state.actor = "anybody"
    structlog.contextvars.bind_contextvars(request_id=state.request_id, actor=state.actor)
    if deadline.seconds_left() <= 0:
        metrics.OVERLOADED.inc()
        raise Overloaded("no thread became free in time")


def read_body() -> None:
    """Read the whole body, also on routes without one, so that every route rejects a bad one."""
    declared, limit = request.content_length, max_body_bytes(request.path)
    if declared is not None and declared > limit:
        raise RequestEntityTooLarge
    # One more byte, because Werkzeug cuts a chunked body at its limit.
    request.max_content_length = limit + 1
    try:
        received = len(request.get_data())
    except ParseException as error:
        # gunicorn parses chunks only when they are read.
        raise BadRequest from error
    if received > limit:
        raise RequestEntityTooLarge
    if declared is not None and received != declared:
        raise BadRequest


def max_body_bytes(path: str) -> int:
    """Return the length of the longest body of a request to this path."""
    return MAX_SIGNING_BODY_BYTES if _SIGNS_OR_DECIDES.match(path) else MAX_BODY_BYTES


def _end(response: Response) -> Response:
    state, rule, method = app_ctx.g, request.url_rule, request.method
    response.headers.add("X-Request-Id", state.request_id)
    # Responses contain tokens, keys and wallets of one user. A view may allow caching.
    if "Cache-Control" not in response.headers:
        response.headers.add("Cache-Control", "no-store")
    seconds = time.monotonic() - state.began
    # The pattern, not the path, which the client controls.
    route = rule.rule if rule else None
    metrics.REQUESTS.labels(
        method if method in _METHODS else "other",
        route or "none",
        response.status_code,
    ).observe(seconds)
    if route not in _PROBES:
        metrics.REQUESTS_WITHOUT_PROBES.inc()
        if response.status_code >= 500:
            metrics.FAILURES.inc()
    # Addresses are not logged. An unknown one is reported, because --allow-ip rejects it.
    unknown = {} if client_ip() else {"client_ip": "unknown"}
    log.info(
        "request",
        method=method,
        route=route,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        **unknown,
    )
    return response


def _forget(_error: BaseException | None) -> None:
    """Remove this request's id from the log context of the thread, and free its head and body.

    The frames of a routing error refer to the request. The garbage collector runs seldom, and such
    a cycle would remain in memory until then.
    """
    structlog.contextvars.clear_contextvars()
    request.routing_exception = None
