"""`wallet-api …` in processes of its own."""

import contextlib
import importlib
import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from tests.factories import OTHER_SECRET, SECRET
from tests.running_service import ROOT
from wallet_api import logs
from wallet_api.cli import cli, main
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret

_FORGOTTEN = []


def _leaves(group, *path):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _leaves(command, *path, name)
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_leaves(cli))
"""Every command by its full name: "db upgrade"."""


def parse(name, arguments):
    """Parse the arguments of a command as the program does, without calling the command."""
    # A command keeps the names of its help option, which are those of its first parent.
    program = click.Context(cli, info_name="wallet-api", **cli.context_settings)
    context = click.Context(COMMANDS[name], parent=program, resilient_parsing=True)
    COMMANDS[name].parse_args(context, arguments)


NEEDED = {
    "audit archive": ["--before", "2026-01-01", "--to", "."],
    "clients create": ["--name", "engine", "--scope", "keys:read"],
    "clients revoke": ["engine"],
    "keys retire": ["3f1c0d9a7b5e2648"],
    "policies check": [str(ROOT / "docs" / "policies" / "x402.json")],
    "policies history": ["--service"],
    "policies remove": ["--service"],
    "policies set": [str(ROOT / "docs" / "policies" / "x402.json"), "--service"],
    "policies show": ["--service"],
    "token": ["--fid", "5"],
    "wallets export": ["exported"],
    "wallets show": ["5"],
}
"""The arguments that a command needs."""


def kept_environ(environ):
    """Return the environment of a command: `environ`, and the variables that locate programs.

    On a busy machine, a command would warn of slow queries.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "SLOW_QUERY_MS": "60000", **environ}


@dataclass(frozen=True)
class Finished:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def figures(self):
        return json.loads(self.out)


class Running:
    """A command in a process of its own, forked from this one, which spares a second of imports.

    It leads a process group, as a command does that a shell started.
    """

    def __init__(self, arguments, environ, folder=None, *, terminal=None):
        """Write to files in a folder, or to a terminal."""
        self._texts = (terminal, terminal) if terminal else (folder / "out", folder / "err")
        _derive_keys(environ)
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_become, args=(arguments, environ, *self._texts))
        self._process.start()
        self.pid = self._process.pid

    def workers(self):
        """Return the process ids of the worker processes."""
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            return [int(pid) for pid in children.split()]
        return []

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def interrupt(self):
        """Send SIGINT to every process of the group, as Ctrl-C in a terminal does."""
        wait_until(lambda: os.getpgid(self.pid) == self.pid)
        os.killpg(self.pid, signal.SIGINT)

    def is_running(self):
        return self._process.is_alive()

    def finish(self, seconds=60):
        self._process.join(seconds)
        assert not self._process.is_alive(), "the command does not end"
        status = self._process.exitcode
        self._process.close()
        return Finished(status, *(text.read_text(errors="replace") for text in self._texts))

    def stop(self):
        with contextlib.suppress(ValueError):
            self._process.kill()
            self._process.join()


def _derive_keys(environ):
    """Derive the keys of a command's secrets here, where they are cached: every fork has them."""
    for secret in {SECRET, OTHER_SECRET, environ.get("ENCRYPTION_SECRET", SECRET)}:
        assert EncryptionService(Secret(secret))._legacy_keys


def _become(arguments, environ, out, err):
    # First: a test runner with several processes ignores SIGINT. And Python may lose the exception
    # of one that arrives between here and the command.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.setsid()
    os.chdir(ROOT)
    for number, path in ((1, out), (2, err)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False, errors="backslashreplace")
    # The tests keep the log to themselves; a command of its own writes it to stderr. Their handlers
    # are not even closed: another thread may have held a lock of theirs when we were forked.
    _FORGOTTEN.extend(logging.getLogger().handlers)
    logging.getLogger().handlers.clear()
    logging._handlers.clear()
    logging._handlerList.clear()
    importlib.reload(logs)
    os.environ.clear()
    os.environ.update(environ)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        main([*map(str, arguments)])
    except KeyboardInterrupt:
        # It arrived before the command began: Python ends by the signal.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def wait_until(condition, seconds=30, pause=0.01):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(pause)


SHELL = (sys.executable, "-m", "wallet_api", "wallets")


def lines_of(report):
    """Return the lines of a report by file: there must be one for each."""
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    by_file = {line["file"]: line for line in lines}
    assert len(by_file) == len(lines)
    return by_file


def is_one_line(finished):
    """Return whether a command failed with a message of one line and no other output."""
    said = finished.err.strip().splitlines()
    return finished.status == 1 and len(said) == 1 and said[0].startswith("Error: ")


def are_gone(pids):
    """Return whether none of these processes runs; a zombie does not run."""

    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return not any(map(runs, pids))


def assert_they_end(pids):
    """Check that processes end within seconds; kill those that do not."""
    try:
        wait_until(lambda: are_gone(pids), seconds=5)
    except AssertionError:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        raise
