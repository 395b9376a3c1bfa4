"""What the tests of `wallet-api wallets …` share: the command itself, and stores to run it on."""

import contextlib
import importlib
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import wallet_store as generator
from tests.conftest import ACCESS, SECRET
from tests.service import ROOT
from wallet_api import logs
from wallet_api.cli import cli
from wallet_api.crypto.encryption import EncryptionService, SealedKey
from wallet_api.crypto.secret import Secret
from wallet_api.repositories.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallet_directory import WalletDirectory
from wallet_api.services.sealing_secret import SealingSecret
from wallet_api.services.wallet_imports import WalletImport

_FORGOTTEN = []
SHELL = (sys.executable, "-m", "wallet_api", "wallets")
_ROW = "fid, chain, wallet_type, address, scheme, key_id, created_at, updated_at"


def kept_environ(environ):
    """Return what a command finds in its environment, beside what finds the programs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **environ}


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

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

    def __init__(self, arguments, environ, folder):
        self._texts = (folder / "out", folder / "err")
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_become, args=(arguments, environ, *self._texts))
        self._process.start()
        self.pid = self._process.pid

    def workers(self):
        """Return the process ids of those who share the work."""
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            return [int(pid) for pid in children.split()]
        return []

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def interrupt(self):
        """Do what Ctrl-C in a terminal does: every process of the group hears of it."""
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


def _become(arguments, environ, out, err):
    # First: who runs several tests at once has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
    cli([*map(str, arguments)], prog_name="wallet-api")


@pytest.fixture
def start(environ, tmp_path_factory):
    """Start `wallet-api wallets …` and return it Running: start("import", folder, NAME="value")."""
    started = []

    def command(*arguments, group="wallets", **changes):
        folder = tmp_path_factory.mktemp("command")
        one = Running((group, *arguments), kept_environ({**environ, **changes}), folder)
        started.append(one)
        return one

    yield command
    for one in started:
        one.stop()


@pytest.fixture
def command(start):
    """Run `wallet-api wallets …` to its end: command("import", folder, NAME="value")."""
    return lambda *arguments, **changes: start(*arguments, **changes).finish()


@pytest.fixture
def shell(environ):
    """Run `wallet-api wallets …` as an operator does, imports and all. Takes a second."""

    def command(*arguments, **changes):
        done = subprocess.run(
            [*SHELL, *map(str, arguments)],
            cwd=ROOT,
            env=kept_environ({**environ, **changes}),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture(scope="session")
def encryption():
    """What opens keys here; it derives the key of old files only once."""
    return EncryptionService(Secret(SECRET))


@pytest.fixture
def importer(database, encryption):
    """Import by the service, in this process: importer(folder) returns the reports by file."""

    def run(folder, *, dry_run=False, names=None):
        files = FilesystemWalletRepository(WalletDirectory(folder), encryption)
        secret = SealingSecret(database, encryption)
        work = WalletImport(database, files, encryption, secret, ACCESS, dry_run=dry_run)
        names = list(files.directory.names()) if names is None else names
        return {report.file: report for report in work.run(names)}

    return run


@pytest.fixture(scope="session")
def sealing_key():
    return generator.sealing_key(SECRET)


@pytest.fixture
def generate(folder, sealing_key):
    """Fill the folder with so many generated files and return their FIDs and chains."""

    def make(files):
        made = generator.wallets(files)
        for fid, chain in made:
            generator.write_file(folder, fid, chain, sealing_key)
        return made

    return make


@pytest.fixture
def stored_keys(sql, encryption):
    """Open every key in the table: the private keys, in hex, by FID."""

    def open_all():
        rows = sql.execute(
            "select fid, address, encrypted_private_key, iv, scheme, key_id from wallets"
            " where wallet_type = 'trading'"
        ).fetchall()
        return {
            fid: encryption.open(SealedKey(*sealed), fid=fid, chain="ethereum", address=address)
            .reveal()
            .hex()
            for fid, address, *sealed in rows
        }

    return open_all


def table(sql):
    """Return every row, without what differs from import to import: the id, and what is sealed."""
    return sql.execute(f"select {_ROW} from wallets order by fid, chain").fetchall()


def key_ids(sql):
    return sql.execute("select key_id from encryption_keys").fetchall()


def audited(sql):
    return sql.execute(
        "select fid, chain, action from wallet_audit_log order by fid, id"
    ).fetchall()


def plant(sql, statement, parameters=()):
    """Change the database as only damage does: no trigger fires."""
    with sql.transaction():
        sql.execute("set local session_replication_role = replica")
        sql.execute(statement, parameters)


def empty(sql):
    """Begin with an empty database again."""
    plant(sql, "delete from wallets")
    plant(sql, "delete from active_encryption_keys")
    plant(sql, "delete from encryption_keys")
    plant(sql, "delete from wallet_audit_log")
    plant(sql, "delete from wallet_audit_heads")


def lines_of(report):
    """Return the lines of a report by file: there must be one for each."""
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    by_file = {line["file"]: line for line in lines}
    assert len(by_file) == len(lines)
    return by_file


def is_one_line(finished):
    """Tell whether a command ended with one message of one line, and nothing else."""
    said = finished.err.strip().splitlines()
    return finished.status == 1 and len(said) == 1 and said[0].startswith("Error: ")


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.01)


def are_gone(pids):
    """Tell whether none of these processes runs; who is dead and not buried counts as gone."""

    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return not any(map(runs, pids))


def assert_they_end(pids):
    """See to it that processes end by themselves within seconds, and that none is left behind."""
    try:
        wait_until(lambda: are_gone(pids), seconds=5)
    except AssertionError:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        raise
