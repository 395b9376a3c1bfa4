"""Wallets in files: one JSON file per user and chain."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from wallet_api.crypto.encryption import DOES_NOT_DECRYPT, EncryptionService
from wallet_api.errors import KeyUnreadable, SecretMismatch, StorageUnavailable
from wallet_api.models import (
    BASE_ACCOUNT_CHAIN,
    BASE_ACCOUNT_SPELLINGS,
    MAX_FID,
    TRADING_CHAIN,
    AuditHead,
    NewWallet,
    Wallet,
)
from wallet_api.repositories.wallet_files import file as wallet_file
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.file import SECRET_MATCHES, WalletFile, file_name
from wallet_api.repositories.wallet_files.stored_file import StoredFile
from wallet_api.repositories.wallets.rows import PostgresWalletRepository

# How many undecryptable files end the check of our secret, how many files it reads at most, and how
# many undecryptable files prove that our secret is wrong.
_SAMPLE = 20
_MAX_FILES = 1000
_MIN_FAILURES = 3
_NAME_OF_WALLET = re.compile(r"wallet_[0-9]+_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The result for one name: a verified file, or the `fault`.

    `fid` and `spelling` (of the chain) are those in the name, None if it has none.
    """

    name: str
    fid: int | None = None
    spelling: str | None = None
    sha256: str | None = None
    file: WalletFile | None = None
    fault: str | None = None


class FilesystemWalletRepository:
    """Wallets in files of the old service, or in its format.

    Every returned wallet was verified: its key decrypts and derives its address. If that fails,
    methods raise KeyUnreadable, naming the file; they raise StorageUnavailable if the directory
    cannot be used. A file with a key is never replaced.
    """

    def __init__(
        self,
        directory: WalletDirectory,
        encryption: EncryptionService,
        rows: PostgresWalletRepository | None = None,
    ) -> None:
        """`rows` are read before a wallet is created, so that no user gets a second one."""
        self.directory = directory
        self._encryption = encryption
        self._rows = rows

    def with_rows(self, rows: PostgresWalletRepository) -> "FilesystemWalletRepository":
        """Return a repository of the same files with these rows."""
        return FilesystemWalletRepository(self.directory, self._encryption, rows)

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None.

        Raises StorageUnavailable if the trading wallet is only a row: the user has one.
        """
        found = self._find(fid, chain)
        if found is not None:
            return found.wallet
        if chain == TRADING_CHAIN and self._rows is not None and self._rows.get(fid, chain):
            raise self._not_exported(fid)
        return None

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and the head of the user's audit chain.

        Raises StorageUnavailable if the wallet is only a row.
        """
        if self._rows is None:
            raise AssertionError("a repository without rows has no audit log")
        row, head = self._rows.get_with_head(fid, chain)
        found = self._find(fid, chain)
        if found is None and row is not None:
            raise self._not_exported(fid)
        return None if found is None else found.wallet, head

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""
        found = (self.get(fid, chain) for chain in (BASE_ACCOUNT_CHAIN, TRADING_CHAIN))
        return [wallet for wallet in found if wallet is not None]

    def list_with_head(self, fid: int) -> tuple[list[Wallet], AuditHead]:
        """Return a user's wallets and the head of the user's audit chain."""
        _, head = self.get_with_head(fid, TRADING_CHAIN)
        return self.list_for_user(fid), head

    def insert_if_absent(self, wallet: NewWallet) -> None:
        """Write the file of a new trading wallet, unless there is one."""
        new = _created_now(wallet)
        with self.directory.locked():
            self.directory.refuse_if_handed_over()
            existing = self._read(file_name(wallet.fid, TRADING_CHAIN))
            if existing is not None and existing.wallet.encrypted_key is not None:
                return
            if self._rows is not None and self._rows.get(wallet.fid, TRADING_CHAIN) is not None:
                raise self._not_exported(wallet.fid)
            if existing is None:
                self.add_copies([new])
            else:
                self.replace_keyless(new, existing)

    def put_base_account(self, fid: int, address: str) -> None:
        """Store the address of a user's own Base Account, replacing an older one."""
        now = _now()
        with self.directory.locked():
            existing = self._find(fid, BASE_ACCOUNT_CHAIN)
            if existing is not None and existing.wallet.address == address:
                return
            self.directory.refuse_if_handed_over()
            wallet = Wallet(
                fid=fid,
                chain=BASE_ACCOUNT_CHAIN,
                wallet_type="base-account",
                address=address,
                encrypted_key=None,
                created_at=now if existing is None else existing.wallet.created_at,
                updated_at=now,
            )
            self.write_base_account(wallet, existing)

    def add_copies(self, wallets: Iterable[Wallet]) -> None:
        """Write existing wallets, except those that have a file.

        The caller holds the directory's lock.
        """
        self.directory.add_all(
            {file_name(wallet.fid, wallet.chain): self._render(wallet, {}) for wallet in wallets}
        )

    def write_base_account(self, wallet: Wallet, existing: WalletFile | None) -> None:
        """Write the file that takes precedence, with all members of an older one.

        The caller holds the directory's lock.
        """
        self._replace(file_name(wallet.fid, BASE_ACCOUNT_CHAIN), wallet, existing)

    def replace_keyless(self, wallet: Wallet, existing: WalletFile) -> None:
        """Write a trading wallet over one of the oldest files, which stores a Base Account address.

        The address is first copied to a file of its own. The caller holds the directory's lock.
        """
        self.copy_base_account(existing)
        self._replace(file_name(wallet.fid, TRADING_CHAIN), wallet, existing)

    def copy_base_account(self, existing: WalletFile) -> None:
        """Write the Base Account address of one of the oldest files to a file of its own.

        An existing file is not changed. The caller holds the directory's lock.
        """
        if self._find(existing.wallet.fid, BASE_ACCOUNT_CHAIN) == existing:
            self.write_base_account(existing.wallet, existing)

    def inspect(self, name: str) -> Inspection:
        """Read and verify a file; a fault is part of the result."""
        stored = self.directory.read(name) or StoredFile(fault="it no longer exists")
        found = Inspection(name=name, sha256=stored.sha256)
        try:
            fid, spelling = wallet_file.parse_name(name)
            found = replace(found, fid=fid, spelling=spelling)
            return replace(found, file=self._parse(stored, fid, spelling))
        except KeyUnreadable as error:
            return replace(found, fault=error.reason)

    def holds_wallets(self) -> bool:
        """Return whether the directory holds wallet files, which excludes an unmounted disk.

        Raises SecretMismatch if our secrets decrypt none of its keys, and StorageUnavailable if
        none of its files can be read.
        """
        if not self.directory.exists():
            return False
        undecryptable = unreadable = inspected = 0
        names = (name for name in self.directory.names() if _NAME_OF_WALLET.match(name))
        # Files without a key do not show whether our secret fits: read more, up to a limit.
        for name in islice(names, _MAX_FILES):
            inspected += 1
            found = self.inspect(name)
            if found.file is not None and found.file.members["encryptedPrivateKey"]:
                return True
            if found.fault in SECRET_MATCHES:
                return True
            unreadable += found.sha256 is None
            undecryptable += found.fault == DOES_NOT_DECRYPT
            if undecryptable >= _SAMPLE:
                break
        if undecryptable >= _MIN_FAILURES:
            raise SecretMismatch(
                f"ENCRYPTION_SECRET decrypts none of the first {inspected} files in "
                f"{self.directory.path}",
                "set the secret that the old service used",
            )
        if unreadable == inspected >= _MIN_FAILURES:
            raise StorageUnavailable(
                f"none of the first {inspected} wallet files in {self.directory.path} can be read "
                f"({found.fault})",
                "copy the files, not links to them, and let this process's user read them",
            )
        return inspected > 0 or self.directory.is_marked()

    def _not_exported(self, fid: int) -> StorageUnavailable:
        return StorageUnavailable(
            f"the wallet of FID {fid} is in PostgreSQL and not in {self.directory.path}: "
            "export it first"
        )

    def _find(self, fid: int, chain: str) -> WalletFile | None:
        """Return the file that takes precedence for a user and chain, or None."""
        if not 0 < fid <= MAX_FID:
            return None
        if chain == TRADING_CHAIN:
            found = self._read(file_name(fid, TRADING_CHAIN))
            return found if found is not None and found.wallet.encrypted_key is not None else None
        if chain != BASE_ACCOUNT_CHAIN:
            return None
        for spelling in BASE_ACCOUNT_SPELLINGS:
            found = self._read(file_name(fid, spelling))
            if found is not None:
                return found
        # The oldest files store it, without key, under a trading wallet's name.
        found = self._read(file_name(fid, TRADING_CHAIN))
        return found if found is not None and found.wallet.encrypted_key is None else None

    def _read(self, name: str) -> WalletFile | None:
        """Read and verify a file; None if there is none."""
        stored = self.directory.read(name)
        if stored is None:
            return None
        if not stored.is_durable:
            self.directory.fsync()
        try:
            return self._parse(stored, *wallet_file.parse_name(name))
        except KeyUnreadable as error:
            raise KeyUnreadable(f"{name}: {error.reason}") from error

    def _parse(self, stored: StoredFile, fid: int, spelling: str) -> WalletFile:
        if stored.fault is not None:
            raise KeyUnreadable(stored.fault)
        return wallet_file.read(
            stored.content,
            fid=fid,
            spelling=spelling,
            modified_at=stored.modified_at,
            encryption=self._encryption,
        )

    def _replace(self, name: str, wallet: Wallet, existing: WalletFile | None) -> None:
        # The old time of change does not apply to the new wallet.
        members = {} if existing is None else {**existing.members}
        members.pop("updatedAt", None)
        self.directory.replace(name, self._render(wallet, members))

    def _render(self, wallet: Wallet, members: dict[str, Any]) -> bytes:
        """Return the file of a wallet, which keeps `members` of an older file."""
        return wallet_file.render(members | wallet_file.members_of(wallet, self._encryption))


def _now() -> datetime:
    """Return the current time in whole milliseconds, as the old service writes it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _created_now(wallet: NewWallet) -> Wallet:
    now = _now()
    return Wallet(
        fid=wallet.fid,
        chain=TRADING_CHAIN,
        wallet_type="trading",
        address=wallet.address,
        encrypted_key=wallet.encrypted_key,
        created_at=now,
        updated_at=now,
    )
