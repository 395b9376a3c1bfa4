"""Deposits: the transfer that the user's own wallet will sign."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.errors import (
    BaseAddressRequired,
    BaseWalletMismatch,
    DatabaseDamaged,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    KeyUnreadable,
    LockTimeout,
    WalletNotFound,
)
from wallet_api.ethereum.addresses import parse_address
from wallet_api.ethereum.amounts import parse_amount, parse_asset
from wallet_api.ethereum.networks import NETWORKS_BY_CHAIN_ID, Network
from wallet_api.ethereum.transfers import Payment, Transfer
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditContext, Deposit, Wallet
from wallet_api.repositories.deposits import DepositRepository
from wallet_api.services.wallets import BaseAccountWalletService


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRequest:
    """An unvalidated request: `asset`, `amount` and `base_address` (the sender) as in the JSON.

    A repeated request with the same `idempotency_key` gets the same answer.
    """

    asset: object
    amount: object
    base_address: object
    idempotency_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDeposit:
    """A recorded deposit and its transfer. `replayed` if an earlier request prepared it."""

    id: UUID
    transfer: Transfer
    replayed: bool


class DepositService:
    """Deposits into trading wallets on one network."""

    def __init__(
        self, database: Database, wallets: BaseAccountWalletService, network: Network
    ) -> None:
        self._database = database
        self._wallets = wallets
        self._network = network

    def prepare(
        self, fid: int, request: DepositRequest, *, access: AuditContext
    ) -> PreparedDeposit:
        """Create the trading wallet if needed, record the deposit, and return its transfer.

        The request is validated before a wallet is created. The sender is the request's address,
        else the user's stored Base Account address.

        Raises a subclass of InvalidRequest (such as InvalidAmount), IdempotencyKeyReused for a
        known key with another request, IdempotencyKeyInUse while the first request with this key
        has not finished, and what ensure_trading_wallet() raises.
        """
        asset = parse_asset(request.asset)
        units = parse_amount(request.amount, asset)
        absent = request.base_address in (None, "")
        requested_sender = None if absent else parse_address(request.base_address)
        request_hash = _hash(request)

        wallets, head = self._wallets.list_wallets_with_head(fid, access=access)
        by_chain = {wallet.chain: wallet for wallet in wallets}
        if request.idempotency_key is not None:
            earlier = self._find(fid, request.idempotency_key)
            if earlier is not None:
                # The request that recorded it may have created the wallet in the meantime.
                trading = by_chain.get(TRADING_CHAIN) or self._wallets.get_wallet(
                    fid, TRADING_CHAIN, access=access
                )
                return self._replay(
                    earlier,
                    trading,
                    request_hash=request_hash,
                    asset=asset.symbol,
                    units=units,
                    requested_sender=requested_sender,
                )

        stored = by_chain.get(BASE_ACCOUNT_CHAIN)
        sender = _sender(requested_sender, None if stored is None else stored.address)
        prepare = partial(
            Deposit,
            fid=fid,
            id=uuid4(),
            asset=asset.symbol,
            amount=units,
            from_address=sender,
            chain_id=self._network.chain_id,
            idempotency_key=request.idempotency_key,
            request_hash=request_hash,
        )
        trading = by_chain.get(TRADING_CHAIN)
        if trading is not None:
            deposit = prepare(to_address=trading.address)
            return self._record(deposit, trading, requested_sender=requested_sender)

        attempts: list[Callable[[], bool | None]] = []

        def insert(connection: Connection, address: str) -> None:
            deposits = DepositRepository(connection)
            attempts.append(deposits.insert_with_wallet_later(prepare(to_address=address)))

        trading, created = self._wallets.get_or_create_trading_wallet(
            fid, access=access, absent=head, on_creation=insert
        )
        deposit = prepare(to_address=trading.address)
        # Wallets in files are not created together with a row.
        inserted = attempts[-1]() if attempts else False
        if created and inserted:
            return PreparedDeposit(id=deposit.id, transfer=_transfer(deposit), replayed=False)
        return self._record(
            deposit, trading, requested_sender=requested_sender, tried=inserted is None
        )

    def payment(self, fid: int, *, asset: object, amount: object, access: AuditContext) -> Payment:
        """Return a payment into the user's trading wallet, which must exist. Nothing is recorded.

        Raises UnsupportedAsset, InvalidAmount, AmountNotPositive, WalletNotFound.
        """
        parsed = parse_asset(asset)
        units = parse_amount(amount, parsed)
        trading = self._wallets.get_wallet(fid, TRADING_CHAIN, access=access)
        if trading is None:
            raise WalletNotFound
        return Payment(
            network=self._network, asset=parsed.symbol, units=units, to_address=trading.address
        )

    def _find(self, fid: int, idempotency_key: str) -> Deposit | None:
        def read(connection: Connection) -> Deposit | None:
            deposits = DepositRepository(connection)
            found = deposits.get_by_idempotency_key_later(fid, idempotency_key)()
            if found is not None:
                self._database.replication.wait(connection)
            return found

        return self._database.run(read)

    def _record(
        self,
        deposit: Deposit,
        trading: Wallet,
        *,
        requested_sender: str | None,
        tried: bool = False,
    ) -> PreparedDeposit:
        """Insert the deposit. Idempotent, because the id is chosen before.

        Wait for replication of a row that another request, or an earlier attempt, inserted. `tried`
        says that there may have been such an attempt. Raises DatabaseDamaged if nothing is stored.
        """
        key = deposit.idempotency_key

        def insert(connection: Connection) -> None:
            nonlocal tried
            was_tried, tried = tried, True
            if DepositRepository(connection).insert_if_absent_later(deposit)():
                return
            # Without an Idempotency-Key, only an earlier attempt has the same random id.
            if not was_tried:
                raise DatabaseDamaged("the table deposits did not store a row")
            self._database.replication.wait(connection)

        def claim(connection: Connection) -> Deposit | None:
            deposits = DepositRepository(connection)
            with one_round_trip(connection):
                deposits.set_lock_timeout()
                inserted = deposits.insert_if_absent_later(deposit)
                winner = deposits.get_by_idempotency_key_later(deposit.fid, str(key))
            if not inserted():
                self._database.replication.wait(connection)
            return winner()

        if key is None:
            self._database.run(insert)
            return PreparedDeposit(id=deposit.id, transfer=_transfer(deposit), replayed=False)
        try:
            winner = self._database.run(claim)
        except LockTimeout as error:
            raise IdempotencyKeyInUse from error
        if winner is None:
            raise DatabaseDamaged("the table deposits did not store a row")
        if winner.id != deposit.id:
            return self._replay(
                winner,
                trading,
                request_hash=deposit.request_hash,
                asset=deposit.asset,
                units=deposit.amount,
                requested_sender=requested_sender,
            )
        return PreparedDeposit(id=deposit.id, transfer=_transfer(deposit), replayed=False)

    def _replay(
        self,
        earlier: Deposit,
        trading: Wallet | None,
        *,
        request_hash: str | None,
        asset: str,
        units: int,
        requested_sender: str | None,
    ) -> PreparedDeposit:
        """Return the deposit that an earlier request with this hash, asset and amount prepared."""
        if earlier.request_hash != request_hash:
            raise IdempotencyKeyReused
        # A sender that was not requested is the Base Account of that time.
        sender = earlier.from_address if requested_sender is None else requested_sender
        if (earlier.asset, earlier.amount, earlier.from_address) != (asset, units, sender):
            raise DatabaseDamaged("a recorded deposit is not that of its request")
        # Return only the verified address: the record may have another one.
        if trading is None or trading.address != earlier.to_address:
            raise KeyUnreadable("A recorded deposit does not go to the user's trading wallet.")
        if earlier.chain_id not in NETWORKS_BY_CHAIN_ID:
            raise DatabaseDamaged("a recorded deposit is on an unknown network")
        return PreparedDeposit(id=earlier.id, transfer=_transfer(earlier), replayed=True)


def _sender(given: str | None, stored: str | None) -> str:
    if given and stored and given != stored.lower():
        raise BaseWalletMismatch
    sender = given or (stored and stored.lower())
    if not sender:
        raise BaseAddressRequired
    return sender


def _hash(request: DepositRequest) -> str | None:
    """Hash a request, to detect a reused Idempotency-Key."""
    if request.idempotency_key is None:
        return None
    fields = [request.asset, request.amount, request.base_address]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _transfer(deposit: Deposit) -> Transfer:
    return Transfer(
        network=NETWORKS_BY_CHAIN_ID[deposit.chain_id],
        asset=deposit.asset,
        units=deposit.amount,
        from_address=deposit.from_address,
        to_address=deposit.to_address,
    )
