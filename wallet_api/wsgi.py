"""The WSGI entry point `wallet_api.wsgi:app`, for servers other than `wallet-api serve`."""

import sys

from wallet_api.app import create_app
from wallet_api.config import ConfigurationError
from wallet_api.process_protection import prepare, protect_memory

prepare()
protect_memory()
try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(str(error))
