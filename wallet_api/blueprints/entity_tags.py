"""Entity tags (RFC 9110, section 8.8) of versioned resources: the version in quotes."""

import re
from typing import Any

from flask import request

from wallet_api.errors import InvalidRequest

_STRONG = re.compile(r'"([1-9][0-9]{0,17})"', re.ASCII)

IF_MATCH: dict[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag of the version to replace. If it is not the current one: 412.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
}
ETAG_HEADER: dict[str, Any] = {
    "ETag": {"description": "The version, in quotes.", "schema": {"type": "string"}}
}


def expected_version() -> int | None:
    """Return the version in the header If-Match, or None without it. Raises InvalidRequest."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    found = _STRONG.fullmatch(given.strip())
    if found is None:
        raise InvalidRequest('If-Match: must be one ETag as this route returns it, such as "3".')
    return int(found[1])


def tagged(body: Any, version: int) -> tuple[Any, dict[str, str]]:
    """Return a body and its ETag header."""
    return body, {"ETag": f'"{version}"'}
