"""One way to write a path, so that a proxy that judges by paths sees what we serve."""

import re
from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import NotFound

# One "/", then characters of a path (RFC 3986, 3.3). Encoded is only what does not mean the same
# when it is not encoded: no unreserved character (2.3), and no "/".
_CANONICAL = re.compile(
    r"/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]"
    r"|%(?!2[DEF]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])[0-9A-F]{2})*",
    re.ASCII | re.IGNORECASE,
)
_CANONICAL_DECODED = re.compile(r"/(?!/)[^\x00-\x1f\x7f]*")


def init_app(app: Flask) -> None:
    """Answer 404 to every path that can be read in another way. Goes before the blueprints."""
    # Or else Werkzeug redirects `/api//x` to `/api/x`, in HTML.
    app.url_map.merge_slashes = False
    app.before_request(_require_canonical_path)


def _require_canonical_path() -> None:
    """Refuse a path that a proxy may have read as another one.

    A proxy that denies `/v1` looks for these letters. `/%761/…`, `//v1/…`, and to some servers
    `/v\\t1/…` and `a:/v1/…`, are the same to us; so is `/x/v1/…` where a server takes `/x` for
    SCRIPT_NAME. Raises NotFound.
    """
    environ = request.environ
    path = environ["PATH_INFO"]
    # What came, if the server says so: gunicorn calls it RAW_URI, other servers REQUEST_URI.
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if target is None:
        is_canonical = bool(_CANONICAL_DECODED.fullmatch(path))
    else:
        raw = target.partition("?")[0]
        is_canonical = bool(_CANONICAL.fullmatch(raw)) and unquote_to_bytes(raw) == path.encode(
            "latin-1"
        )
    if environ["SCRIPT_NAME"] or not is_canonical:
        raise NotFound
