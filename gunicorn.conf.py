"""The gunicorn configuration for `gunicorn wsgi:app` in this directory."""

from wallet_api.server import gunicorn_settings

globals().update(gunicorn_settings.load())
