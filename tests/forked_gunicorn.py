"""gunicorn in processes that begin with the libraries imported: the import takes a second of CPU.

It is the program of the virtual environment, with its own master, workers and environment. Only the
interpreter is not started again: its directory at the start is that of the tests. test_start.py in
tests/faults/ starts whole programs.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.imported_libraries"])


class ForkedGunicorn:
    """A gunicorn master, with the methods of Popen that the tests use."""

    def __init__(self, command: Sequence[str], environ: dict[str, str], log: Path) -> None:
        self._process: Any = _CONTEXT.Process(target=_run, args=(list(command), environ, log))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired("gunicorn", timeout)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _run(command: list[str], environ: dict[str, str], log: Path) -> None:
    with log.open("ab") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    sys.path[0] = str(Path(command[0]).parent)
    sys.argv = command
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 (it may import what reads the environment)

    sys.exit(run())
