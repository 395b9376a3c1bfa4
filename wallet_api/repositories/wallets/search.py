"""Search of the table `wallets`. Queries: queries/wallets/search.sql."""

from collections.abc import Sequence
from datetime import datetime

from wallet_api.database import Row, sql
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, PageRequest, Wallet
from wallet_api.repositories import Repository
from wallet_api.repositories.wallets.rows import wallet_of

_QUERIES = sql.load("wallets/search")


class WalletSearchRepository(Repository):
    """Wallets of many users, newest first."""

    def list_wallets(self, chains: Sequence[str], page: PageRequest[str]) -> list[Wallet]:
        """Return wallets on one chain or both."""
        of_one_chain = {
            TRADING_CHAIN: _QUERIES.list_trading,
            BASE_ACCOUNT_CHAIN: _QUERIES.list_base_accounts,
        }
        query = of_one_chain[chains[0]] if len(chains) == 1 else _QUERIES.list_all
        return [wallet_of(row) for row in query(self._connection, **_parameters(page))]

    def list_by_address(
        self, address: str, chains: Sequence[str], page: PageRequest[str]
    ) -> list[Wallet]:
        """Return the wallets with this address, given in lower case."""
        rows = _QUERIES.list_by_address(
            self._connection, address=address, chains=list(chains), **_parameters(page)
        )
        return [wallet_of(row) for row in rows]

    def list_by_prefix(
        self,
        prefix: str,
        chains: Sequence[str],
        *,
        below: str | None,
        since: datetime | None,
        before: datetime | None,
        limit: int,
    ) -> list[Wallet]:
        """Return wallets whose address, in lower case, starts with `prefix` and precedes `below`.

        From the last address to the first; the wallets of an address newest first.
        """
        rows = _QUERIES.list_by_prefix(
            self._connection,
            prefix=prefix,
            below=below or f"{prefix}g",
            chains=list(chains),
            since=since or "-infinity",
            before=before or "infinity",
            size=limit,
        )
        return [wallet_of(row) for row in rows]


def _parameters(page: PageRequest[str]) -> Row:
    before, fid, chain = page.after or ("infinity", 0, "")
    return {
        "since": page.since or "-infinity",
        "before": before,
        "before_fid": fid,
        "before_chain": chain,
        "size": page.limit,
    }
