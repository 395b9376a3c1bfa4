"""The deposits that were prepared, for their users and for other services."""

from collections.abc import Callable
from uuid import UUID

from wallet_api.database import Connection, Database
from wallet_api.errors import DatabaseDamaged, DepositNotFound, KeyUnreadable
from wallet_api.ethereum.networks import NETWORKS_BY_CHAIN_ID
from wallet_api.models import (
    TRADING_CHAIN,
    AuditContext,
    Page,
    PageRequest,
    RecordedDeposit,
)
from wallet_api.repositories.deposits import DepositRepository
from wallet_api.services.wallets import BaseAccountWalletService


class DepositHistory:
    """Recorded deposits. Always read on the primary, so that a user's last deposit is included."""

    def __init__(self, database: Database, wallets: BaseAccountWalletService) -> None:
        self._database = database
        self._wallets = wallets

    def list_by_user(
        self, fid: int, page: PageRequest[str], *, access: AuditContext
    ) -> Page[RecordedDeposit, str]:
        """Return a page of a user's deposits, newest first, each to the user's verified wallet.

        Raises KeyUnreadable if a deposit does not go there, and DatabaseUnavailable.
        """
        deposits = self._read(lambda rows: rows.list_by_user(fid, page.with_next()))
        self._require_own_wallet(fid, deposits, access)
        return page.page_of(deposits, lambda one: (one.created_at, one.fid, str(one.id)))

    def get(self, fid: int, deposit_id: UUID, *, access: AuditContext) -> RecordedDeposit:
        """Return a deposit of a user. Raises DepositNotFound, and what list_by_user() raises."""
        return self._one(lambda rows: rows.get(fid, deposit_id), access)

    def find(self, deposit_id: UUID, *, access: AuditContext) -> RecordedDeposit:
        """Return a deposit whose user is not known: on a cluster, every machine is queried.

        Raises what get() raises.
        """
        return self._one(lambda rows: rows.find(deposit_id), access)

    def _one(
        self, query: Callable[[DepositRepository], RecordedDeposit | None], access: AuditContext
    ) -> RecordedDeposit:
        found = self._read(lambda rows: list(filter(None, [query(rows)])))
        if not found:
            raise DepositNotFound
        self._require_own_wallet(found[0].fid, found, access)
        return found[0]

    def _read(
        self, query: Callable[[DepositRepository], list[RecordedDeposit]]
    ) -> list[RecordedDeposit]:
        """Return rows after the synchronous standby has them."""

        def read(connection: Connection) -> list[RecordedDeposit]:
            deposits = query(DepositRepository(connection))
            ids = [deposit.transaction_id for deposit in deposits]
            self._database.replication.wait_for(connection, ids)
            return deposits

        return self._database.run(read)

    def _require_own_wallet(
        self, fid: int, deposits: list[RecordedDeposit], access: AuditContext
    ) -> None:
        """Raise unless every deposit goes to the user's verified wallet.

        Only an address whose key was decrypted may be shown. The role of the service may insert a
        deposit to another one.
        """
        if not deposits:
            return
        wallet = self._wallets.get_wallet(fid, TRADING_CHAIN, access=access)
        address = None if wallet is None else wallet.address
        if any(deposit.to_address != address for deposit in deposits):
            raise KeyUnreadable("a recorded deposit does not go to the user's trading wallet")
        if any(deposit.chain_id not in NETWORKS_BY_CHAIN_ID for deposit in deposits):
            raise DatabaseDamaged("a recorded deposit is on an unknown network")
