"""Fixtures of the tests of `wallet-api wallets …`."""

import subprocess
import time

import pytest

from benchmarks import wallet_store as generator
from tests.commands import SHELL, Finished, kept_environ
from tests.factories import ACCESS, SECRET
from tests.running_service import ROOT
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.models import AuditContext
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.row_verification import StoredWallets
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import WalletImport


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


def slowed_down(work):
    def slow(*arguments, **options):
        time.sleep(0.003)
        return work(*arguments, **options)

    return slow


@pytest.fixture
def start_slowly(start, monkeypatch):
    """Start a command that works for a second longer, and is not over before a test acts on it."""

    def started(*arguments):
        with monkeypatch.context() as patch:
            for name in ("encrypt", "encrypt_legacy", "decrypt", "decrypt_legacy"):
                patch.setattr(
                    EncryptionService, name, slowed_down(getattr(EncryptionService, name))
                )
            return start(*arguments)

    return started


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
def encryption_key():
    return generator.encryption_key(SECRET)


@pytest.fixture
def generate(folder, encryption_key):
    """Fill the folder with so many generated files and return their FIDs and chains."""

    def make(files):
        made = generator.wallets(files)
        for fid, chain in made:
            generator.write_file(folder, fid, chain, encryption_key)
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
                EncryptedKey(*encrypted), fid=fid, chain="ethereum", address=address
            )
            .reveal()
            .hex()
            for fid, address, *encrypted in rows
        }

    return open_all


@pytest.fixture
def imported(samples, importer):
    """Import every sample; return the folder."""
    importer(samples)
    return samples


@pytest.fixture
def exported(tmp_path):
    """Return the path of a folder that is not there yet."""
    return tmp_path / "not" / "yet"


@pytest.fixture
def exporter(database, encryption):
    """Export by the service, in this process: exporter(folder) returns the reports by file."""

    def run(folder):
        files = FilesystemWalletRepository(WalletDirectory(folder), encryption)
        files.directory.create()
        access = AuditContext(actor="cli:a-test", request_id="a-test")
        work = WalletExport(database, files, encryption, access)
        with files.directory.locked():
            pages = StoredWallets(database).pages(500)
            return {report.file: report for page in pages for report in work.run(page)}

    return run
