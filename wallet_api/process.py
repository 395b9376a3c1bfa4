"""What a process that holds secrets does first."""

import ctypes
import os
import resource
import sys
import traceback
from pathlib import Path

_PR_SET_DUMPABLE = 4
# gunicorn stops when a worker ends with it, and starts another one after any other status.
_APP_LOAD_ERROR = 4


def protect_memory() -> None:
    """Have no core dump hold our secrets, and on Linux no other process of our user read them.

    The limit is inherited by every process that we start. Where core dumps are piped to a program
    the kernel ignores it, but not the flag; that one goes from parent to child as long as the child
    runs no other program. With it, /proc/<pid>/mem and environ and ptrace() are root's alone.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def require_gunicorn_settings() -> None:
    """Exit if gunicorn loads the application without our settings for it.

    With its own defaults gunicorn believes X-Forwarded-Proto and SCRIPT_NAME of some peers, and
    its threads wait for slow clients. Other servers are not concerned.
    """
    callers = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_stack(None))
    under_gunicorn = any(name.startswith("gunicorn.") for name in callers)
    if under_gunicorn and "wallet_api.server.settings" not in sys.modules:
        sys.stderr.write(
            "wallet-api does not serve under gunicorn without its own settings for it: start "
            "`wallet-api serve`, or `gunicorn wsgi:app` in the checkout, without --config and "
            "--chdir (look at GUNICORN_CMD_ARGS too).\n"
        )
        sys.exit(_APP_LOAD_ERROR)


def prepare() -> None:
    """Give this process what libraries take for granted: open standard streams, and a home.

    The next socket would take the number of a stream that was closed, and get what is written to
    it. sys.stdout stays None, which commands look at. psycopg asks for the home of a user who has
    neither HOME nor a name.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The kernel gives the lowest number that is free.
            os.open(os.devnull, os.O_RDWR)
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (for the process's life)
