"""Rotation: encrypt every key again with the current secret, while the service runs."""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, Database, batch_transaction
from wallet_api.errors import KeyUnreadable, ServiceUnavailable
from wallet_api.models import TRADING_CHAIN, AuditContext, AuditEvent, Wallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository, WalletKey
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.batch_runs import run_batch
from wallet_api.services.decryption import decrypt_verified


class RotationOutcome(StrEnum):
    """The result for a wallet."""

    REENCRYPTED = "re-encrypted"
    PRESENT = "present"
    """Another process encrypted it again in the meantime."""
    FAILED = "failed"
    """It does not decrypt, or the audit log accepts no entry about it: it is unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationReport:
    """The result for one wallet, with the reason."""

    fid: int
    outcome: RotationOutcome
    reason: str | None = None


class KeyRotation:
    """Encrypts keys again with the current secret. Idempotent, safe to interrupt and to run twice.

    A key is verified against its address before. The row is read back and decrypted in the same
    transaction, which is committed only if the key is the same.
    """

    def __init__(
        self, database: Database, encryption: EncryptionService, access: AuditContext
    ) -> None:
        self._database = database
        self._encryption = encryption
        self._access = access
        self._trail = AuditTrail(encryption)

    def count(self) -> int:
        """Return how many wallets are encrypted with other secrets."""
        key_id = self._encryption.key_id
        return self._database.run_long(
            lambda connection: WalletBatchRepository(connection).count_to_reencrypt(key_id)
        )

    def pages(self, size: int) -> Iterator[list[Wallet]]:
        """Yield those wallets in lists of `size`."""
        after, key_id = 0, self._encryption.key_id

        def read(connection: Connection) -> list[Wallet]:
            return WalletBatchRepository(connection).list_page_to_reencrypt(after, key_id, size)

        while page := self._database.run_long(read):
            yield page
            after = page[-1].fid

    def run(self, wallets: Sequence[Wallet]) -> list[RotationReport]:
        """Encrypt the keys of these wallets again, in one transaction or one per wallet."""
        reports: list[RotationReport] = []
        reencrypted: list[_Reencrypted] = []
        for wallet in wallets:
            try:
                key = self._decrypt(wallet)
            except KeyUnreadable as error:
                reports.append(_report(wallet, error))
                continue
            encrypted_key = self._encryption.encrypt(
                key, fid=wallet.fid, chain=wallet.chain, address=wallet.address
            )
            reencrypted.append(_Reencrypted(wallet=wallet, key=key, encrypted_key=encrypted_key))
        if reencrypted:
            reports += run_batch(
                reencrypted, self._reencrypt, lambda item, error: _report(item.wallet, error)
            )
        return reports

    def _reencrypt(
        self, reencrypted: Sequence["_Reencrypted"]
    ) -> tuple[list[RotationReport], list["_Reencrypted"]]:
        """Write these ciphertexts, if the rows are unchanged, and an entry for each.

        Return the reports, and the items of busy users. What an earlier attempt with an unconfirmed
        commit wrote is not written again.
        """
        keys = {item.wallet.fid: item.key for item in reencrypted}
        pending = self._trail.pending()

        def reencrypt(connection: Connection) -> tuple[dict[WalletKey, Wallet], set[int]]:
            batches = WalletBatchRepository(connection)
            with batch_transaction(connection):
                busy = AuditRepository(connection).lock_heads(keys)
                free = [item for item in reencrypted if item.wallet.fid not in busy]
                replaced = batches.reencrypt((item.wallet, item.encrypted_key) for item in free)
                rows = batches.list_by_keys((item.wallet.fid, TRADING_CHAIN) for item in free)
                for fid in replaced:
                    written = self._decrypt(rows[fid, TRADING_CHAIN])
                    if not hmac.compare_digest(written.reveal(), keys[fid].reveal()):
                        raise KeyUnreadable(f"the key of FID {fid} changed when it was written")
                pending.append_many(connection, [self._event(fid) for fid in sorted(replaced)])
            return rows, busy

        rows, busy = self._database.run(reencrypt)
        reports = []
        for item in reencrypted:
            row = rows.get((item.wallet.fid, TRADING_CHAIN))
            if row is not None:
                # Ciphertexts are unique: this one shows who wrote it.
                is_ours = row.encrypted_key == item.encrypted_key
                outcome = RotationOutcome.REENCRYPTED if is_ours else RotationOutcome.PRESENT
                reports.append(RotationReport(fid=item.wallet.fid, outcome=outcome))
        return reports, [item for item in reencrypted if item.wallet.fid in busy]

    def _decrypt(self, wallet: Wallet) -> Secret[bytes]:
        key = decrypt_verified(self._encryption, wallet)
        if key is None:
            raise AssertionError("a trading wallet has a key")
        return key

    def _event(self, fid: int) -> AuditEvent:
        return AuditEvent(fid=fid, chain=TRADING_CHAIN, action="key.resealed", access=self._access)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reencrypted:
    """A wallet as stored, its key, and that key encrypted with the current secret."""

    wallet: Wallet
    key: Secret[bytes]
    encrypted_key: EncryptedKey


def _report(wallet: Wallet, error: ServiceUnavailable) -> RotationReport:
    return RotationReport(fid=wallet.fid, outcome=RotationOutcome.FAILED, reason=error.reason)
