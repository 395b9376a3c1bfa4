"""A database, a folder, processes that work on both, and a way to cut their connections."""

import json
import shutil
import threading
import time

from tests.factories import ACCESS, STORAGE_OF
from tests.machine.model import Kept
from tests.wallet_store import contents, old_decrypt
from wallet_api.config import Settings
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.file import parse_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.audit.verify import AuditVerification
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.row_verification import StoredWallets
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import WalletImport
from wallet_api.services.wallet_files.storages import select_storage

TABLES = (
    "wallets, wallet_audit_log, wallet_audit_heads, active_encryption_keys, encryption_keys,"
    " deposits"
)


class Scissors:
    """Cut the connection of one statement of queries/, or of the transactions around them."""

    def __init__(self, sql):
        self._sql = sql
        self._lock = threading.Lock()
        self._left = 0
        self._late = False
        self.have_cut = False

    def open(self, cut):
        """Cut before the n-th statement is sent, or (late) before its answer comes; or never."""
        self._left, self._late = cut or (0, False)

    def put_into(self, database):
        """Have every connection of a pool pass by here."""
        scissors = self

        class Watched(database._parameters["cursor_factory"]):
            def execute(self, query, *arguments, **options):
                due = ("/*" in query or query in ("begin", "commit")) and scissors._is_due()
                if due and not scissors._late:
                    scissors._cut(self.connection)
                result = super().execute(query, *arguments, **options)
                if due and scissors._late:
                    # Until the server has done all that was sent, in a pipeline too.
                    scissors._wait_for("ClientRead", self.connection)
                    scissors._cut(self.connection)
                return result

        database._parameters["cursor_factory"] = Watched

    def _is_due(self):
        with self._lock:
            self._left -= 1
            return self._left == 0

    def _cut(self, connection):
        self.have_cut = True
        self._ask("select pg_terminate_backend(%s)", connection)
        self._wait_for(None, connection)

    def _wait_for(self, event, connection):
        """Wait until the server's process waits for an event, or (None) until it is gone."""
        query = "select wait_event from pg_stat_activity where pid = %s"
        deadline = time.monotonic() + 30
        while (found := self._ask(query, connection)) != (event and (event,)):
            assert time.monotonic() < deadline, found

    def _ask(self, query, connection):
        with self._lock:
            return self._sql.execute(query, [connection.info.backend_pid]).fetchone()


class Process:
    """The wallet service as one process has it; every call of the machine goes through here."""

    def __init__(self, world, mode):
        self.mode = mode
        settings = Settings.from_environ(
            {
                **world.environ,
                "WALLET_STORAGE": mode,
                "WALLET_STORAGE_PATH": str(world.folder),
            }
        )
        storage = select_storage(settings.wallets)
        storage.unused_files_warning(explicit=settings.wallet_storage_is_explicit)
        check = storage.directory_check(world.encryption)
        self._secret = SecretRegistration(world.database, world.encryption, check)
        self._wallets = storage.wallet_service(world.database, world.encryption, self._secret)

    def check(self):
        """Do what /readyz does."""
        self._secret.check()

    def ensure(self, fid):
        return self._wallets.ensure_trading_wallet(fid, access=ACCESS).address

    def put_base_account(self, fid, address):
        self._wallets.store_base_account_address(fid, address, access=ACCESS)

    def list(self, fid):
        return [wallet.address for wallet in self._wallets.list_wallets(fid, access=ACCESS)]

    def look(self, fid, chain):
        return self._wallets.get_wallet_address(fid, chain, access=ACCESS)

    def read_key(self, fid):
        """Return the address that the key which leaves derives."""
        found = self._wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
        if found is None:
            return None
        assert keys.address_of(found.private_key) == found.wallet.address
        return found.wallet.address


class World:
    """What outlives processes, and what an operator can do to it."""

    def __init__(self, environ, sql, tmp_path):
        self.environ = environ
        self.sql = sql
        self.encryption = EncryptionService(Secret(environ["ENCRYPTION_SECRET"]))
        self.database = Database(
            Secret(environ["DATABASE_URL"]), min_size=1, max_size=8, timeout_seconds=5
        )
        self.scissors = Scissors(sql)
        self.scissors.put_into(self.database)
        self.folder = tmp_path / "wallets"

    def empty(self):
        """Start again with intact connections, no rows and no folder."""
        self.scissors.have_cut = False
        self.heal()
        self._unguarded(f"truncate {TABLES}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def heal(self):
        """Cut nothing more, and replace the connections that were cut unnoticed."""
        self.scissors.open(None)
        self.database._pool.check()

    def path_of(self, name):
        return self.folder / "wallet_{}_{}.json".format(*name)

    def value(self, key, column):
        """Return what a column of a wallet's row holds."""
        query = f"select {column} from wallets where (fid, chain) = (%s, %s)"
        return self.sql.execute(query, key).fetchone()[0]

    def set_value(self, key, column, value):
        """Change a row as no statement of ours could."""
        statement = f"update wallets set {column} = %s where (fid, chain) = (%s, %s)"
        self._unguarded(statement, [value, *key])

    def _unguarded(self, statement, parameters=()):
        """Do what no trigger allows."""
        with self.sql.transaction():
            self.sql.execute("set local session_replication_role = replica")
            self.sql.execute(statement, parameters)

    def import_files(self, names):
        secret = SecretRegistration(self.database, self.encryption)
        work = WalletImport(
            self.database, self._files(), self.encryption, secret, ACCESS, dry_run=False
        )
        reports = work.run([self.path_of(name).name for name in names])
        return {parse_name(report.file): report.outcome for report in reports}

    def export(self, keys_of_rows):
        files = self._files()
        files.directory.create()
        work = WalletExport(self.database, files, self.encryption, ACCESS)
        with files.directory.locked():
            (page,) = StoredWallets(self.database).pages(1000)
            reports = work.run([w for w in page if (w.fid, w.chain) in keys_of_rows])
        return {parse_name(report.file): report.outcome for report in reports}

    def _files(self):
        return FilesystemWalletRepository(WalletDirectory(self.folder), self.encryption)

    def rows(self, *, damaged):
        """Open every row, but for the damaged ones, without the code that serves them."""
        found = {}
        for fid, chain, address, *encrypted in self.sql.execute(
            "select fid, chain, address, encrypted_private_key, iv, scheme, key_id from wallets"
        ):
            if encrypted[0] is not None and (fid, chain) not in damaged:
                key = self.encryption.decrypt(
                    EncryptedKey(*encrypted), fid=fid, chain=chain, address=address
                )
                assert keys.address_of(key) == address
            found[fid, chain] = Kept(address, encrypted[0] is not None)
        return found

    def contents(self):
        """Return the bytes and the time of change of every file, by FID and spelling."""
        return {parse_name(name): found for name, found in contents(self.folder).items()}

    def leftovers(self):
        return {path.name for path in self.folder.glob(".*")} - {".lock", ".migrating"}

    def audited(self):
        """Return how many keys the audit log says were read, and how many were exported."""
        return self.sql.execute(
            "select count(*) filter (where action = 'key.read'),"
            " count(*) filter (where action = 'key.exported') from wallet_audit_log"
        ).fetchone()

    def faults_of_the_log(self):
        """Return the faults of the chains of the audit log."""
        reports = []
        verification = AuditVerification(
            self.database, self.encryption, unchained_before=None, storage=STORAGE_OF["filesystem"]
        )
        verification.verify(reports.append)
        return [report for report in reports if report.fault is not None]


def open_file(content):
    """Open a wallet file as the old service did."""
    members = json.loads(content)
    key = old_decrypt(members)
    if key:
        assert keys.address_of(Secret(bytes.fromhex(key[2:]))) == members["address"]
    return Kept(members["address"], keyed=bool(key))
