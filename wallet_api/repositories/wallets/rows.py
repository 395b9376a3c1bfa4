"""The table `wallets`. Queries: queries/wallets/rows.sql."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from psycopg import errors as pg

from wallet_api.crypto.encryption import EncryptedKey
from wallet_api.database import Connection, Row, sql, translate_violation
from wallet_api.errors import SecretMismatch
from wallet_api.models import AuditHead, NewWallet, Wallet
from wallet_api.repositories import Repository
from wallet_api.repositories.audit.entries import head_of

_QUERIES = sql.load("wallets/rows")


class PostgresWalletRepository(Repository):
    """Wallets and their encrypted keys in PostgreSQL."""

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""
        return _wallet(_QUERIES.get(self._connection, fid=fid, chain=chain))

    def get_later(self, fid: int, chain: str) -> Callable[[], Wallet | None]:
        """Send get() now and return a function that fetches the result."""
        cursor = sql.send(self._connection, _QUERIES.get, fid=fid, chain=chain)
        return lambda: _wallet(cursor.fetchone())

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and the head of the user's audit chain."""
        return _with_head(fid, _QUERIES.get_with_head(self._connection, fid=fid, chain=chain))

    def lock_with_head_later(
        self, fid: int, chain: str
    ) -> Callable[[], tuple[Wallet | None, AuditHead]]:
        """Send get_with_head(), with a lock of the head as AuditRepository.lock_head() takes it.

        Return a function that fetches the result. The wallet is as it was before the wait for the
        lock.
        """
        cursor = sql.send(self._connection, _QUERIES.lock_with_head, fid=fid, chain=chain)
        return lambda: _with_head(fid, cursor.fetchone() or {})

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""
        return [wallet_of(row) for row in _QUERIES.list_for_user(self._connection, fid=fid)]

    def list_with_head(self, fid: int) -> tuple[list[Wallet], AuditHead]:
        """Return what list_for_user() does, and the head of the user's audit chain."""
        rows = _QUERIES.list_with_head(self._connection, fid=fid)
        found = [_with_head(fid, row) for row in rows]
        return [wallet for wallet, _ in found if wallet is not None], found[0][1]

    def insert_if_absent_later(self, wallet: NewWallet) -> Callable[[], Wallet | None]:
        """Insert a new wallet, inside secret_retired().

        Return a function that fetches its row, or None if (fid, chain) was taken.
        """
        cursor = sql.send(
            self._connection,
            _QUERIES.insert_if_absent,
            fid=wallet.fid,
            chain=wallet.chain,
            address=wallet.address,
            encrypted_private_key=wallet.encrypted_key.ciphertext,
            iv=wallet.encrypted_key.iv,
            scheme=wallet.encrypted_key.scheme,
            key_id=wallet.encrypted_key.key_id,
        )
        return lambda: _wallet(cursor.fetchone())

    def add_copy(self, wallet: Wallet) -> None:
        """Insert an existing wallet, unless there is a row. Call it inside secret_retired()."""
        _QUERIES.add_copy(self._connection, **columns_of(wallet))

    def put_base_account(self, fid: int, address: str) -> None:
        """Store the address of a user's own Base Account."""
        _QUERIES.put_base_account(self._connection, fid=fid, address=address)

    def any_encrypted_key(self) -> bool:
        """Return whether this database contains a private key."""
        return bool(_QUERIES.any_encrypted_key(self._connection))


def secret_retired(connection: Connection) -> AbstractContextManager[None]:
    """Raise SecretMismatch if a key that is written inside is encrypted with a retired secret."""
    return translate_violation(
        SecretMismatch("ENCRYPTION_SECRET was retired: set the one that succeeded it"),
        pg.ForeignKeyViolation,
        connection=connection,
        constraint="wallets_key_id_is_active",
        statements=(
            "wallets.insert_if_absent",
            "wallets.add_copy",
            "wallets.insert_staged",
            "wallets.reencrypt",
        ),
    )


def _with_head(fid: int, row: Row) -> tuple[Wallet | None, AuditHead]:
    head = head_of(
        {"fid": fid, "id": row.pop("head_id"), "mac": row.pop("head_mac"), "now": row.pop("now")}
    )
    return None if row["fid"] is None else wallet_of(row), head


def _wallet(row: Row | None) -> Wallet | None:
    return None if row is None else wallet_of(row)


def wallet_of(row: Row) -> Wallet:
    """Return the wallet of a row."""
    ciphertext, iv = row.pop("encrypted_private_key"), row.pop("iv")
    scheme, key_id = row.pop("scheme"), row.pop("key_id")
    encrypted_key = None
    if ciphertext is not None:
        encrypted_key = EncryptedKey(ciphertext=ciphertext, iv=iv, scheme=scheme, key_id=key_id)
    return Wallet(**row, encrypted_key=encrypted_key)


def columns_of(wallet: Wallet) -> Row:
    """Return the row of a wallet, without its id."""
    key = wallet.encrypted_key
    return {
        "fid": wallet.fid,
        "chain": wallet.chain,
        "wallet_type": wallet.wallet_type,
        "address": wallet.address,
        "encrypted_private_key": key and key.ciphertext,
        "iv": key and key.iv,
        "scheme": key and key.scheme,
        "key_id": key and key.key_id,
        "created_at": wallet.created_at,
        "updated_at": wallet.updated_at,
    }
