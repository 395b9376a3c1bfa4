"""Import the libraries of the service once, in the process from which others are forked.

Not prometheus_client, which reads the environment of its process at the import.
"""

import sys
from importlib import import_module

_LIBRARIES = (
    *("aiosql", "coincurve", "cryptography.hazmat.primitives.ciphers.aead", "eth_account"),
    *("flask_cors", "flask_smorest", "gunicorn.app.wsgiapp", "jwt", "limits.storage"),
    *("psycopg_pool", "segno", "structlog"),
)
_limit = sys.getrecursionlimit()
for library in _LIBRARIES:
    import_module(library)
# eth-account raises it.
sys.setrecursionlimit(_limit)
