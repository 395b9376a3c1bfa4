"""Trading wallets, their keys, and Base Account addresses."""

from collections.abc import Callable
from functools import partial

from wallet_api import metrics
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.errors import DatabaseDamaged
from wallet_api.models import (
    BASE_ACCOUNT_CHAIN,
    CHAIN_SPELLINGS,
    TRADING_CHAIN,
    AuditContext,
    AuditEvent,
    AuditHead,
    NewWallet,
    Wallet,
    WalletWithKey,
)
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallets.protocol import WalletRepositories, WalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository, secret_retired
from wallet_api.services.audit.append import AuditTrail, PendingEntries, begin_append, require_entry
from wallet_api.services.audit.events import AuditEvents, wallet_event
from wallet_api.services.audit.refusal_limits import Refusals
from wallet_api.services.decryption import decrypt_verified
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.key_uses import KeyRead, KeyUse, KeyUses

OnCreation = Callable[[Connection, str], None]


class BaseAccountWalletService:
    """One permanent trading wallet per user.

    Every trading wallet that a method returns was verified: its stored ciphertext decrypts to the
    key that derives its address. If that fails, the method raises KeyUnreadable and writes nothing.
    All methods raise DatabaseUnavailable when PostgreSQL cannot answer, and StorageUnavailable when
    wallets are kept in files that cannot be used.

    Every wallet that is created, changed or imported, and every key that is returned, is recorded
    in the audit log under `access` in the same transaction. Without an entry, no key is returned.

    `fid` is a positive integer below 2^63. `chain` is "ethereum" for trading wallets and
    "base-account" for Base Account addresses ("base" and "ethereum-base" mean the latter).
    """

    def __init__(
        self,
        database: Database,
        repositories: WalletRepositories,
        encryption: EncryptionService,
        registration: SecretRegistration,
    ) -> None:
        """`repositories` returns the wallet repository for a connection and a caller."""
        self._trail = AuditTrail(encryption)
        self._events = AuditEvents(database, self._trail, registration)
        self._refusals = Refusals(self._events)
        self._key_uses = KeyUses(database, repositories, encryption, registration, self._trail)
        self._database = database
        self._repositories = repositories
        self._encryption = encryption
        self._registration = registration

    def ensure_trading_wallet(self, fid: int, *, access: AuditContext) -> Wallet:
        """Return the user's trading wallet, creating it if needed.

        Concurrent callers all get the same wallet: the primary key decides the race. An existing
        wallet takes one round trip. A new one takes two, with one commit, and one more if the user
        has an audit chain, because a wallet that the log records must not be created again. The
        first new wallet of a process also checks the secret, and the first of a database registers
        it.

        Raises SecretMismatch if a wallet would have to be created with a secret that is not this
        database's, and DatabaseDamaged if the user had a wallet that no longer exists.
        """
        return self.get_or_create_trading_wallet(fid, access=access)[0]

    def get_or_create_trading_wallet(
        self,
        fid: int,
        *,
        access: AuditContext,
        absent: AuditHead | None = None,
        on_creation: OnCreation = lambda *_: None,
    ) -> tuple[Wallet, bool]:
        """Do what ensure_trading_wallet() does, and return whether this call created the wallet.

        `absent` is the head that list_wallets_with_head() has just returned without a trading
        wallet: it saves the read. `on_creation` sends statements in the transaction that creates
        the wallet with this address, if it is created in PostgreSQL. They must do nothing unless
        this wallet exists.
        """
        candidate: NewWallet | None = None

        def ensure(connection: Connection) -> Wallet:
            nonlocal absent, candidate
            wallets = self._repositories(connection, access)
            # A retry reads again, because the first attempt may have been too late.
            head, absent = absent, None
            if head is None:
                existing, head = wallets.get_with_head(fid, TRADING_CHAIN)
                if existing is not None:
                    return self._replicated(connection, existing)
            self._registration.register_on(connection)
            if head.id and AuditRepository(connection).get_trading_address(fid) is not None:
                return self._recorded_wallet(connection, wallets, fid)
            self._database.replication.require_history(connection)
            candidate = candidate or self._new_wallet(fid)
            send = partial(on_creation, connection, candidate.address)
            return self._claim(connection, candidate, head, access, pending, send)

        pending = self._trail.pending()
        wallet = self._database.run(ensure)
        if candidate is None or wallet.address != candidate.address:
            return self._verified(wallet, access), False
        metrics.WALLETS_CREATED.inc()
        # A key that was encrypted here was verified before it was stored.
        if wallet.encrypted_key != candidate.encrypted_key:
            wallet = self._verified(wallet, access)
        return wallet, True

    def get_wallet(self, fid: int, chain: str, *, access: AuditContext) -> Wallet | None:
        """Return the user's wallet on a chain, or None."""
        chain = CHAIN_SPELLINGS.get(chain, chain)

        def read(connection: Connection) -> Wallet | None:
            wallet = self._repositories(connection, access).get(fid, chain)
            return wallet and self._replicated(connection, wallet)

        wallet = self._database.run(read)
        return wallet and self._verified(wallet, access)

    def get_wallet_address(self, fid: int, chain: str, *, access: AuditContext) -> str | None:
        """Return the address of the user's wallet on a chain, or None."""
        wallet = self.get_wallet(fid, chain, access=access)
        return None if wallet is None else wallet.address

    def list_wallets(self, fid: int, *, access: AuditContext) -> list[Wallet]:
        """Return the user's wallets, the Base Account address first."""

        def read(connection: Connection) -> list[Wallet]:
            wallets = self._repositories(connection, access).list_for_user(fid)
            return self._all_replicated(connection, wallets)

        return [self._verified(wallet, access) for wallet in self._database.run(read)]

    def list_wallets_with_head(
        self, fid: int, *, access: AuditContext
    ) -> tuple[list[Wallet], AuditHead]:
        """Do what list_wallets() does, and return the head of the user's audit chain."""

        def read(connection: Connection) -> tuple[list[Wallet], AuditHead]:
            wallets, head = self._repositories(connection, access).list_with_head(fid)
            return self._all_replicated(connection, wallets), head

        wallets, head = self._database.run(read)
        return [self._verified(wallet, access) for wallet in wallets], head

    def get_wallet_with_key(
        self, fid: int, chain: str, *, access: AuditContext
    ) -> WalletWithKey | None:
        """Return a wallet with its private key, or None if the user has none with a key.

        The audit entry is `key.read`; KeyUses.run() says what holds for it.
        """
        found = self.use_key(fid, chain, KeyRead(access), access=access)
        if found is not None:
            metrics.KEY_READS.labels(access.actor.partition(":")[0]).inc()
        return found

    def use_key(
        self, fid: int, chain: str, use: KeyUse, *, access: AuditContext
    ) -> WalletWithKey | None:
        """Decrypt a wallet's key for a use, as KeyUses.run() does. None if there is no such key."""
        return self._key_uses.run(fid, CHAIN_SPELLINGS.get(chain, chain), use, access=access)

    def refuse_key(self, fid: int, chain: str, *, access: AuditContext) -> None:
        """Record that `access` requested this wallet's key and was refused, as refuse() does."""
        self.refuse(AuditEvent(fid=fid, chain=chain, action="key.refused", access=access))

    def refuse(self, event: AuditEvent, *, cause: str = "") -> None:
        """Record that a caller was refused the use of a key, as Refusals.record() does."""
        self._refusals.record(event, cause=cause)

    def store_base_account_address(self, fid: int, address: str, *, access: AuditContext) -> None:
        """Store the address (lower case) of the user's own Base Account.

        The address is never proof of ownership. Raises SecretMismatch: a process with the wrong
        secret writes nothing.
        """
        self._registration.register()
        if self._is_base_account(fid, address, access):
            return
        self._put_base_account(
            fid,
            address,
            AuditEvent(
                fid=fid,
                chain=BASE_ACCOUNT_CHAIN,
                action="base_account.set",
                access=access,
                address=address,
            ),
        )

    def _is_base_account(self, fid: int, address: str, access: AuditContext) -> bool:
        return self.get_base_account_address(fid, access=access) == address

    def _put_base_account(self, fid: int, address: str, event: AuditEvent) -> None:
        pending = self._trail.pending()

        def put(connection: Connection) -> Wallet | None:
            rows = PostgresWalletRepository(connection)
            current, head = begin_append(
                connection, fid, lambda: rows.get_later(fid, BASE_ACCOUNT_CHAIN)
            )
            if current is not None and current.address == address:
                connection.commit()
                return self._replicated(connection, current)
            # If the entry was written, another request has replaced the address since.
            if not pending.is_written(connection):
                act = partial(rows.put_base_account, fid, address)
                pending.append(connection, head, event, act=act)
            return None

        unchanged = self._database.run(put)
        if unchanged is not None:
            self._verified(unchanged, event.access)

    def get_base_account_address(self, fid: int, *, access: AuditContext) -> str | None:
        """Return the stored address of the user's own Base Account, or None."""
        return self.get_wallet_address(fid, BASE_ACCOUNT_CHAIN, access=access)

    def _recorded_wallet(
        self, connection: Connection, wallets: WalletRepository, fid: int
    ) -> Wallet:
        """Return the wallet that the audit log records.

        Another request may have just created it, and a new one would be a second address. Raises
        DatabaseDamaged if there is none.
        """
        recorded, _ = wallets.get_with_head(fid, TRADING_CHAIN)
        if recorded is not None:
            return self._replicated(connection, recorded)
        raise DatabaseDamaged(
            "the audit log records a trading wallet that does not exist", "restore it from a backup"
        )

    def _claim(
        self,
        connection: Connection,
        candidate: NewWallet,
        head: AuditHead,
        access: AuditContext,
        pending: PendingEntries,
        on_creation: Callable[[], None],
    ) -> Wallet:
        """Insert a new wallet, unless the user has one by now, and return the user's wallet."""
        rows, audit = PostgresWalletRepository(connection), AuditRepository(connection)
        with (
            pending.new_entry(
                connection, head, wallet_event("wallet.created", candidate, access)
            ) as entry,
            secret_retired(connection),
            one_round_trip(connection),
        ):
            if head.id:
                audit.lock_head(candidate.fid)
            fetch_inserted = rows.insert_if_absent_later(candidate)
            is_recorded = audit.append_creation_later(entry)
            on_creation()
            acknowledge = self._database.replication.position_later(connection)
        inserted = fetch_inserted()
        if inserted is not None:
            require_entry(is_recorded())
            acknowledge()
            return inserted
        winner = rows.get(candidate.fid, candidate.chain)
        if winner is None:
            raise DatabaseDamaged("the table wallets did not store a row")
        return self._replicated(connection, winner)

    def _new_wallet(self, fid: int) -> NewWallet:
        """Generate and encrypt a key, and verify that it decrypts before it is stored."""
        pair = keys.generate()
        encrypted_key = self._encryption.encrypt(
            pair.private_key, fid=fid, chain=TRADING_CHAIN, address=pair.address
        )
        wallet = NewWallet(
            fid=fid, chain=TRADING_CHAIN, address=pair.address, encrypted_key=encrypted_key
        )
        decrypt_verified(self._encryption, wallet)
        return wallet

    def _replicated(self, connection: Connection, wallet: Wallet) -> Wallet:
        """Return a wallet after the synchronous standby has it."""
        self._all_replicated(connection, [wallet])
        return wallet

    def _all_replicated(self, connection: Connection, wallets: list[Wallet]) -> list[Wallet]:
        ids = [wallet.transaction_id for wallet in wallets]
        self._database.replication.wait_for(connection, ids)
        return wallets

    def _verified(self, wallet: Wallet, access: AuditContext) -> Wallet:
        """Return the wallet if it has no key, or if its key derives its address."""
        decrypt_verified(self._encryption, wallet)
        return wallet
