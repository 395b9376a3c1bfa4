"""The table `wallets`, many rows at a time. Queries: queries/wallet_batches.sql."""

from collections.abc import Iterable

from wallet_api.database import Connection
from wallet_api.models import Wallet
from wallet_api.repositories import sql
from wallet_api.repositories.postgres import columns_of, wallet_of

_QUERIES = sql.load("wallet_batches")

WalletKey = tuple[int, str]
"""What a wallet is known by: fid and chain."""


class WalletBatchRepository:
    """Wallets on their way in or out, thousands at a time. Never on the path of a request."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert_copies_if_absent(self, wallets: Iterable[Wallet]) -> set[WalletKey]:
        """Claim many (fid, chain) with COPY, except those that are taken; return the claimed ones.

        Belongs in a transaction: the table that COPY fills lives as long as it.
        """
        _QUERIES.bound_idling(self._connection)
        _QUERIES.create_staging(self._connection)
        with sql.copy(self._connection, _QUERIES.copy_staged) as rows:
            for wallet in wallets:
                rows.write_row(tuple(columns_of(wallet).values()))
        claimed = _QUERIES.insert_staged(self._connection)
        return {(row["fid"], row["chain"]) for row in claimed}

    def list_by_keys(self, keys: Iterable[WalletKey]) -> dict[WalletKey, Wallet]:
        """Return those of many wallets that there are."""
        wanted = list(keys)
        found = _QUERIES.list_by_keys(
            self._connection,
            fids=[fid for fid, _ in wanted],
            chains=[chain for _, chain in wanted],
        )
        return {(row["fid"], row["chain"]): wallet_of(row) for row in found}

    def list_page(self, after: WalletKey, size: int) -> list[Wallet]:
        """Return the next `size` wallets behind a key, in the order of their keys."""
        page = _QUERIES.list_page(
            self._connection, after_fid=after[0], after_chain=after[1], size=size
        )
        return [wallet_of(row) for row in page]

    def count_all(self) -> int:
        """Return how many wallets there are. Belongs in a transaction, which may take its time."""
        _QUERIES.take_time(self._connection)
        return int(_QUERIES.count_all(self._connection))

    def list_shared_addresses(self) -> dict[str, list[int]]:
        """Return the trading addresses that more than one user has, with their FIDs.

        Belongs in a transaction, which may take its time.
        """
        _QUERIES.take_time(self._connection)
        shared = _QUERIES.list_shared_addresses(self._connection)
        return {row["address"]: row["fids"] for row in shared}
