"""One trading wallet per user of a Farcaster / Base mini app, on PostgreSQL.

wallet_api.app builds the application; it is not imported here, because every command would wait
for all of HTTP to be imported first.
"""

import sys

__version__ = "1.0.0"

if sys.flags.optimize > 1:
    sys.exit(
        "wallet-api cannot start: its sentences for users and its help are in docstrings, which "
        "PYTHONOPTIMIZE=2 (or -OO) removes. Set PYTHONOPTIMIZE=1 or less."
    )
