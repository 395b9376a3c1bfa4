"""Preparing a deposit: a bad one writes nothing, a good one is recorded once and replayed."""

import psycopg
import pytest

from tests.database import discard_rows, plant, stored_deposits
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.races import race
from tests.round_trips import traced
from wallet_api.database.replication import Replication
from wallet_api.errors import (
    AmountNotPositive,
    BaseAddressRequired,
    BaseWalletMismatch,
    DatabaseDamaged,
    IdempotencyKeyReused,
    InvalidAddress,
    InvalidAmount,
    KeyUnreadable,
    UnsupportedAsset,
)
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.repositories.deposits import DepositRepository
from wallet_api.services.deposits import DepositRequest, DepositService

OTHER_ACCOUNT = "0x" + "ab" * 20


def request(asset="USDC", amount="20", base_address=BASE_ACCOUNT, idempotency_key=None):
    return DepositRequest(
        asset=asset, amount=amount, base_address=base_address, idempotency_key=idempotency_key
    )


@pytest.fixture
def wallets(services):
    return services.wallets


@pytest.fixture
def deposits(services):
    return services.deposits


COLUMNS = "id, fid, asset, amount, from_address, to_address, chain_id, status"


def test_the_first_deposit_makes_the_wallet_and_is_recorded_in_smallest_units(
    deposits, opened, sql
):
    prepared = deposits.prepare(FID, request(amount="0.000001"), access=ACCESS)
    address = opened()[FID]
    assert prepared.transfer.to_address == address
    assert stored_deposits(sql, COLUMNS) == [
        (prepared.id, FID, "USDC", 1, BASE_ACCOUNT, address, 8453, "prepared")
    ]


def test_the_largest_amount_is_recorded_exactly(deposits, sql):
    amount = str(2**256 - 1)[:-18] + "." + str(2**256 - 1)[-18:]
    prepared = deposits.prepare(FID, request(asset="ETH", amount=amount), access=ACCESS)
    assert prepared.transfer.units == 2**256 - 1 == stored_deposits(sql, COLUMNS)[0][3]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"asset": "DAI"}, UnsupportedAsset),
        ({"amount": "0"}, AmountNotPositive),
        ({"amount": "1e3"}, InvalidAmount),
        ({"base_address": "0x12"}, InvalidAddress),
        ({"base_address": None}, BaseAddressRequired),
        ({"base_address": OTHER_ACCOUNT}, BaseWalletMismatch),
    ],
)
def test_a_refused_request_creates_no_wallet_and_no_deposit(deposits, wallets, sql, wrong, refusal):
    if refusal is BaseWalletMismatch:
        wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    with pytest.raises(refusal):
        deposits.prepare(FID, request(**wrong), access=ACCESS)
    assert stored_deposits(sql, COLUMNS) == []
    assert wallets.get_wallet(FID, "ethereum", access=ACCESS) is None


def test_the_stored_base_account_is_the_default_sender(deposits, wallets):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert (
        deposits.prepare(FID, request(base_address=None), access=ACCESS).transfer.from_address
        == BASE_ACCOUNT
    )


def test_a_repeat_with_the_same_key_is_the_same_deposit(deposits, sql):
    first = deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)
    again = deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)
    assert (again.id, again.transfer) == (first.id, first.transfer)
    assert (first.replayed, again.replayed) == (False, True)
    assert len(stored_deposits(sql, COLUMNS)) == 1


def test_a_repeat_without_a_sender_keeps_that_of_the_first_request(deposits, wallets):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    asked = request(base_address=None, idempotency_key="k")
    first = deposits.prepare(FID, asked, access=ACCESS)
    wallets.store_base_account_address(FID, OTHER_ACCOUNT, access=ACCESS)
    assert deposits.prepare(FID, asked, access=ACCESS).transfer == first.transfer


def test_a_repeat_stays_the_same_when_the_network_and_the_base_account_have_changed(
    deposits, services, wallets
):
    first = deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)
    wallets.store_base_account_address(FID, OTHER_ACCOUNT, access=ACCESS)
    later = DepositService(services.database, wallets, NETWORKS["base-testnet"])
    assert (
        later.prepare(FID, request(idempotency_key="k"), access=ACCESS).transfer == first.transfer
    )


def test_a_replay_returns_only_the_address_of_the_verified_wallet(deposits, sql):
    deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)
    sql.execute("set session_replication_role = replica")
    sql.execute("update deposits set to_address = %s", [OTHER_ACCOUNT])
    with pytest.raises(KeyUnreadable):
        deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)


def test_a_repeat_that_looked_for_the_wallet_before_there_was_one_is_the_same_deposit(
    deposits, monkeypatch
):
    """The first request does all of its work between two looks of the second."""
    asked, find, firsts = request(idempotency_key="k"), DepositService._find, []

    def found(service, *of):
        if not firsts:
            firsts.append(None)
            firsts[0] = deposits.prepare(FID, asked, access=ACCESS)
        return find(service, *of)

    monkeypatch.setattr(DepositService, "_find", found)
    again = deposits.prepare(FID, asked, access=ACCESS)
    assert (again.id, again.transfer, again.replayed) == (firsts[0].id, firsts[0].transfer, True)


@pytest.mark.parametrize(
    ("damage", "alarm"),
    [
        ("delete from wallets", KeyUnreadable),
        ("update deposits set chain_id = 7", DatabaseDamaged),
        ("update deposits set amount = amount + 1", DatabaseDamaged),
        ("update deposits set asset = 'ETH'", DatabaseDamaged),
        (f"update deposits set from_address = '{OTHER_ACCOUNT}'", DatabaseDamaged),
    ],
)
def test_a_repeat_is_an_alarm_if_the_row_is_not_that_of_the_request(deposits, sql, damage, alarm):
    asked = request(idempotency_key="k")
    deposits.prepare(FID, asked, access=ACCESS)
    plant(sql, damage)
    with pytest.raises(alarm):
        deposits.prepare(FID, asked, access=ACCESS)


def test_a_key_that_came_with_another_request_is_refused(deposits, sql):
    deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)
    for other in ({"amount": "21"}, {"asset": "ETH"}, {"base_address": OTHER_ACCOUNT}):
        with pytest.raises(IdempotencyKeyReused):
            deposits.prepare(FID, request(idempotency_key="k", **other), access=ACCESS)
    assert len(stored_deposits(sql, COLUMNS)) == 1


def test_racing_repeats_are_one_deposit(deposits, sql):

    def prepare(_):
        return deposits.prepare(FID, request(idempotency_key="k"), access=ACCESS)

    prepared = race(prepare, range(16))
    assert len({deposit.id for deposit in prepared}) == 1
    assert sum(not deposit.replayed for deposit in prepared) == 1
    assert len(stored_deposits(sql, COLUMNS)) == 1


def test_racing_different_requests_under_one_key_are_one_deposit_and_refusals(deposits, sql):

    def prepare(number):
        try:
            return deposits.prepare(
                FID, request(amount=str(number), idempotency_key="k"), access=ACCESS
            )
        except IdempotencyKeyReused:
            return None

    prepared = [deposit for deposit in race(prepare, range(1, 9)) if deposit]
    assert [deposit.id for deposit in prepared] == [row[0] for row in stored_deposits(sql, COLUMNS)]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_crash_during_a_first_deposit_leaves_neither_wallet_nor_deposit(
    deposits, opened, sql, monkeypatch, key
):
    def crash(self, deposit):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(DepositRepository, "insert_with_wallet_later", crash)
        with pytest.raises(ZeroDivisionError):
            deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert stored_deposits(sql, COLUMNS) == []
    assert opened() == {}
    prepared = deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert prepared.transfer.to_address == opened()[FID]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_first_deposit_that_loses_the_race_goes_to_the_wallet_of_the_winner(
    deposits, wallets, sql, monkeypatch, key
):
    new_wallet, winner = wallets._new_wallet, []

    def lose(fid):
        candidate = new_wallet(fid)
        monkeypatch.setattr(wallets, "_new_wallet", new_wallet)
        winner.append(wallets.ensure_trading_wallet(fid, access=ACCESS).address)
        return candidate

    monkeypatch.setattr(wallets, "_new_wallet", lose)
    prepared = deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert [prepared.transfer.to_address] == winner
    assert sql.execute("select id, to_address from deposits").fetchall() == [
        (prepared.id, winner[0])
    ]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("act", ["the wallet", "an address"])
def test_what_begins_the_chain_after_a_first_deposit_has_read_it_is_noticed(
    deposits, wallets, sql, monkeypatch, act, key
):
    """Between the read of the wallets and the transaction that creates one."""
    look, winner = wallets.list_wallets_with_head, []

    def looked(fid, *, access):
        found = look(fid, access=access)
        if act == "the wallet":
            winner.append(wallets.ensure_trading_wallet(fid, access=access).address)
        else:
            wallets.store_base_account_address(fid, BASE_ACCOUNT, access=access)
        return found

    monkeypatch.setattr(wallets, "list_wallets_with_head", looked)
    prepared = deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    assert prepared.transfer.to_address == address
    assert winner in ([], [address])
    assert [row[0] for row in stored_deposits(sql, COLUMNS)] == [prepared.id]
    entries = sql.execute("select id, action from wallet_audit_log order by id").fetchall()
    created, stored = "wallet.created", "base_account.set"
    assert entries == ([(1, created)] if winner else [(1, stored), (2, created)])


@pytest.mark.parametrize("key", [None, "k"])
def test_a_connection_lost_in_the_middle_records_the_deposit_once(
    deposits, wallets, sql, monkeypatch, key
):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    insert = DepositRepository.insert_if_absent_later
    cut = []

    def insert_on_a_dying_connection(self, deposit):
        if not cut:
            cut.append(self._connection.info.backend_pid)
            sql.execute("select pg_terminate_backend(%s, 5000)", cut)
        return insert(self, deposit)

    monkeypatch.setattr(DepositRepository, "insert_if_absent_later", insert_on_a_dying_connection)
    prepared = deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert cut
    assert [row[0] for row in stored_deposits(sql, COLUMNS)] == [prepared.id]
    assert not prepared.replayed


@pytest.mark.parametrize("key", [None, "k"])
def test_a_deposit_of_an_earlier_attempt_is_returned_after_it_is_replicated(
    deposits, wallets, monkeypatch, key
):
    """Its commit may be late, so that it is not there yet when the next attempt begins."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    insert, acts = DepositRepository.insert_if_absent_later, []

    def insert_twice(self, deposit):
        acts.append("insert")
        inserted = insert(self, deposit)
        if key is not None:
            return insert(self, deposit)
        if acts.count("insert") == 1:
            self._connection.pgconn.finish()
            raise psycopg.OperationalError("lost after the commit")
        return inserted

    monkeypatch.setattr(DepositRepository, "insert_if_absent_later", insert_twice)
    monkeypatch.setattr(Replication, "wait", lambda self, connection: acts.append("wait"))
    deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert acts[-2:] == ["insert", "wait"]


@pytest.mark.parametrize(("key", "round_trips"), [(None, 2), ("k", 3)])
def test_a_deposit_into_an_existing_wallet_takes_few_round_trips(
    deposits, wallets, services, key, round_trips
):
    """The wallets; the Idempotency-Key, if there is one; the deposit."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with traced(services.database) as traffic:
        deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
    assert traffic.round_trips == round_trips


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("key", [None, "k"])
def test_a_silently_discarded_deposit_is_not_acknowledged(deposits, wallets, sql, known, key):
    if known:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    discard_rows(sql, "deposits")
    with pytest.raises(DatabaseDamaged):
        deposits.prepare(FID, request(idempotency_key=key), access=ACCESS)
