"""Verification of the audit log: each kind of tampering is done and found."""

from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, service
from tests.services.audit_faults import (
    ALONE,
    ANOTHER,
    FOREIGN,
    GONE,
    LONG_AGO,
    NOT_OURS,
    REPLACED,
    TO_TEXT,
    UNMADE,
    UNSET,
)
from wallet_api.services.audit import verify as audit_verification

_AN_OLD_ENTRY = (
    "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, created_at)"
    " values (%s, %s, 'ethereum', 'key.read', 'user:7', 'r', '2020-01-01')"
)


def test_an_unchanged_log_is_intact(log, verify):
    assert verify() == ([], 20)
    assert verify(fid=3) == ([], 4)
    assert verify(fid=99) == ([], 0)


def test_an_empty_log_is_intact(database, verify):
    assert verify() == ([], 0)


COLUMNS = {
    "chain": "'base-account'",
    "action": "'key.refused'",
    "actor": "'nobody'",
    "request_uuid": "gen_random_uuid()",
    "ip": "'192.0.2.1'",
    "reason": "'a good one'",
    "recipient": "repeat('A', 43)",
    "address": f"'{BASE_ACCOUNT}'",
    "details": "'{}'",
    "created_at": "created_at - interval '1 microsecond'",
    "mac_bytes": "decode(repeat('0', 64), 'hex')",
}
COLUMNS_OF_1_0_0 = {"request_id": "'another'", "mac": "repeat('0', 64)"}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_entry_changed_in_any_column_is_reported(log, verify, sql, column):
    plant(sql, f"update wallet_audit_log set {column} = {COLUMNS[column]} where (fid, id) = (3, 3)")
    faults, intact = verify()
    assert faults[0] == (3, 3, NOT_OURS)
    # The next entry follows the original MAC, not the changed one.
    assert faults[1:] == ([(3, 4, NOT_OURS)] if column == "mac_bytes" else [])
    assert intact == 20 - len(faults)
    assert verify(fid=3)[0] == faults
    assert verify(fid=2) == ([], 4)


@pytest.mark.parametrize("column", COLUMNS_OF_1_0_0)
def test_an_entry_of_1_0_0_changed_in_any_column_is_reported(log, verify, sql, column):
    plant(sql, TO_TEXT)
    assert verify() == ([], 20)
    change = f"update wallet_audit_log set {column} = {COLUMNS_OF_1_0_0[column]}"
    plant(sql, f"{change} where (fid, id) = (3, 3)")
    faults, _ = verify()
    assert faults == [(3, 3, NOT_OURS)] + ([(3, 4, NOT_OURS)] if column == "mac" else [])


def test_every_column_of_the_log_is_covered(sql):
    columns = sql.execute(
        "select column_name from information_schema.columns where table_name = 'wallet_audit_log'"
    ).fetchall()
    # Another fid, id or key_id is another place or another key, which the next tests try.
    covered = {*COLUMNS, *COLUMNS_OF_1_0_0, "fid", "id", "key_id", "key_id_bytes"}
    assert {name for (name,) in columns} == covered


REPLACE = f"update wallets set address = '{ANOTHER}' where (fid, chain) = (4, 'base-account')"
UNCHAINED = (
    "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
    " values (3, 5, 'ethereum', 'key.read', 'user:3', 'r')"
)
NO_KEY = r"'\x0000000000000000'"
COPY = (
    "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, request_uuid,"
    " address, created_at, key_id_bytes, mac_bytes) select {}, chain, action, actor, request_id,"
    " request_uuid, address, created_at, key_id_bytes, mac_bytes"
    " from wallet_audit_log where (fid, id) = {}"
)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param(
            ["delete from wallet_audit_log where (fid, id) = (2, 3)"],
            [(2, None, "entry 3 is missing"), (2, 4, ALONE)],
            id="removed in the middle",
        ),
        pytest.param(
            ["delete from wallet_audit_log where fid = 2 and id in (2, 3)"],
            [(2, None, "entries 2 to 3 are missing"), (2, 4, ALONE), (2, None, UNSET)],
            id="two removed in the middle",
        ),
        pytest.param(
            ["delete from wallet_audit_log where (fid, id) = (2, 1)"],
            [
                (2, None, "entry 1 is missing"),
                (2, 2, ALONE),
                (2, None, UNMADE),
                (2, None, UNSET),
            ],
            id="removed at the beginning",
        ),
        pytest.param(
            ["delete from wallet_audit_log where (fid, id) = (2, 4)"],
            [(2, None, "entry 4 is missing")],
            id="removed at the end",
        ),
        pytest.param(
            ["delete from wallet_audit_log where (fid, id) = (5, 4)"],
            [(5, None, "entry 4 is missing")],
            id="the last of all removed",
        ),
        pytest.param(
            [
                "delete from wallet_audit_log where (fid, id) = (2, 4)",
                "update wallet_audit_heads set id = 3 where fid = 2",
            ],
            [(2, None, "the end of the chain is not as this service wrote it")],
            id="removed at the end, and the end moved",
        ),
        pytest.param(
            [
                "delete from wallet_audit_log where (fid, id) = (2, 4)",
                "delete from wallet_audit_heads where fid = 2",
            ],
            [(2, None, "the end of the chain is missing")],
            id="removed at the end, and the end removed",
        ),
        pytest.param(
            ["delete from wallet_audit_log where fid = 2"],
            [
                (2, None, "entries 1 to 4 are missing"),
                (2, None, "there is a wallet without an entry"),
            ],
            id="a whole chain removed",
        ),
        pytest.param(
            [
                "delete from wallet_audit_log where fid = 2",
                "delete from wallet_audit_heads where fid = 2",
            ],
            [(2, None, "there is a wallet without an entry")],
            id="a whole chain and its end removed",
        ),
        pytest.param(
            [COPY.format("fid, 5", "(3, 3)")],
            [
                (3, 5, NOT_OURS),
                (3, None, "entries were added after 4, the end of the chain"),
            ],
            id="a copy put at the end",
        ),
        pytest.param(
            [COPY.format("fid, 5", "(3, 4)"), "update wallet_audit_heads set id = 5 where fid = 3"],
            [(3, 5, NOT_OURS), (3, None, "the end of the chain is not as this service wrote it")],
            id="a copy put at the end, and the end moved",
        ),
        pytest.param(
            [
                UNCHAINED,
            ],
            [(3, 5, "it carries no MAC: it was not written by this service")],
            id="one without a mac put at the end",
        ),
        pytest.param(
            [COPY.format("99, 1", "(3, 1)")],
            [(99, 1, NOT_OURS), (99, None, "the end of the chain is missing")],
            id="a copy given to another user",
        ),
        pytest.param(
            [
                "update wallet_audit_log set id = 9 where (fid, id) = (4, 2)",
                "update wallet_audit_log set id = 2 where (fid, id) = (4, 3)",
                "update wallet_audit_log set id = 3 where (fid, id) = (4, 9)",
            ],
            [(4, 2, NOT_OURS), (4, 3, NOT_OURS), (4, 4, NOT_OURS), (4, None, UNSET)],
            id="two exchanged",
        ),
        pytest.param(
            [f"update wallet_audit_log set key_id_bytes = {NO_KEY} where (fid, id) = (4, 2)"],
            [
                (4, 2, FOREIGN),
                (4, 3, ALONE),
                (4, None, UNSET),
            ],
            id="another secret named",
        ),
        pytest.param(
            [f"update wallets set address = '{BASE_ACCOUNT}' where (fid, chain) = (4, 'ethereum')"],
            [(4, None, "the trading wallet was created with another address")],
            id="the wallet's address changed",
        ),
        pytest.param(
            [REPLACE],
            [(4, None, REPLACED)],
            id="the Base Account address replaced",
        ),
        pytest.param(
            [
                REPLACE,
                f"update wallet_audit_log set address = '{ANOTHER}' where (fid, id) = (4, 2)",
            ],
            [(4, 2, NOT_OURS), (4, None, UNSET)],
            id="the Base Account address replaced, and its entry as well",
        ),
        pytest.param(
            ["delete from wallets where (fid, chain) = (4, 'base-account')"],
            [(4, None, GONE)],
            id="the Base Account address removed",
        ),
    ],
)
def test_removed_inserted_and_moved_entries_are_reported(log, verify, sql, statements, expected):
    for statement in statements:
        plant(sql, statement)
    assert verify()[0] == expected


def test_chains_over_several_pages_are_verified_and_their_faults_reported(
    log, verify, sql, monkeypatch
):
    for size in range(1, 9):
        monkeypatch.setattr(audit_verification, "_PAGE", size)
        assert verify() == ([], 20), size
    plant(sql, "delete from wallet_audit_log where (fid, id) in ((1, 4), (5, 1))")
    for size in range(1, 9):
        monkeypatch.setattr(audit_verification, "_PAGE", size)
        assert [fault[0] for fault in verify()[0]] == [1, 5, 5, 5, 5], size


def test_a_chain_continues_after_a_fault_and_the_fault_is_still_reported(log, verify, sql):
    plant(sql, "update wallet_audit_log set actor = 'nobody' where (fid, id) = (3, 4)")
    log.get_wallet_with_key(3, "ethereum", access=ACCESS)
    assert verify() == ([(3, 4, NOT_OURS)], 20)


def test_entries_older_than_the_chains_are_faults_unless_the_operator_allows_them(
    verify, sql, database
):
    old = datetime.now(UTC) - timedelta(days=1)
    sql.execute(
        "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, created_at)"
        " select 7, id, 'ethereum', 'key.read', 'user:7', 'r', %s"
        " from generate_series(20, 22) as id",
        [old],
    )
    sql.execute("insert into wallet_audit_heads (fid, id, mac) values (7, 22, repeat('0', 64))")
    wallets = service(database)
    assert [fault[:2] for fault in verify()[0]] == [(7, 20), (7, 21), (7, 22)]
    since = old + timedelta(hours=1)
    assert verify(unchained_before=since) == ([], 0)
    wallets.ensure_trading_wallet(7, access=ACCESS)
    wallets.get_wallet_with_key(7, "ethereum", access=ACCESS)
    assert sql.execute("select max(id) from wallet_audit_log").fetchone() == (24,)
    assert verify(unchained_before=since) == ([], 2)
    plant(sql, "delete from wallet_audit_log where id = 23")
    assert verify(unchained_before=since)[0][0] == (7, None, "entry 23 is missing")


@pytest.mark.parametrize("place", [-5, 0, 5, 1_000_000])
def test_no_entry_of_a_chain_is_accepted_as_one_from_before_the_chains(log, verify, sql, place):
    sql.execute(_AN_OLD_ENTRY, [3, place])
    assert verify(unchained_before=LONG_AGO)[0] == [(3, place, ANY)]


@pytest.mark.parametrize("place", [0, 1, 23])
def test_older_entries_end_where_the_chains_begin(verify, sql, place):
    """Of a user of whom there is nothing but older entries, or nothing else at all."""
    sql.execute(_AN_OLD_ENTRY, [7, place])
    assert verify(unchained_before=LONG_AGO)[0] == [(7, None if place else 0, ANY)]
    sql.execute(_AN_OLD_ENTRY, [7, 22])
    sql.execute("insert into wallet_audit_heads (fid, id, mac) values (7, 22, repeat('0', 64))")
    faults = verify(unchained_before=LONG_AGO)[0]
    assert [fault[:2] for fault in faults] == {0: [(7, 0)], 1: [], 23: [(7, None)]}[place]


def test_a_wallet_without_an_entry_is_no_fault_if_it_is_older_than_the_chains(log, verify, sql):
    plant(sql, "delete from wallet_audit_log where fid = 2")
    plant(sql, "delete from wallet_audit_heads where fid = 2")
    assert verify()[0] != []
    plant(sql, "update wallets set created_at = '2020-01-01' where fid = 2")
    assert verify(unchained_before=LONG_AGO) == ([], 16)


def test_a_key_overwritten_as_if_it_had_been_rotated_is_reported(log, verify, sql):
    """The only change of an encrypted key that triggers allow the owner: that of a rotation."""
    known = (
        "insert into encryption_keys (key_id, succeeds) select repeat('0', 16), key_id from wallets"
    )
    sql.execute(f"{known} where key_id is not null limit 1")
    sql.execute("insert into active_encryption_keys (key_id) values (repeat('0', 16))")
    sql.execute(
        "update wallets set key_id = repeat('0', 16), encrypted_private_key = repeat('0', 96)"
        " where fid = 3 and chain = 'ethereum'"
    )
    fault = "no entry records the current encryption of the key"
    assert verify() == ([(3, None, fault)], 20)


def test_a_missing_wallet_is_reported_unless_it_may_be_in_a_file(log, verify, sql):
    plant(sql, "delete from wallets where fid = 2 and chain = 'ethereum'")
    gone = (2, None, "the trading wallet that was created is not in PostgreSQL")
    assert verify() == ([gone], 20)
    assert verify(fid=2)[0] == [gone]
    assert verify(wallet_storage="migrating") == ([], 20)
