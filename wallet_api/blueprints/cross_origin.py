"""Frontends on other hosts: the origins that CORS_ORIGINS names may call, and no others."""

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
    """Let scripts of these origins call `app` and read its answers. No cookies are involved."""
    if origins:
        app.after_request(_add_vary)
        # Patterns that we anchor: flask-cors takes a text with brackets (IPv6) for one of its own.
        patterns = [re.compile(rf"{re.escape(origin)}\Z") for origin in origins]
        CORS(app, origins=patterns, expose_headers=list(_EXPOSED), max_age=600)


def _add_vary(response: Response) -> Response:
    """Say that answers differ by origin. flask-cors says so only to the origins that it allows."""
    response.vary.add("Origin")
    return response
