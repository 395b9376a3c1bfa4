"""Frontends on other hosts: the origins that CORS_ORIGINS names may call, and no others."""

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
        app.after_request(_vary)
        CORS(app, origins=list(origins), expose_headers=list(_EXPOSED), max_age=600)


def _vary(response: Response) -> Response:
    """Say that answers differ by origin; flask-cors says so only where it knows two or more."""
    response.vary.add("Origin")
    return response
