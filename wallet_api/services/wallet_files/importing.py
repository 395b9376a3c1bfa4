"""Import of wallet files into rows: each file is verified, and no row is overwritten."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, batch_transaction
from wallet_api.errors import KeyUnreadable, ServiceUnavailable
from wallet_api.models import (
    BASE_ACCOUNT_CHAIN,
    BASE_ACCOUNT_SPELLINGS,
    TRADING_CHAIN,
    AuditContext,
    Wallet,
)
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.file import file_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository, Inspection
from wallet_api.repositories.wallets.batches import WalletBatchRepository, WalletKey
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.events import wallet_event
from wallet_api.services.batch_runs import run_batch
from wallet_api.services.decryption import decrypt_verified
from wallet_api.services.encryption_keys.registration import SecretRegistration


class Outcome(StrEnum):
    """The result for a file."""

    IMPORTED = "imported"
    IMPORTABLE = "importable"
    """It would be imported; this is a dry run."""
    PRESENT = "present"
    """PostgreSQL has this wallet, with the same address and key."""
    CONFLICT = "conflict"
    """PostgreSQL, or a file with precedence, has another wallet for the user, or another user has
    its key."""
    INVALID = "invalid"
    """It cannot be verified."""
    FAILED = "failed"
    """Its user's audit chain accepts no entry, or is locked. Try again."""
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """The result for one file, with the reason. `chain` is the chain of its row."""

    file: str
    fid: int | None
    chain: str | None
    address: str | None
    outcome: Outcome
    reason: str | None
    sha256: str | None


class WalletImport:
    """Imports batches of files. Idempotent, and safe to interrupt and to run concurrently."""

    def __init__(
        self,
        database: Database,
        files: FilesystemWalletRepository,
        encryption: EncryptionService,
        registration: SecretRegistration,
        access: AuditContext,
        *,
        dry_run: bool,
    ) -> None:
        self._database = database
        self._files = files
        self._encryption = encryption
        self._registration = registration
        self._access = access
        self._trail = AuditTrail(encryption)
        self._dry_run = dry_run

    def run(self, names: Sequence[str]) -> list[FileReport]:
        """Verify the files of these names and insert the missing rows.

        Raises SecretMismatch if the database's keys are encrypted with other secrets.
        """
        return run_batch(names, self._run, self._failed)

    def _run(self, names: Sequence[str]) -> tuple[list[FileReport], list[str]]:
        """Import files in one transaction; return the reports, and the files of busy users."""
        found = [self._files.inspect(name) for name in names]
        lost = {file.name: self._lost_precedence(file) for file in found if file.file is not None}
        wallets = {
            _key(file.file.wallet): file.file.wallet
            for file in found
            if file.file is not None and lost[file.name] is None
        }
        duplicates = self._duplicates(wallets)
        unique = {key: wallet for key, wallet in wallets.items() if key not in duplicates}
        existing = self._existing(unique)
        absent = {key: wallet for key, wallet in unique.items() if key not in existing}
        recorded = self._recorded_otherwise(absent)
        claimed, taken, busy = self._write(
            {key: wallet for key, wallet in absent.items() if key not in recorded}
        )
        existing |= taken
        reports, left = [], []
        outcome: Outcome
        reason: str | None
        for file in found:
            if file.file is None:
                reports.append(_report(file, Outcome.INVALID, file.fault))
                continue
            key = _key(file.file.wallet)
            if (loss := lost[file.name]) is not None:
                outcome, reason = loss
            elif key in duplicates:
                outcome = Outcome.CONFLICT
                reason = f"FID {duplicates[key]} has the same key: one is a copy of the other"
            elif key in recorded:
                outcome = Outcome.CONFLICT
                reason = f"the audit log has {recorded[key]} for this user"
            elif key in claimed:
                outcome, reason = Outcome.IMPORTED, None
            elif key in existing:
                outcome, reason = self._compare(file.file.wallet, existing[key])
            elif file.fid in busy:
                left.append(file.name)
                continue
            else:
                outcome, reason = Outcome.IMPORTABLE, None
            reports.append(_report(file, outcome, reason))
        return reports, left

    def _failed(self, name: str, error: ServiceUnavailable) -> FileReport:
        return _report(self._files.inspect(name), Outcome.FAILED, error.reason)

    def _duplicates(self, wallets: dict[WalletKey, Wallet]) -> dict[WalletKey, int]:
        """Return the trading wallets without a row whose key another user has, with that user."""
        trading = {
            key: (wallet.address.lower(), wallet.fid)
            for key, wallet in wallets.items()
            if wallet.chain == TRADING_CHAIN
        }
        rows = self._database.run(
            lambda connection: WalletBatchRepository(connection).list_owners(
                address for address, _ in trading.values()
            )
        )
        users = defaultdict(set)
        for address, fid in rows.union(trading.values()):
            users[address].add(fid)
        return {
            key: min(others)
            for key, (address, fid) in trading.items()
            if (address, fid) not in rows and (others := users[address] - {fid})
        }

    def _existing(self, keys: Iterable[WalletKey]) -> dict[WalletKey, Wallet]:
        """Return the rows of these keys."""

        def read(connection: Connection) -> dict[WalletKey, Wallet]:
            rows = WalletBatchRepository(connection).list_by_keys(keys)
            # Operators delete files that are reported as imported.
            self._database.replication.wait(connection)
            return rows

        return self._database.run(read)

    def _recorded_otherwise(self, absent: dict[WalletKey, Wallet]) -> dict[WalletKey, str]:
        """Return the addresses of the audit log for users whose trading file has another one.

        The user's wallet was served from its file, which was replaced since.
        """

        def read(connection: Connection) -> dict[WalletKey, str | None]:
            audit = AuditRepository(connection)
            heads = audit.list_heads({fid for fid, chain in absent if chain == TRADING_CHAIN})
            with_entries = [fid for fid, head in heads.items() if head.id]
            return {(fid, TRADING_CHAIN): audit.get_trading_address(fid) for fid in with_entries}

        return {
            key: address
            for key, address in self._database.run(read).items()
            if address is not None and address.lower() != absent[key].address.lower()
        }

    def _write(
        self, absent: dict[WalletKey, Wallet]
    ) -> tuple[set[WalletKey], dict[WalletKey, Wallet], set[int]]:
        """Insert missing rows; return the inserted keys, the rows of others, and the busy users.

        An existing row needs no lock, so that its user is never busy.
        """
        if self._dry_run or not absent:
            return set(), {}, set()
        self._registration.register()

        pending = self._trail.pending()
        claimed: set[WalletKey] = set()

        def write(
            connection: Connection,
        ) -> tuple[set[WalletKey], dict[WalletKey, Wallet], set[int]]:
            nonlocal claimed
            batches = WalletBatchRepository(connection)
            with batch_transaction(connection):
                fids = {fid for fid, _ in absent}
                heads = AuditRepository(connection).lock_heads(fids)
                free = [wallet for wallet in absent.values() if wallet.fid in heads]
                inserted = batches.insert_copies_if_absent(free)
                # In the order of FIDs, as in every batch.
                events = [
                    wallet_event("wallet.imported", absent[key], self._access)
                    for key in sorted(inserted)
                ]
                # The insert waited for an earlier attempt whose commit was not confirmed.
                earlier = claimed if pending.is_written(connection) else set()
                claimed = inserted | earlier
                pending.append_many(connection, heads, events)
                taken = batches.list_by_keys(absent.keys() - claimed)
            self._database.replication.wait(connection)
            return claimed, taken, fids - heads.keys()

        return self._database.run(write)

    def _compare(self, wallet: Wallet, row: Wallet) -> tuple[Outcome, str | None]:
        """Compare a file's wallet with the row, and return the outcome with the reason."""
        if row.address == wallet.address:
            try:
                # Two keys of one address are one key.
                decrypt_verified(self._encryption, row)
            except KeyUnreadable as error:
                return Outcome.CONFLICT, f"the row in PostgreSQL is unreadable: {error.reason}"
            return Outcome.PRESENT, None
        if row.chain == BASE_ACCOUNT_CHAIN and row.created_at == wallet.created_at:
            if row.updated_at > wallet.updated_at:
                return Outcome.PRESENT, "imported before, and replaced by the user since"
            return Outcome.CONFLICT, f"PostgreSQL has {row.address}, and the file is newer"
        return Outcome.CONFLICT, f"PostgreSQL has {row.address} for this user"

    def _lost_precedence(self, file: Inspection) -> tuple[Outcome, str] | None:
        """Return the outcome for a Base Account file if another one takes precedence."""
        if file.file is None or file.fid is None or file.file.wallet.chain != BASE_ACCOUNT_CHAIN:
            return None
        for spelling in BASE_ACCOUNT_SPELLINGS:
            if spelling == file.spelling:
                return None
            first = file_name(file.fid, spelling)
            if self._files.directory.has(first):
                preferred = self._files.inspect(first).file
                if preferred is not None and preferred.wallet.address == file.file.wallet.address:
                    return Outcome.PRESENT, f"{first} has the same address"
                state = "cannot be verified" if preferred is None else "has another address"
                return Outcome.CONFLICT, f"{first} takes precedence, and {state}"
        return None


def _key(wallet: Wallet) -> WalletKey:
    return wallet.fid, wallet.chain


def _report(file: Inspection, outcome: Outcome, reason: str | None) -> FileReport:
    wallet = None if file.file is None else file.file.wallet
    warnings = () if file.file is None else file.file.warnings
    return FileReport(
        file=file.name,
        fid=file.fid,
        chain=file.spelling if wallet is None else wallet.chain,
        address=None if wallet is None else wallet.address,
        outcome=outcome,
        reason="; ".join(filter(None, (reason, *warnings))) or None,
        sha256=file.sha256,
    )
