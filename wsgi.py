"""`wsgi:app` in a checkout, where servers and platforms look for it."""

from wallet_api.wsgi import app

__all__ = ["app"]
