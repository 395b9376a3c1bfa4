"""gunicorn's threaded worker, with refusals that our frontends can read.

A request that gunicorn cannot parse never reaches Flask. gunicorn would answer it with a page of
HTML that quotes the request, and log the quotation.
"""

import json
import socket
import uuid
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

_REFUSALS = {
    errors.LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long."),
    errors.LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The request's headers are too large.",
    ),
    errors.ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "The request expects what this service does not do.",
    ),
}
_MALFORMED = (HTTPStatus.BAD_REQUEST, "The request is not valid HTTP.")
_OUR_FAULT = (
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong on our side. Nothing was lost; please try again.",
)


class Worker(ThreadWorker):
    """Answer what cannot be parsed as application/problem+json (RFC 9457), quoting nothing."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Refuse one request, and log the kind of error alone."""
        theirs = isinstance(exc, errors.ParseException)
        status, sentence = _REFUSALS.get(type(exc), _MALFORMED if theirs else _OUR_FAULT)
        report = self.log.warning if theirs else self.log.critical
        request_id = uuid.uuid4().hex
        report("refused a request: %s, request id %s", type(exc).__name__, request_id)
        code = status.name.lower()
        body = {
            "type": f"urn:problem-type:wallet-api:{code}",
            "title": sentence,
            "status": status.value,
            "detail": sentence,
            "code": code,
            "request_id": request_id,
            "error": sentence,
        }
        text = json.dumps(body)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "Connection: close\r\n"
            "Content-Type: application/problem+json\r\n"
            "Cache-Control: no-store\r\n"
            f"X-Request-Id: {request_id}\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        # Whoever sent nonsense may be gone already.
        with suppress(OSError):
            util.write_nonblock(client, (head + text).encode())
