"""The gunicorn configuration for `gunicorn wsgi:app` in this directory."""

from wallet_api.server import settings

globals().update(settings.load())
