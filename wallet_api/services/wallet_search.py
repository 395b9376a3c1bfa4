"""Search for wallets of all users: by address, user, chain and time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from wallet_api.alarms import alarm
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, Page, PageRequest, Position, Wallet
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.repositories.wallets.search import WalletSearchRepository
from wallet_api.services.decryption import decrypt_verified


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFilters:
    """Filters of a search; a wallet must satisfy every filter that is not None.

    `address` and `address_prefix` are in lower case. `since` is inclusive, `before` is exclusive.
    """

    address: str | None = None
    address_prefix: str | None = None
    fid: int | None = None
    chain: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def by_prefix(self) -> bool:
        """Whether wallets are ordered by address."""
        return self.fid is None and self.address_prefix is not None

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains of the wallets."""
        return (TRADING_CHAIN, BASE_ACCOUNT_CHAIN) if self.chain is None else (self.chain,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWallet:
    """A wallet that was found. Unless its key `decrypts`, its address must not be returned."""

    wallet: Wallet
    decrypts: bool


class WalletSearch:
    """Wallets in PostgreSQL, newest first. May read a replica, which may lag.

    With a prefix of addresses, and no user, wallets are ordered by address instead: from the last
    address to the first, the wallets of an address newest first. Otherwise a page would have to
    sort all wallets with the prefix.
    """

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

    def find(self, filters: WalletFilters, page: PageRequest[str]) -> Page[FoundWallet, str]:
        """Return a page of wallets, each decrypted to verify its address.

        A wallet that does not decrypt is included, marked as such, and logged as critical. Raises
        DatabaseUnavailable.
        """
        read = _by_prefix if filters.by_prefix else _newest
        wallets = self._replicated(lambda connection: read(connection, filters, page.with_next()))
        found = page.page_of(wallets, _position_by_prefix if filters.by_prefix else _position)
        return Page(items=[self._decrypted(wallet) for wallet in found.items], next=found.next)

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

    def _decrypted(self, wallet: Wallet) -> FoundWallet:
        try:
            decrypt_verified(self._encryption, wallet)
        except KeyUnreadable as error:
            alarm("unavailable", error.alarm, reason=error.reason, fid=wallet.fid, **error.logged)
            return FoundWallet(wallet=wallet, decrypts=False)
        return FoundWallet(wallet=wallet, decrypts=True)


def _newest(connection: Connection, filters: WalletFilters, page: PageRequest[str]) -> list[Wallet]:
    ends = [] if filters.before is None else [(filters.before, 0, "")]
    start = min([*ends, *([] if page.after is None else [page.after])], default=None)
    page = replace(page, since=filters.since, after=start)
    if filters.fid is not None:
        # At most one row per chain.
        rows = PostgresWalletRepository(connection).list_for_user(filters.fid)
        return sorted(
            (wallet for wallet in rows if _satisfies(wallet, filters, page)),
            key=_position,
            reverse=True,
        )[: page.limit]
    search = WalletSearchRepository(connection)
    if filters.address is not None:
        return search.list_by_address(filters.address, filters.chains, page)
    return search.list_wallets(filters.chains, page)


def _by_prefix(
    connection: Connection, filters: WalletFilters, page: PageRequest[str]
) -> list[Wallet]:
    search = WalletSearchRepository(connection)
    found: list[Wallet] = []
    address = None
    if page.after is not None:
        # First the other wallets of the last address: any number of users may share it.
        created_at, fid, place = page.after
        chain, address = place.split()
        rest = replace(page, since=filters.since, after=(created_at, fid, chain))
        found = search.list_by_address(address, filters.chains, rest)
    if len(found) < page.limit:
        found += search.list_by_prefix(
            filters.address_prefix or "",
            filters.chains,
            below=address,
            since=filters.since,
            before=filters.before,
            limit=page.limit - len(found),
        )
    return found


def _satisfies(wallet: Wallet, filters: WalletFilters, page: PageRequest[str]) -> bool:
    address = wallet.address.lower()
    return (
        wallet.chain in filters.chains
        and filters.address in (None, address)
        and address.startswith(filters.address_prefix or "")
        and (page.since is None or wallet.created_at >= page.since)
        and (page.after is None or _position(wallet) < page.after)
    )


def _position(wallet: Wallet) -> Position[str]:
    return wallet.created_at, wallet.fid, wallet.chain


def _position_by_prefix(wallet: Wallet) -> Position[str]:
    return wallet.created_at, wallet.fid, f"{wallet.chain} {wallet.address.lower()}"
