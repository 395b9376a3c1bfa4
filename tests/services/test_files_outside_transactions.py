"""No file is read, locked or flushed while a transaction is open."""

import fcntl
import os

import pytest
from psycopg.pq import PipelineStatus, TransactionStatus

from tests.factories import ACCESS, BASE_ACCOUNT, FID, SECRET
from tests.services.storage import deposit_address
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.row_verification import StoredWallets, check_rows
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import WalletImport

pytestmark = pytest.mark.usefixtures("samples")

NEW_FID = 42
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
CALLS = [
    *((os, name) for name in ("open", "stat", "fsync", "link", "rename", "unlink", "scandir")),
    (fcntl, "flock"),
]
ACTS = {
    "create a wallet": lambda s: s.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS),
    "return a wallet": lambda s: s.wallets.ensure_trading_wallet(FID, access=ACCESS),
    "read a key": lambda s: s.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS),
    "read no key": lambda s: s.wallets.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS),
    "refuse a key": lambda s: s.wallets.refuse_key(FID, "ethereum", access=ACCESS),
    "set an address": lambda s: s.wallets.store_base_account_address(
        NEW_FID, BASE_ACCOUNT, access=ACCESS
    ),
    "replace an address": lambda s: s.wallets.store_base_account_address(
        FID, OTHER_ACCOUNT, access=ACCESS
    ),
    "get": lambda s: s.wallets.get_wallet(FID, "ethereum", access=ACCESS),
    "list": lambda s: s.wallets.list_wallets(FID, access=ACCESS),
    "deposit": lambda s: deposit_address(s, NEW_FID),
    "be ready": lambda s: s.readiness.check(),
    "count": lambda s: s.storage.get_state(),
}


@pytest.fixture
def calls(monkeypatch):
    """Watch a database: calls(database) returns every call and whether a transaction was open."""

    def watch(database):
        seen = []

        def is_open(connection):
            idle = connection.info.transaction_status == TransactionStatus.IDLE
            return not idle or connection.pgconn.pipeline_status != PipelineStatus.OFF

        def watched(name, call):
            def watching(*arguments, **options):
                if options.get("dir_fd") or options.get("src_dir_fd") or name != "open":
                    seen.append((name, any(is_open(one) for one in database._checked_out)))
                return call(*arguments, **options)

            return watching

        for module, name in CALLS:
            monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
        return seen

    return watch


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
@pytest.mark.parametrize("act", ACTS)
def test_the_service_touches_files_outside_of_transactions(start_services, calls, mode, act):
    services = start_services(mode)
    seen = calls(services.database)
    ACTS[act](services)
    # The second time nothing is left to be prepared.
    ACTS[act](services)
    assert seen or (mode, act) == ("migrating", "refuse a key")
    assert [name for name, inside in seen if inside] == []


def test_the_commands_touch_files_outside_of_transactions(start_services, calls, folder):
    services = start_services("postgres", path=folder.parent / "none")
    services.database.open()
    database, encryption = services.database, EncryptionService(Secret(SECRET))
    files = FilesystemWalletRepository(WalletDirectory(folder), encryption)
    secret = SecretRegistration(database, encryption)
    names = [path.name for path in sorted(folder.iterdir())]
    seen = calls(database)
    WalletImport(database, files, encryption, secret, ACCESS, dry_run=False).run(names)
    (page,) = StoredWallets(database).pages(100)
    check_rows(encryption, files, page)
    other = FilesystemWalletRepository(WalletDirectory(folder.parent / "back"), encryption)
    other.directory.create()
    WalletExport(database, other, encryption, ACCESS).run(page)
    assert {name for name, _ in seen} >= {"open", "fsync", "flock", "link"}
    assert [name for name, inside in seen if inside] == []
