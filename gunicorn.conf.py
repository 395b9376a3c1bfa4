"""How gunicorn serves wsgi:app: read by `gunicorn wsgi:app` in this directory."""

from wallet_api.server import settings

globals().update(settings.load())
