"""Error responses: application/problem+json (RFC 9457) with a member `error` for frontends."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

from wallet_api import errors
from wallet_api.alarms import alarm

STATUS_OF: dict[type[errors.WalletApiError], int] = {
    errors.HttpsRequired: 308,
    errors.InvalidRequest: 400,
    errors.Unauthenticated: 401,
    errors.KeyExportDisabled: 403,
    errors.KeyReadDisabled: 403,
    errors.InsufficientScope: 403,
    errors.NetworkNotAllowed: 403,
    errors.PolicyRefused: 403,
    errors.ClientCreationDisabled: 403,
    errors.GrantRefused: 403,
    errors.WalletNotFound: 404,
    errors.PolicyNotFound: 404,
    errors.ClientNotFound: 404,
    errors.DepositNotFound: 404,
    errors.ClientNameTaken: 409,
    errors.IdempotencyKeyInUse: 409,
    errors.WalletsInFiles: 409,
    errors.PreconditionFailed: 412,
    errors.IdempotencyKeyReused: 422,
    errors.TooManyRequests: 429,
    errors.ServiceUnavailable: 503,
}
"""The statuses of errors, and of all their subclasses."""

# Errors that need an operator. They are logged as critical.
_CRITICAL = (
    errors.KeyUnreadable,
    errors.SignatureMismatch,
    errors.SecretMismatch,
    errors.StorageUnavailable,
    errors.AuditLogBlocked,
    errors.DatabaseDamaged,
    errors.DatabaseWentBack,
)
_SENTENCES = {
    400: "The request is not valid.",
    404: "This path does not exist.",
    405: "The method is not allowed for this URL.",
    413: "The request body is too large.",
    415: "The request body must be JSON (Content-Type: application/json).",
    500: "Something went wrong on our side. Nothing was lost; please try again.",
}

log = structlog.get_logger("wallet_api")


def init_app(app: Flask) -> None:
    """Return every error of `app` as a problem."""
    app.register_error_handler(errors.WalletApiError, error_response)
    app.register_error_handler(HTTPException, http_error_response)
    app.register_error_handler(Exception, _unexpected_error_response)


def status_of(error: type[errors.WalletApiError]) -> int:
    """Return the status of an error."""
    return next(STATUS_OF[kind] for kind in error.__mro__ if kind in STATUS_OF)


def problem(
    *, status: int, code: str, title: str, error: str | None = None, detail: str | None = None
) -> Response:
    """Return a problem response. `title` depends only on `code`; `error` is for the user."""
    request_id = g.get("request_id")
    body = members(status, code, title, request_id=request_id, error=error, detail=detail)
    body |= g.get("problem_members", {})
    response = Response(current_app.json.dumps(body), status, mimetype="application/problem+json")
    if status == 503:
        response.headers["Retry-After"] = "5"
    if code == errors.IdempotencyKeyInUse.code:
        response.headers["Retry-After"] = "1"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if code == errors.InsufficientScope.code:
        response.headers["WWW-Authenticate"] = f'Bearer error="{code}"'
    return response


def example(status: int, code: str | None = None, title: str | None = None) -> dict[str, Any]:
    """Return an example of a problem for the documentation."""
    return members(
        status,
        code or _code(default_exceptions[status]()),
        title or _SENTENCES[status],
        request_id="8e27ac97b3e14c1f8f0ac1b1de0a9a53",
    )


def members(
    status: int,
    code: str,
    title: str,
    *,
    request_id: str | None,
    error: str | None = None,
    detail: str | None = None,
) -> dict[str, Any]:
    """Return the members of a problem."""
    return {
        "type": f"urn:problem-type:wallet-api:{code}",
        "title": title,
        "status": int(status),
        "detail": detail or error or title,
        "code": code,
        "request_id": request_id,
        "error": error or title,
    }


def error_response(error: errors.WalletApiError) -> Response:
    """Return the response to a domain error, and log it if the service is at fault."""
    if isinstance(error, errors.ServiceUnavailable):
        report(error)
    if isinstance(error, errors.PolicyRefused):
        g.problem_members = error.as_json()
    return problem(
        status=status_of(type(error)),
        code=error.code,
        title=error.sentence(),
        error=str(error),
        detail=error.hint,
    )


def report(error: errors.ServiceUnavailable) -> None:
    """Log that the service is at fault."""
    if isinstance(error, _CRITICAL):
        alarm("unavailable", error.alarm, reason=error.reason, **error.logged)
    else:
        log.error("unavailable", code=error.code, reason=error.reason)


def http_error_response(error: HTTPException) -> Response:
    """Return the response to an error of HTTP itself."""
    if error.code is None:
        raise AssertionError("unreachable: Flask answers an exception without a status itself")
    sentence = _SENTENCES.get(error.code, f"{error.name}.")
    response = problem(status=error.code, code=_code(error), title=sentence)
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _code(error: HTTPException) -> str:
    return error.name.lower().replace(" ", "_")


def _unexpected_error_response(error: Exception) -> Response:
    alarm("unhandled exception", "unhandled_exception", exc_info=error)
    return http_error_response(InternalServerError())
