"""Entity tags (RFC 9110, section 8.8) of versioned resources: the version in quotes.

The response about an assignment shows the policy too, whose version follows after a dot.
"""

import re
from typing import Any

from flask import request

from wallet_api.errors import InvalidRequest

_STRONG = re.compile(r'"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,17}))?"', re.ASCII)

IF_MATCH: dict[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag of the version to replace. If it is not the current one: 412.",
    "schema": {"type": "string", "pattern": r'^"[1-9][0-9]*(\.[1-9][0-9]*)?"$'},
}
ETAG_HEADER: dict[str, Any] = {
    "ETag": {
        "description": "The version, in quotes. For the policy of a wallet: the versions of the "
        "assignment and of the policy, with a dot between them.",
        "schema": {"type": "string"},
    }
}


def expected_version() -> int | None:
    """Return the version in the header If-Match, or None without it. Raises InvalidRequest."""
    versions = _if_match(1)
    return None if versions is None else versions[0]


def expected_versions() -> tuple[int, int] | None:
    """Return the two versions in the header If-Match, or None. Raises InvalidRequest."""
    versions = _if_match(2)
    return None if versions is None else (versions[0], versions[1])


def _if_match(count: int) -> list[int] | None:
    given = request.headers.get("If-Match")
    if given is None:
        return None
    found = _STRONG.fullmatch(given.strip())
    versions = [int(group) for group in found.groups() if group] if found else []
    if len(versions) != count:
        example = ".".join("31"[:count])
        raise InvalidRequest(
            f'If-Match: must be one ETag as this route returns it, such as "{example}".'
        )
    return versions


def tagged(body: Any, *versions: int) -> tuple[Any, dict[str, str]]:
    """Return a body and its ETag header."""
    return body, {"ETag": f'"{".".join(map(str, versions))}"'}
