"""The table `wallets`, many rows at a time. Queries: queries/wallets/batches.sql."""

from collections.abc import Iterable

from wallet_api.crypto.encryption import EncryptedKey
from wallet_api.database import sql
from wallet_api.models import Wallet
from wallet_api.repositories import Repository
from wallet_api.repositories.wallets.rows import columns_of, secret_retired, wallet_of

_QUERIES = sql.load("wallets/batches")

WalletKey = tuple[int, str]
"""The key of a wallet: fid and chain."""


class WalletBatchRepository(Repository):
    """Reads and writes of thousands of wallets. Not for requests."""

    def insert_copies_if_absent(self, wallets: Iterable[Wallet]) -> set[WalletKey]:
        """Insert wallets with COPY, except those that have a row; return the inserted keys.

        Call it in batch_transaction(): the staging table lasts as long. Raises SecretMismatch if a
        key is encrypted with a retired secret.
        """
        self._create_staging()
        self._copy_staged(wallets)
        return self._insert_staged()

    def _create_staging(self) -> None:
        _QUERIES.create_staging(self._connection)

    def _copy_staged(self, wallets: Iterable[Wallet]) -> None:
        with sql.copy(self._connection, _QUERIES.copy_staged) as rows:
            for wallet in wallets:
                rows.write_row(tuple(columns_of(wallet).values()))

    def _insert_staged(self) -> set[WalletKey]:
        with secret_retired(self._connection):
            inserted = _QUERIES.insert_staged(self._connection)
            return {(row["fid"], row["chain"]) for row in inserted}

    def list_by_keys(self, keys: Iterable[WalletKey]) -> dict[WalletKey, Wallet]:
        """Return the existing wallets with these keys."""
        pairs = list(keys)
        found = _QUERIES.list_by_keys(
            self._connection,
            fids=[fid for fid, _ in pairs],
            chains=[chain for _, chain in pairs],
        )
        return {(row["fid"], row["chain"]): wallet_of(row) for row in found}

    def list_owners(self, addresses: Iterable[str]) -> set[tuple[str, int]]:
        """Return the (address, FID) of trading wallets with these addresses (lower case)."""
        found = _QUERIES.list_owners(self._connection, addresses=list(addresses))
        return {(row["address"], row["fid"]) for row in found}

    def list_keys_of(self, fids: Iterable[int]) -> set[WalletKey]:
        """Return the keys of many users' wallets."""
        found = _QUERIES.list_keys_of(self._connection, fids=list(fids))
        return {(row["fid"], row["chain"]) for row in found}

    def count_imported_base_accounts(self, fids: Iterable[int]) -> int:
        """Count the users among these whose Base Account was imported from a file."""
        return int(_QUERIES.count_imported_base_accounts(self._connection, fids=list(fids)))

    def list_page(self, after: WalletKey, size: int) -> list[Wallet]:
        """Return the next `size` wallets after a key, in the order of their keys."""
        page = _QUERIES.list_page(
            self._connection, after_fid=after[0], after_chain=after[1], size=size
        )
        return [wallet_of(row) for row in page]

    def list_shared_addresses(self) -> dict[str, list[int]]:
        """Return the trading addresses that more than one user has, with their FIDs.

        Call it in long_transaction().
        """
        shared = _QUERIES.list_shared_addresses(self._connection)
        return {row["address"]: row["fids"] for row in shared}

    def list_page_to_reencrypt(self, after_fid: int, key_id: str, size: int) -> list[Wallet]:
        """Return the next `size` trading wallets after a FID that use another secret.

        Call it in long_transaction().
        """
        page = _QUERIES.list_page_to_reencrypt(
            self._connection, after_fid=after_fid, key_id=key_id, size=size
        )
        return [wallet_of(row) for row in page]

    def count_to_reencrypt(self, key_id: str) -> int:
        """Return how many trading wallets use another secret. Call it in long_transaction()."""
        return int(_QUERIES.count_to_reencrypt(self._connection, key_id=key_id))

    def reencrypt(self, again: Iterable[tuple[Wallet, EncryptedKey]]) -> set[int]:
        """Replace the encrypted keys of these wallets, if unchanged; return the users' FIDs.

        Call it in batch_transaction(). Raises SecretMismatch if the new secret is retired.
        """
        pairs = list(again)
        with secret_retired(self._connection):
            replaced = _QUERIES.reencrypt(
                self._connection,
                fids=[wallet.fid for wallet, _ in pairs],
                old_ciphertexts=[
                    wallet.encrypted_key and wallet.encrypted_key.ciphertext for wallet, _ in pairs
                ],
                ciphertexts=[new.ciphertext for _, new in pairs],
                ivs=[new.iv for _, new in pairs],
                key_ids=[new.key_id for _, new in pairs],
            )
            return {row["fid"] for row in replaced}
