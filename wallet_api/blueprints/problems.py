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
    errors.FidRequired: 400,
    errors.InvalidAddress: 400,
    errors.InvalidAmount: 400,
    errors.AmountNotPositive: 400,
    errors.UnsupportedAsset: 400,
    errors.UnsupportedChain: 400,
    errors.BaseAddressRequired: 400,
    errors.BaseWalletMismatch: 400,
    errors.MnemonicRefused: 400,
    errors.InvalidIdempotencyKey: 400,
    errors.InvalidFid: 400,
    errors.InvalidFilter: 400,
    errors.InvalidCursor: 400,
    errors.InvalidRecipientKey: 400,
    errors.InvalidPolicy: 400,
    errors.NotSignable: 400,
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
    errors.StorageUnavailable: 503,
    errors.Overloaded: 503,
    errors.DatabaseUnavailable: 503,
    errors.LockTimeout: 503,
    errors.AuditLogBlocked: 503,
    errors.DatabaseDamaged: 503,
    errors.DatabaseWentBack: 503,
    errors.KeyUnreadable: 503,
    errors.SignatureMismatch: 503,
    errors.SecretMismatch: 503,
    errors.SignInUnavailable: 503,
}

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


def problem(
    *, status: int, code: str, title: str, error: str | None = None, detail: str | None = None
) -> Response:
    """Return a problem response. `title` depends only on `code`; `error` is for the user."""
    body = {
        **_members(status, code, title, error=error, detail=detail),
        "request_id": g.get("request_id"),
        **g.get("problem_members", {}),
    }
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
    return _members(
        status,
        code or _code(default_exceptions[status]()),
        title or _SENTENCES[status],
        error=None,
    )


def _members(
    status: int, code: str, title: str, *, error: str | None, detail: str | None = None
) -> dict[str, Any]:
    return {
        "type": f"urn:problem-type:wallet-api:{code}",
        "title": title,
        "status": int(status),
        "detail": detail or error or title,
        "code": code,
        "request_id": "8e27ac97b3e14c1f8f0ac1b1de0a9a53",
        "error": error or title,
    }


def error_response(error: errors.WalletApiError) -> Response:
    """Return the response to a domain error, and log it if the service is at fault."""
    if isinstance(error, errors.ServiceUnavailable):
        report(error)
    if isinstance(error, errors.PolicyRefused):
        g.problem_members = error.as_json()
    return problem(
        status=STATUS_OF[type(error)],
        code=error.code,
        title=error.sentence(),
        error=str(error),
        detail=error.hint,
    )


def report(error: errors.ServiceUnavailable) -> None:
    """Log that the service is at fault."""
    if isinstance(error, _CRITICAL):
        alarm("unavailable", error.code, reason=error.reason, **error.logged)
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
