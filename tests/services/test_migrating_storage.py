"""WALLET_STORAGE=migrating: a wallet that is only a file becomes a row when it is asked for."""

from datetime import UTC, datetime

import pytest

from tests.database import audited, key_ids
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.races import race
from tests.services.storage import deposit_address, rows
from tests.services.storage_calls import EXPECTED_KEY, LOOKS, NEW_FID
from tests.wallet_store import EXPECTED, contents, keyed, keyless, put
from wallet_api.crypto import key_pairs as keys
from wallet_api.errors import StorageUnavailable

pytestmark = pytest.mark.usefixtures("samples")

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
CREATED = datetime(2026, 11, 22, 10, 42, 23, 436000, tzinfo=UTC)


def trading_rows(sql):
    return sql.execute(
        "select fid, address, created_at, updated_at from wallets where wallet_type = 'trading'"
    ).fetchall()


@pytest.mark.parametrize("look", LOOKS)
def test_a_wallet_that_is_only_a_file_becomes_a_row_in_the_same_call(
    start_services, folder, sql, opened, look
):
    before = contents(folder)
    services = start_services("migrating")
    assert rows(sql) == {}
    address = LOOKS[look](services)
    assert address == EXPECTED_KEY["address"]
    assert trading_rows(sql) == [(FID, address, CREATED, CREATED)]
    assert opened() == {FID: address}
    entries = [(FID, "ethereum", "wallet.imported", "service:migrating")]
    if look in ("list", "deposit"):
        entries.insert(0, (FID, "base-account", "wallet.imported", "service:migrating"))
    if look == "key":
        entries.append((FID, "ethereum", "key.read", ACCESS.actor))
    assert audited(sql, "fid, chain, action, actor") == entries
    # The logger's context has another request, or none.
    asked_by = sql.execute("select distinct request_id from wallet_audit_log").fetchall()
    assert asked_by == [(ACCESS.request_id,)]
    assert LOOKS[look](services) == address
    found = services.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert "0x" + found.private_key.reveal().hex() == EXPECTED_KEY["privateKey"]
    assert len(trading_rows(sql)) == 1
    assert contents(folder) == before


def test_a_row_that_came_from_a_file_does_not_need_the_file(start_services, folder, sql):
    services = start_services("migrating")
    for entry in EXPECTED:
        services.wallets.list_wallets(entry["fid"], access=ACCESS)
    assert len(rows(sql)) == len(EXPECTED)
    plain = start_services("postgres").wallets
    for entry in EXPECTED:
        if entry["privateKey"]:
            assert (
                plain.ensure_trading_wallet(entry["fid"], access=ACCESS).address == entry["address"]
            )
        else:
            assert plain.get_base_account_address(entry["fid"], access=ACCESS) == entry["address"]


def test_no_operation_changes_a_file(start_services, folder, sql):
    oldest = put(folder, NEW_FID, keyless(OTHER_ACCOUNT, "ethereum"))
    before = contents(folder)
    services = start_services("migrating")
    for fid in (NEW_FID, NEW_FID + 7, *(entry["fid"] for entry in EXPECTED)):
        services.wallets.list_wallets(fid, access=ACCESS)
        services.wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        deposit_address(services, fid)
        services.wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
        services.readiness.check()
    assert contents(folder) == before
    assert oldest.name in before
    ours = {path.name for path in folder.iterdir()} - before.keys()
    assert ours <= {".lock", ".migrating"}


def test_new_wallets_are_rows_and_no_files(start_services, folder, sql, opened):
    before = contents(folder)
    wallets = start_services("migrating").wallets
    address = wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    assert opened() == {NEW_FID: address}
    assert rows(sql)[NEW_FID, "base-account"] == BASE_ACCOUNT
    assert contents(folder) == before


def test_a_new_base_account_keeps_the_date_of_the_file_s(start_services, folder, sql):
    put(folder, NEW_FID, keyless(OTHER_ACCOUNT, "base"), "base")
    wallets = start_services("migrating").wallets
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    found = wallets.get_wallet(NEW_FID, "base-account", access=ACCESS)
    assert (found.address, found.created_at) == (BASE_ACCOUNT, CREATED)
    assert found.updated_at > CREATED


def test_a_row_wins_over_a_file_with_another_address(start_services, folder, sql):
    first = start_services("postgres").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    put(folder, NEW_FID, keyed())
    before = rows(sql)
    services = start_services("migrating")
    assert services.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == first
    assert services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == first
    assert deposit_address(services, NEW_FID) == first
    assert rows(sql) == before


@pytest.mark.parametrize("damage", ["", "{", "another key"])
def test_a_row_is_served_after_its_file_was_damaged_or_removed(start_services, folder, sql, damage):
    services = start_services("migrating")
    put(folder, NEW_FID, keyed())
    address = services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    path = put(folder, NEW_FID, keyed(address=BASE_ACCOUNT))
    if damage != "another key":
        path.write_text(damage)
    assert services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == address
    key = services.wallets.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS).private_key
    assert keys.address_of(key) == address
    assert [w.address for w in services.wallets.list_wallets(NEW_FID, access=ACCESS)] == [address]
    assert deposit_address(services, NEW_FID) == address


def test_fifty_threads_on_one_file_get_one_row_and_one_address(start_services, folder, sql):
    processes = [start_services("migrating") for _ in range(2)]
    looks = list(LOOKS.values())

    def look(number):
        return looks[number % len(looks)](processes[number % 2])

    assert set(race(look, range(50))) == {EXPECTED_KEY["address"]}
    assert [row[:2] for row in trading_rows(sql)] == [(FID, EXPECTED_KEY["address"])]
    entries = [entry[1:3] for entry in audited(sql)]
    assert entries.count(("ethereum", "key.read")) == 10
    # Each of the user's two files became a row once.
    assert sorted(set(entries)) == sorted(
        [
            ("base-account", "wallet.imported"),
            ("ethereum", "wallet.imported"),
            ("ethereum", "key.read"),
        ]
    )
    assert len(entries) == 12


@pytest.mark.parametrize("path", ["missing", "empty", "other", "a file"])
def test_with_an_empty_folder_nothing_is_created_and_readiness_explains_it(
    start_services, tmp_path, sql, path
):
    elsewhere = tmp_path / path
    if path == "a file":
        elsewhere.touch()
    elif path != "missing":
        elsewhere.mkdir()
    if path == "other":
        (elsewhere / "lost+found").mkdir()
    before = sorted(tmp_path.rglob("*"))
    services = start_services("migrating", elsewhere)
    for refused in (
        services.readiness.check,
        lambda: services.wallets.get_wallet(FID, "ethereum", access=ACCESS),
        lambda: services.wallets.ensure_trading_wallet(FID, access=ACCESS),
        lambda: services.wallets.list_wallets(FID, access=ACCESS),
        lambda: services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(services, FID),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            refused()
        assert "mount its disk" in refusal.value.reason
        assert str(elsewhere) in refusal.value.reason
    assert (rows(sql), key_ids(sql)) == ({}, [])
    assert sorted(tmp_path.rglob("*")) == before


def test_rows_are_served_while_the_files_are_unavailable(start_services, tmp_path, folder, sql):
    address = start_services("migrating").wallets.ensure_trading_wallet(FID, access=ACCESS).address
    services = start_services("migrating", tmp_path / "missing")
    assert services.wallets.get_wallet_address(FID, "ethereum", access=ACCESS) == address
    with pytest.raises(StorageUnavailable):
        services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
