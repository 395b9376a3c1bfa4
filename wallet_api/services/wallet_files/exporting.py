"""Export of rows to wallet files that the old service can read."""

from collections.abc import Sequence

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, batch_transaction
from wallet_api.errors import KeyUnreadable, ServiceUnavailable
from wallet_api.models import AuditContext, AuditEvent, Wallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.file import file_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.batch_runs import run_batch
from wallet_api.services.decryption import decrypt_verified
from wallet_api.services.wallet_files.importing import FileReport, Outcome


class WalletExport:
    """Exports batches of rows. Idempotent and safe to interrupt.

    A file with a key is never replaced. An older Base Account address is.
    """

    def __init__(
        self,
        database: Database,
        files: FilesystemWalletRepository,
        encryption: EncryptionService,
        access: AuditContext,
    ) -> None:
        self._database = database
        self._files = files
        self._encryption = encryption
        self._access = access
        self._trail = AuditTrail(encryption)

    def run(self, wallets: Sequence[Wallet]) -> list[FileReport]:
        """Write the missing files of these rows, and read every file back.

        Keys leave the database, which the audit log records before the first file is written.
        """
        return run_batch(wallets, self._run, self._failed)

    def _run(self, wallets: Sequence[Wallet]) -> tuple[list[FileReport], list[Wallet]]:
        """Record the export in one transaction, then write the files.

        Return the reports, and the wallets of busy users.
        """
        reports: dict[str, FileReport] = {}
        missing: dict[str, Wallet] = {}
        for wallet in wallets:
            name = file_name(wallet.fid, wallet.chain)
            try:
                decrypt_verified(self._encryption, wallet)
            except KeyUnreadable as error:
                reports[name] = _report(wallet, Outcome.INVALID, error.reason)
                continue
            if self._files.directory.has(name):
                reports[name] = self._update(wallet, name)
            else:
                missing[name] = wallet
        busy = self._record(
            [wallet for wallet in missing.values() if wallet.encrypted_key is not None]
        )
        left = [missing.pop(file_name(wallet.fid, wallet.chain)) for wallet in busy]
        self._files.add_copies(missing.values())
        for name, wallet in missing.items():
            reports[name] = self._read_back(wallet, name, Outcome.EXPORTED)
        return list(reports.values()), left

    def _failed(self, wallet: Wallet, error: ServiceUnavailable) -> FileReport:
        return _report(wallet, Outcome.FAILED, error.reason)

    def _update(self, wallet: Wallet, name: str) -> FileReport:
        """Replace a row's existing file, if that is allowed and needed."""
        found = self._files.inspect(name)
        existing = found.file
        if existing is None or existing.wallet.encrypted_key is not None:
            return self._read_back(wallet, name, Outcome.PRESENT)
        if wallet.encrypted_key is not None:
            try:
                self._files.copy_base_account(existing)
            except KeyUnreadable as error:
                return _report(wallet, Outcome.CONFLICT, error.reason, found.sha256)
            self._record([wallet])
            self._files.replace_keyless(wallet, existing)
        elif existing.wallet.address == wallet.address:
            return self._read_back(wallet, name, Outcome.PRESENT)
        elif existing.wallet.updated_at < wallet.updated_at:
            self._files.write_base_account(wallet, existing)
        return self._read_back(wallet, name, Outcome.EXPORTED)

    def _read_back(self, wallet: Wallet, name: str, outcome: Outcome) -> FileReport:
        found = self._files.inspect(name)
        if found.file is None:
            return _report(wallet, Outcome.CONFLICT, f"there is a file, but {found.fault}")
        if (found.file.wallet.chain, found.file.wallet.address) != (wallet.chain, wallet.address):
            reason = f"there is a file with {found.file.wallet.address}"
            return _report(wallet, Outcome.CONFLICT, reason, found.sha256)
        return _report(wallet, outcome, "; ".join(found.file.warnings) or None, found.sha256)

    def _record(self, exported: Sequence[Wallet]) -> list[Wallet]:
        """Record the export of these keys; return those of busy users, without an entry."""
        if not exported:
            return []
        pending = self._trail.pending()
        busy: set[int] = set()

        def record(connection: Connection) -> None:
            nonlocal busy
            with batch_transaction(connection):
                if not pending.is_written(connection):
                    fids = {wallet.fid for wallet in exported}
                    heads = AuditRepository(connection).lock_heads(fids)
                    busy = fids - heads.keys()
                    events = [self._event(wallet) for wallet in exported if wallet.fid in heads]
                    pending.append_many(connection, heads, events)

        self._database.run(record)
        return [wallet for wallet in exported if wallet.fid in busy]

    def _event(self, wallet: Wallet) -> AuditEvent:
        return AuditEvent(
            fid=wallet.fid, chain=wallet.chain, action="key.exported", access=self._access
        )


def _report(
    wallet: Wallet, outcome: Outcome, reason: str | None, sha256: str | None = None
) -> FileReport:
    return FileReport(
        file=file_name(wallet.fid, wallet.chain),
        fid=wallet.fid,
        chain=wallet.chain,
        address=wallet.address,
        outcome=outcome,
        reason=reason,
        sha256=sha256,
    )
