"""Responses to requests that do not reach Flask. They quote nothing of the request."""

import json
from http import HTTPStatus

from gunicorn.http import errors

from wallet_api.blueprints.problems import members
from wallet_api.errors import Overloaded


class TooSlow(errors.ParseException):
    """The request did not arrive in time."""


class TooManyLarge(errors.ParseException):
    """Too many large requests are in memory."""


# Status, code, sentence. The codes are our own, because Python's names of statuses change.
_PROBLEMS = {
    TooSlow: (
        HTTPStatus.REQUEST_TIMEOUT,
        "request_timeout",
        "The request took too long to arrive.",
    ),
    TooManyLarge: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        Overloaded.code,
        Overloaded.sentence(),
    ),
    errors.LimitRequestLine: (
        HTTPStatus.REQUEST_URI_TOO_LONG,
        "uri_too_long",
        "The URL is too long.",
    ),
    errors.LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "request_header_fields_too_large",
        "The request's headers are too large.",
    ),
    errors.ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "expectation_failed",
        "The Expect header is not supported.",
    ),
}
_MALFORMED = (HTTPStatus.BAD_REQUEST, "bad_request", "The request is not valid HTTP.")
_INTERNAL_ERROR = (
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_server_error",
    "Something went wrong on our side. Nothing was lost; please try again.",
)


def problem_response(error: BaseException, request_id: str) -> bytes:
    """Return the complete HTTP response to a request that failed with `error`."""
    client_error = isinstance(error, errors.ParseException)
    status, code, sentence = _PROBLEMS.get(
        type(error), _MALFORMED if client_error else _INTERNAL_ERROR
    )
    text = json.dumps(members(status, code, sentence, request_id=request_id))
    retry_after = "Retry-After: 5\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        "Cache-Control: no-store\r\n"
        f"{retry_after}X-Request-Id: {request_id}\r\n"
        f"Content-Length: {len(text)}\r\n\r\n"
    )
    return (head + text).encode()
