"""Batches of many users: rotations, imports and exports."""

from dataclasses import dataclass

from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, service
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.rotation import KeyRotation
from wallet_api.services.row_verification import StoredWallets
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import WalletImport

USERS = range(1, 21)
BUSY = 5
OLD = EncryptionService(Secret(SECRET), [Secret(OTHER_SECRET)])
NEW = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


@dataclass
class Batch:
    """What runs on all users as one batch; `done` and `action` say that it was done to one."""

    database: Database
    done: str
    action: str

    def outcomes(self):
        return {report.fid: report.outcome for report in self.run()}


class Rotation(Batch):
    def __init__(self, database, _folder):
        super().__init__(database, "re-encrypted", "key.resealed")
        make_wallets(database)
        SecretRegistration(database, NEW).register()

    def run(self):
        rotation = KeyRotation(self.database, NEW, ACCESS)
        return [report for page in rotation.pages(len(USERS)) for report in rotation.run(page)]


class Import(Batch):
    """Of users whose chains have begun already."""

    def __init__(self, database, folder):
        super().__init__(database, "imported", "wallet.imported")
        self.files = FilesystemWalletRepository(WalletDirectory(folder), OLD)
        users = service(database)
        for fid in USERS:
            self.files.insert_if_absent(users._new_wallet(fid))
            self.begin(users, fid)

    def begin(self, users, fid):
        users.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)

    def run(self):
        secret = SecretRegistration(self.database, OLD)
        imports = WalletImport(self.database, self.files, OLD, secret, ACCESS, dry_run=False)
        names = sorted(self.files.directory.names())
        return [report for report in imports.run(names) if report.outcome != "present"]


class FirstImport(Import):
    """Of users of whom nothing is known."""

    def begin(self, users, fid):
        pass


class Export(Batch):
    def __init__(self, database, folder):
        super().__init__(database, "exported", "key.exported")
        make_wallets(database)
        self.files = FilesystemWalletRepository(WalletDirectory(folder), OLD)

    def run(self):
        export = WalletExport(self.database, self.files, OLD, ACCESS)
        pages = StoredWallets(self.database).pages(len(USERS))
        found = [report for page in pages for report in export.run(page)]
        return [report for report in found if report.outcome != "present"]


def make_wallets(database):
    users = service(database)
    for fid in USERS:
        users.ensure_trading_wallet(fid, access=ACCESS)
