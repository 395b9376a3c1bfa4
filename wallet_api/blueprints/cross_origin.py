"""CORS for the origins in CORS_ORIGINS."""

import re

from flask import Flask, Response
from flask_cors import CORS

_EXPOSED = (
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)


def init_app(app: Flask, origins: tuple[str, ...]) -> None:
    """Allow scripts of these origins to call `app`, without cookies."""
    if origins:
        app.after_request(_add_vary)
        # Anchored patterns, because flask-cors treats a string with brackets (IPv6) as a pattern.
        patterns = [re.compile(rf"{re.escape(origin)}\Z") for origin in origins]
        CORS(app, origins=patterns, expose_headers=list(_EXPOSED), max_age=600)


def _add_vary(response: Response) -> Response:
    """Add `Vary: Origin`. flask-cors adds it only for allowed origins."""
    response.vary.add("Origin")
    return response
