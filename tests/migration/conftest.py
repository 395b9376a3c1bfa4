"""What the tests of `wallet-api wallets …` share: stores to run it on, and how it may end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import wallet_store as generator
from tests.commands import Finished, kept_environ, wait_until
from tests.conftest import ACCESS, SECRET
from tests.service import ROOT
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallet_files.importing import WalletImport

SHELL = (sys.executable, "-m", "wallet_api", "wallets")
_ROW = "fid, chain, wallet_type, address, scheme, key_id, created_at, updated_at"


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
        secret = SecretRegistration(database, encryption)
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
            fid: encryption.decrypt(
                EncryptedKey(*sealed), fid=fid, chain="ethereum", address=address
            )
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
