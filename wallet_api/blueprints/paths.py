"""Paths: rejection of non-canonical ones, which could bypass rules of proxies, and their parts."""

import re
from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import NotFound

from wallet_api.auth.fids import parse_fid
from wallet_api.errors import InvalidFid, UnsupportedChain
from wallet_api.models import TRADING_CHAIN

# One "/", then characters of a path (RFC 3986, section 3.3). Unreserved characters (section 2.3)
# and "/" must not be percent-encoded.
_CANONICAL = re.compile(
    r"/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]"
    r"|%(?!2[DEF]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])[0-9A-F]{2})*",
    re.ASCII | re.IGNORECASE,
)
_CANONICAL_DECODED = re.compile(r"/(?!/)[^\x00-\x1f\x7f]*")


def init_app(app: Flask) -> None:
    """Return 404 for every non-canonical path. Call it before blueprints are registered."""
    # Otherwise Werkzeug redirects `/api//x` to `/api/x` with an HTML body.
    app.url_map.merge_slashes = False
    app.before_request(_require_canonical_path)


def _require_canonical_path() -> None:
    """Raise NotFound for a path that a proxy may have interpreted as another one.

    A proxy that denies `/v1` compares these characters. Without this check `/%761/…`, `//v1/…`, and
    with some servers `/v\\t1/…` and `a:/v1/…` would reach the same route, and so would `/x/v1/…`
    where a server uses `/x` as SCRIPT_NAME.
    """
    environ = request.environ
    path = environ["PATH_INFO"]
    raw = _raw_path()
    if raw is None:
        is_canonical = bool(_CANONICAL_DECODED.fullmatch(path))
    else:
        is_canonical = bool(_CANONICAL.fullmatch(raw)) and unquote_to_bytes(raw) == path.encode(
            "latin-1"
        )
    if environ["SCRIPT_NAME"] or not is_canonical:
        raise NotFound


def raw_path() -> str:
    """Return the path as the caller sent it, or decoded if the server does not provide it."""
    return _raw_path() or request.path


def _raw_path() -> str | None:
    environ = request.environ
    # The unparsed request target: gunicorn provides RAW_URI, other servers REQUEST_URI.
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return None if target is None else target.partition("?")[0]


def parse_fid_of_path(fid: str) -> int:
    """Return the FID in a path. Raises InvalidFid."""
    user = parse_fid(fid)
    # Only the canonical notation, so that each user has one URL.
    if user is None or str(user) != fid:
        raise InvalidFid
    return user


def require_trading_chain(chain: str) -> None:
    """Raise UnsupportedChain unless the chain in a path is that of trading wallets."""
    if chain != TRADING_CHAIN:
        raise UnsupportedChain
