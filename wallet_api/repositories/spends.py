"""The tables `signing_accounts` and `wallet_spends`. Queries: queries/spends.sql."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from wallet_api.database import sql
from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.policies.counting import Window
from wallet_api.policies.matching import Spend
from wallet_api.repositories import Repository

_QUERIES = sql.load("spends")
# Means no deadline. Python reads no later time.
_NEVER = datetime.max.replace(tzinfo=UTC)


class SpendRepository(Repository):
    """The amounts that signatures allow to leave the wallets, for the limits of policies."""

    def open_account(self, fid: int, chain_id: int) -> None:
        """Create the row that lock_account() locks, unless it exists."""
        sql.send(self._connection, _QUERIES.open_account, fid=fid, chain_id=chain_id)

    def lock_account(self, fid: int, chain_id: int) -> Callable[[], datetime | None]:
        """Lock a wallet on a chain until the end of the transaction.

        Return a function that fetches the database's time after the wait; None if there is no row.
        """
        cursor = sql.send(self._connection, _QUERIES.lock_account, fid=fid, chain_id=chain_id)

        def now() -> datetime | None:
            row = cursor.fetchone()
            return None if row is None else row["now"]

        return now

    def sum_windows(
        self, fid: int, windows: Sequence[Window], *, now: datetime
    ) -> dict[Window, int]:
        """Return what a wallet spent within each window until `now`."""
        requested = [
            {
                "number": number,
                "chain_id": window.chain_id,
                "asset": window.asset,
                "seconds": window.seconds,
                "kinds": sorted(window.kinds),
                "counterparties": None
                if window.counterparties is None
                else sorted(window.counterparties),
            }
            for number, window in enumerate(windows)
        ]
        rows = _QUERIES.sum_windows(
            self._connection, fid=fid, windows=json.dumps(requested), now=now
        )
        return {windows[row["number"]]: int(row["spent"]) for row in rows}

    def insert(self, fid: int, spend: Spend, *, audit_id: int, now: datetime) -> None:
        """Record a spend that the signature of an audit entry allows."""
        until = spend.valid_until
        sql.send(
            self._connection,
            _QUERIES.insert,
            fid=fid,
            id=uuid4(),
            chain_id=spend.chain_id,
            asset=spend.asset,
            kind=spend.kind,
            counterparty=spend.counterparty,
            # No asset has more. A fee is a product of two numbers that may be larger.
            amount=min(spend.amount, MAX_UINT256),
            audit_id=audit_id,
            created_at=now,
            valid_until=now if until is None else max(now, _moment(until)),
        )


def _moment(seconds: float) -> datetime:
    """Return a Unix time; math.inf is the end of the year 9999."""
    return _NEVER if seconds >= _NEVER.timestamp() else datetime.fromtimestamp(seconds, UTC)
