"""Protection and preparation of a process that holds secrets."""

import ctypes
import os
import resource
import sys
import traceback
from pathlib import Path

_PR_SET_DUMPABLE = 4
# gunicorn stops when a worker exits with this status. After any other it starts a new worker.
_APP_LOAD_ERROR = 4


def protect_memory() -> None:
    """Disable core dumps, and on Linux access to our memory by other processes of our user.

    Child processes inherit the resource limit. If core dumps are piped to a program, the kernel
    ignores the limit, but not the dumpable flag. Forked children inherit the flag until they
    execute another program. It restricts /proc/<pid>/mem, environ and ptrace() to root.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def require_gunicorn_settings() -> None:
    """Exit if gunicorn loads the application without our settings.

    By default gunicorn trusts X-Forwarded-Proto and SCRIPT_NAME of some peers, and its threads wait
    for slow clients. Other servers are not affected.
    """
    callers = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_stack(None))
    under_gunicorn = any(name.startswith("gunicorn.") for name in callers)
    if under_gunicorn and "wallet_api.server.gunicorn_settings" not in sys.modules:
        sys.stderr.write(
            "wallet-api does not serve under gunicorn without its own settings for it. Start "
            "`wallet-api serve`, or `gunicorn wsgi:app` in the checkout, without --config and "
            "--chdir (also in GUNICORN_CMD_ARGS).\n"
        )
        sys.exit(_APP_LOAD_ERROR)


def prepare() -> None:
    """Provide what libraries expect of a process: open standard streams and a home directory.

    If a standard stream is closed, the next socket gets its number and receives what is written to
    it. sys.stdout stays None, because commands check it. psycopg needs the home directory even of a
    user who has neither HOME nor a name.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # open() returns the lowest free number.
            os.open(os.devnull, os.O_RDWR)
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (for the lifetime of the process)
