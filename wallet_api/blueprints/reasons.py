"""The reason of a request for the audit log: in the body, or in the header X-Reason."""

from typing import Any

from flask import request
from marshmallow import fields, validate

from wallet_api.blueprints.schemas.url_parameters import require_printable
from wallet_api.errors import InvalidRequest

_MAX_LENGTH = 500
REASON = {
    "in": "header",
    "name": "X-Reason",
    "description": "Printable ASCII text for the audit log.",
    "schema": {"type": "string", "pattern": f"^[ -~]{{1,{_MAX_LENGTH}}}$"},
}


def reason_field(description: str, **options: Any) -> fields.String:
    """Return the member `reason` of a body."""
    return fields.String(
        validate=[validate.Length(1, _MAX_LENGTH), require_printable],
        metadata={"description": description, "examples": ["sign swap 8c1f"]},
        **options,
    )


def header_reason() -> str | None:
    """Return the reason in the header X-Reason, or None. Raises InvalidRequest."""
    reason = request.headers.get("X-Reason")
    if reason is None:
        return None
    if not reason.isascii() or not reason.isprintable() or not reason.strip():
        raise InvalidRequest("X-Reason: must be printable ASCII text. Other text fits the body.")
    if len(reason) > _MAX_LENGTH:
        raise InvalidRequest(f"X-Reason: Longer than maximum length {_MAX_LENGTH}.")
    return reason
