"""Several files for one user's Base Account: the first spelling counts, in any order."""

import itertools

import pytest

from tests.database import empty, table
from tests.factories import ACCESS
from tests.wallet_store import keyed, keyless, put
from wallet_api.blueprints.application import application

# In this order.
SPELLINGS = ("base-account", "base", "ethereum-base", "ethereum")
ADDRESSES = [f"0x{digit * 40}" for digit in "1234"]
FID = 5


def store(folder, addresses):
    """Write a file for each spelling; return their names in the order of precedence."""
    return [
        put(folder, FID, keyless(address, spelling), spelling).name
        for spelling, address in zip(SPELLINGS, addresses, strict=False)
        if address is not None
    ]


def kept(sql):
    return [(row[1], row[3]) for row in table(sql) if row[0] == FID]


@pytest.mark.parametrize("first", range(4))
def test_the_first_of_several_addresses_is_used_in_every_order_of_reading(
    importer, folder, sql, first
):
    names = store(folder, [None] * first + ADDRESSES[first:])
    for order in itertools.permutations(names):
        reports = importer(folder, names=order)
        assert reports[names[0]].outcome == "imported"
        for name in names[1:]:
            assert reports[name].outcome == "conflict"
            assert reports[name].reason == f"{names[0]} takes precedence, and has another address"
        assert kept(sql) == [("base-account", ADDRESSES[first])]
        empty(sql)
        for name in order:
            importer(folder, names=[name])
        assert kept(sql) == [("base-account", ADDRESSES[first])]
        empty(sql)


def test_files_with_the_same_address_are_no_conflict(command, folder, sql):
    names = store(folder, [ADDRESSES[0]] * 4)
    done = command("import", folder)
    assert done.status == 0
    assert "1 imported, 3 present" in done.out
    for name in names[1:]:
        assert f"{name}: present: {names[0]} has the same address" in done.out
    assert kept(sql) == [("base-account", ADDRESSES[0])]


def test_a_conflict_between_files_is_exit_status_one(command, folder):
    store(folder, ADDRESSES)
    done = command("import", folder)
    assert done.status == 1
    assert "1 imported, 0 present, 3 conflict" in done.out


def test_a_damaged_first_file_leaves_the_user_without_an_address(importer, folder, sql, make_app):
    """As in migrating mode: what the user would be answered must not depend on the import."""
    names = store(folder, [ADDRESSES[0], ADDRESSES[1]])
    (folder / names[0]).write_text("{")
    reports = importer(folder)
    assert reports[names[0]].outcome == "invalid"
    assert reports[names[1]].outcome == "conflict"
    assert kept(sql) == []


def test_a_damaged_first_file_is_not_reported_as_a_conflict(importer, folder):
    names = store(folder, [ADDRESSES[0], ADDRESSES[1]])
    (folder / names[0]).write_text("{")
    reason = importer(folder)[names[1]].reason
    assert names[0] in reason
    assert "cannot be verified" in reason


def test_a_trading_wallet_and_an_address_of_one_user_are_two_rows(importer, folder, sql):
    members = keyed()
    put(folder, FID, members)
    put(folder, FID, keyless(ADDRESSES[0], "base"), "base")
    assert {report.outcome for report in importer(folder).values()} == {"imported"}
    assert kept(sql) == [("base-account", ADDRESSES[0]), ("ethereum", members["address"])]


@pytest.mark.parametrize("first", range(4))
def test_an_import_and_the_migrating_service_choose_the_same_address(
    importer, folder, sql, make_app, first
):
    store(folder, [None] * first + ADDRESSES[first:])
    app = make_app(WALLET_STORAGE="migrating", WALLET_STORAGE_PATH=str(folder))
    assert application(app).wallets.get_base_account_address(FID, access=ACCESS) == ADDRESSES[first]
    answered = kept(sql)
    empty(sql)
    importer(folder)
    assert kept(sql) == answered
