"""The table `deposits`. Queries: queries/deposits.sql."""

from collections.abc import Callable
from dataclasses import fields
from uuid import UUID

from wallet_api.database import Row, sql
from wallet_api.models import Deposit, PageRequest, RecordedDeposit
from wallet_api.repositories import Repository

_QUERIES = sql.load("deposits")
_NAMES = [field.name for field in fields(Deposit)]


class DepositRepository(Repository):
    """Prepared deposits: transfers for users to sign."""

    def get(self, fid: int, deposit_id: UUID) -> RecordedDeposit | None:
        """Return a deposit of this user, or None."""
        row = _QUERIES.get(self._connection, fid=fid, id=deposit_id)
        return None if row is None else _recorded(row)

    def find(self, deposit_id: UUID) -> RecordedDeposit | None:
        """Return a deposit of any user, or None."""
        row = _QUERIES.find(self._connection, id=deposit_id)
        return None if row is None else _recorded(row)

    def list_by_user(self, fid: int, page: PageRequest[str]) -> list[RecordedDeposit]:
        """Return deposits of one user, newest first. The third column of a position is the id."""
        before, _, before_id = page.after or ("infinity", 0, str(UUID(int=0)))
        rows = _QUERIES.list_by_user(
            self._connection, fid=fid, before=before, before_id=before_id, size=page.limit
        )
        deposits = [_recorded(row) for row in rows]
        deposits.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        return deposits[: page.limit]

    def get_by_idempotency_key_later(self, fid: int, key: str) -> Callable[[], Deposit | None]:
        """Send the query for the deposit that this user prepared with this Idempotency-Key.

        Return a function that fetches it, or None.
        """
        query = _QUERIES.get_by_idempotency_key
        cursor = sql.send(self._connection, query, fid=fid, idempotency_key=key)
        return lambda: _deposit(cursor.fetchone())

    def insert_if_absent_later(self, deposit: Deposit) -> Callable[[], bool]:
        """Insert a deposit, unless its id or its Idempotency-Key is taken.

        Return a function that returns after the commit whether it was inserted.
        """
        cursor = sql.send(self._connection, _QUERIES.insert_if_absent, **_columns(deposit))
        return lambda: cursor.fetchone() is not None

    def insert_with_wallet_later(self, deposit: Deposit) -> Callable[[], bool | None]:
        """Insert a user's first deposit in the transaction that creates the wallet.

        Return a function that returns after the commit whether it was inserted; None if that is
        unknown, because the connection was lost.
        """
        cursor = sql.send(self._connection, _QUERIES.insert_with_wallet, **_columns(deposit))
        return lambda: None if cursor.pgresult is None else cursor.fetchone() is not None

    def set_lock_timeout(self) -> None:
        """Set a short lock timeout for the rest of this transaction."""
        sql.send(self._connection, _QUERIES.set_lock_timeout)


def _columns(deposit: Deposit) -> Row:
    # Not asdict(), which makes deep copies.
    return {name: getattr(deposit, name) for name in _NAMES}


def _deposit(row: Row | None) -> Deposit | None:
    return None if row is None else Deposit(**{**row, "amount": int(row["amount"])})


def _recorded(row: Row) -> RecordedDeposit:
    return RecordedDeposit(**{**row, "amount": int(row["amount"])})
