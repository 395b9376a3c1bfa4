"""One way to write a path, so that a proxy that judges by paths sees what we serve."""

import re

from flask import Flask, request
from werkzeug.exceptions import NotFound

# Of characters that mean the same when they are not encoded (RFC 3986, 2.3), and of "/".
_NEEDLESS = re.compile(r"%(?:2[DEF]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])", re.IGNORECASE)


def init_app(app: Flask) -> None:
    """Answer 404 to every path that can be read in another way."""
    app.before_request(_require_plain_path)


def _require_plain_path() -> None:
    """Find nothing at a path that is encoded without need, or begins otherwise than it seems to.

    A proxy that denies `/v1` may look for these letters. `/%761/…` and `//v1/…` are the same to us,
    and so is `/x/v1/…` where a server takes `/x` for SCRIPT_NAME: by gunicorn's defaults, from a
    header. Raises NotFound.
    """
    environ = request.environ
    # PATH_INFO is decoded. gunicorn and Werkzeug call what came RAW_URI, other servers REQUEST_URI.
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    encoded = _NEEDLESS.search(target.partition("?")[0])
    doubled = target.startswith("//") or environ["PATH_INFO"].startswith("//")
    if encoded or doubled or environ["SCRIPT_NAME"]:
        raise NotFound
