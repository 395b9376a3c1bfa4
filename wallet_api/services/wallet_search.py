"""Search for wallets of all users: by address, user, chain and time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, Page, PageRequest, Position, Wallet
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.repositories.wallets.search import WalletSearchRepository
from wallet_api.services.decryption import decrypt_verified

log = structlog.get_logger("wallet_api")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFilters:
    """Filters of a search; a wallet must satisfy every filter that is not None.

    `address` is in lower case. `since` is inclusive, `before` is exclusive.
    """

    address: str | None = None
    fid: int | None = None
    chain: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWallet:
    """A wallet that was found. Unless its key was `opened`, its address must not be returned."""

    wallet: Wallet
    opened: bool


class WalletSearch:
    """Wallets in PostgreSQL, newest first. May read a replica, which may lag."""

    def __init__(
        self,
        database: Database,
        encryption: EncryptionService,
        *,
        primary: Database,
    ) -> None:
        """`database` may be a replica. It may show a wallet before the synchronous standby does."""
        self._database = database
        self._primary = primary
        self._encryption = encryption

    def find(
        self, filters: WalletFilters, *, after: Position[str] | None, limit: int
    ) -> Page[FoundWallet, str]:
        """Return a page of wallets, each decrypted to verify its address.

        A wallet that does not decrypt is included, marked as such, and logged as critical. Raises
        DatabaseUnavailable.
        """
        ends = [] if filters.before is None else [(filters.before, 0, "")]
        start = min([*ends, *([] if after is None else [after])], default=None)
        # One more item shows whether there is another page.
        page = PageRequest(since=filters.since, after=start, limit=limit + 1)
        wallets = self._replicated(lambda connection: _wallets(connection, filters, page))
        found = [self._opened(wallet) for wallet in wallets[:limit]]
        last = found[-1].wallet if len(wallets) > limit else None
        position = None if last is None else (last.created_at, last.fid, last.chain)
        return Page(items=found, next=position)

    def _replicated(self, read: Callable[[Connection], list[Wallet]]) -> list[Wallet]:
        """Return the wallets that `read` finds, after the synchronous standby has them."""

        def wait(connection: Connection, wallets: list[Wallet]) -> list[Wallet]:
            ids = [wallet.transaction_id for wallet in wallets]
            self._primary.replication.wait_for(connection, ids)
            return wallets

        if self._database is self._primary:
            return self._database.run(lambda connection: wait(connection, read(connection)))
        found = self._database.run(read)
        return self._primary.run(lambda connection: wait(connection, found))

    def _opened(self, wallet: Wallet) -> FoundWallet:
        try:
            decrypt_verified(self._encryption, wallet)
        except KeyUnreadable as error:
            log.critical("unavailable", code=error.code, reason=error.reason, fid=wallet.fid)
            return FoundWallet(wallet=wallet, opened=False)
        return FoundWallet(wallet=wallet, opened=True)


def _wallets(
    connection: Connection, filters: WalletFilters, page: PageRequest[str]
) -> list[Wallet]:
    chains = (TRADING_CHAIN, BASE_ACCOUNT_CHAIN) if filters.chain is None else (filters.chain,)
    if filters.fid is not None:
        # At most one row per chain.
        rows = PostgresWalletRepository(connection).list_for_user(filters.fid)
        return sorted(
            (wallet for wallet in rows if _satisfies(wallet, filters, chains, page)),
            key=_position,
            reverse=True,
        )[: page.limit]
    search = WalletSearchRepository(connection)
    if filters.address is not None:
        return search.list_by_address(filters.address, chains, page)
    return search.list_wallets(chains, page)


def _satisfies(
    wallet: Wallet, filters: WalletFilters, chains: tuple[str, ...], page: PageRequest[str]
) -> bool:
    return (
        wallet.chain in chains
        and filters.address in (None, wallet.address.lower())
        and (page.since is None or wallet.created_at >= page.since)
        and (page.after is None or _position(wallet) < page.after)
    )


def _position(wallet: Wallet) -> Position[str]:
    return wallet.created_at, wallet.fid, wallet.chain
