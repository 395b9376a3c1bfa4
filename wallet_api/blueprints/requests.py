"""Request ids, size limits and log lines; the client address; parsing of bodies and queries."""

import json
import re
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

import structlog
from flask import Flask, Request, Response, current_app, request
from flask.globals import app_ctx
from gunicorn.http.errors import ParseException
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from wallet_api import deadline, metrics
from wallet_api.errors import InvalidRequest, Overloaded
from wallet_api.models import IPAddress
from wallet_api.request_ids import new_request_id

MAX_BODY_BYTES = 16 * 1024
"""A deposit needs about 200 bytes."""

MAX_SIGNING_BODY_BYTES = 128 * 1024
"""A transaction that creates a contract with the longest code takes 98 KB, as hex digits.

The longest rules of a policy take 64 KB.
"""

# An IPv6 address (45 characters at most) with a zone, brackets and a port.
_MAX_ADDRESS_LENGTH = 80
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Some proxies add a port: 192.0.2.1:443, [2001:db8::1]:443.
_WITH_PORT = re.compile(r"([0-9.]+):\d+|\[(.+)\](?::\d+)?", re.ASCII)
# No part of a key or of a client's token, which have 16 hexadecimal digits in a row.
_NAME = re.compile(r"(?!.*[0-9a-fA-F]{16})[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
# Headers in which proxies describe the client: X-Forwarded-For, Forwarded, X-Real-IP, Via, …
_ADDED_BY_PROXIES = re.compile(
    r"forwarded|client-?ip|-(ip|ipv6|addr|address)\Z|\A(x-)?via\Z|\Acdn-loop\Z",
    re.ASCII | re.IGNORECASE,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SIGNS_OR_DECIDES = re.compile(
    r"/v1/(?:users/[^/]+/(?:rpc/|sign/preview|wallets/[^/]+/sign/)|policies(?:/dry-run)?\Z)",
    re.ASCII,
)
_WITHHELD = "A field (name withheld because it looks like a secret)"

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


def client_ip() -> IPAddress | None:
    """Return the client's address, as the trusted proxies report it; None if it is unknown."""
    text = request.remote_addr or ""
    # What a proxy forwards may be as long as a header. It is not kept.
    return _parse_ip(text) if len(text) <= _MAX_ADDRESS_LENGTH else None


@lru_cache(maxsize=10_000)
def _parse_ip(text: str) -> IPAddress | None:
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        # Without its zone (fe80::1%eth0), which has a meaning only on this machine.
        return ip.ipv4_mapped or IPv6Address(int(ip))
    return ip


def ip_for_allowed_networks() -> IPAddress | None:
    """Return the address to compare with a client's allowed networks; None if unknown.

    Without trusted proxies it is the address of the peer. If a header shows that the peer is a
    proxy, the address is unknown: the proxy may be in an allowed network and the client not.
    """
    if current_app.config["TRUSTED_PROXY_HOPS"] == 0 and any(
        _ADDED_BY_PROXIES.search(name) for name, _ in request.headers
    ):
        report_unexpected_proxy()
        return None
    return client_ip()


@cache
def report_unexpected_proxy() -> None:
    """Log, once in each process, that requests come through a proxy that is not configured."""
    log.warning(
        "an API client came through a proxy: TRUSTED_PROXY_HOPS is probably wrong, it is 0",
        hint="Set it to the number of proxies. Until then --allow-ip refuses such requests.",
    )


class BodyParser(FlaskParser):
    """Parse JSON bodies strictly: anything but one unambiguous object is a 400 with the reason."""

    DEFAULT_VALIDATION_STATUS = 400
    # The schema of a query decides how unknown parameters are handled.
    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
    }

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the parameters of the query. A parameter that is not a list must occur once."""
        for name, values in req.args.lists():
            field = schema.fields.get(name)
            if len(values) > 1 and not isinstance(field, fields.List):
                raise InvalidRequest(f"{_quoted(name)}: give it once.")
        return super().load_querystring(req, schema)

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the members of the body. A missing body counts as an empty object."""
        raw = req.get_data()
        if not raw:
            return {}
        if not req.is_json:
            raise UnsupportedMediaType
        try:
            body = parse_json(raw)
        except ValueError as error:
            raise InvalidRequest("The request body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The request body must be a JSON object.")
        return body

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> Any:
        """Report the first invalid field and its fault."""
        messages: Any = error.messages
        # {"json": {field: [sentence, …]}}
        field, sentences = next(iter(next(iter(messages.values())).items()))
        raise InvalidRequest(f"{_quoted(field)}: {sentences[0]}") from error


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON text in UTF-8, in which no object has a member twice.

    Raises ValueError.
    """
    try:
        # json.loads() would also accept UTF-16 and UTF-32.
        return json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _quoted(field: object) -> str:
    """Quote a name, unless it could be a key or a token that was put in the wrong place."""
    name = str(field)
    return json.dumps(name) if _NAME.fullmatch(name) else _WITHHELD
