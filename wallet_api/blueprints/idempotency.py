"""The header Idempotency-Key, which makes a repeated request safe."""

import re

from flask import request

from wallet_api.errors import InvalidIdempotencyKey

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A retry with the same key returns the first response again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
SIGNING_KEY = IDEMPOTENCY_KEY | {
    "description": "A retry with the same key returns the same signature, and is not recorded "
    "again. It belongs to the client, the user and what is signed."
}
REPLAYED = {
    "Idempotent-Replayed": {
        "description": "Present if this is the response to an earlier request.",
        "schema": {"enum": ["true"]},
    }
}
_PATTERN = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


def idempotency_key() -> str | None:
    """Return the key of the request, or None. Raises InvalidIdempotencyKey."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _PATTERN.fullmatch(key):
        raise InvalidIdempotencyKey
    return key


def replayed_header(replayed: bool) -> dict[str, str]:
    """Return the header of a response to a repeated request; none for the first one."""
    return {"Idempotent-Replayed": "true"} if replayed else {}
