"""The WSGI entry point: gunicorn wsgi:app."""

import sys

from wallet_api.app import create_app
from wallet_api.config import ConfigurationError

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(str(error))
