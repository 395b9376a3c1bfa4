"""The audit log is whole, or it is said where it is not: each tampering is made, and found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest

from tests.conftest import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET
from tests.migration.conftest import plant
from tests.services.conftest import TO_TEXT, service
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditEvent, AuditHead
from wallet_api.repositories.audit_checks import AuditCheckRepository
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit import verify as audit_verification
from wallet_api.services.audit.append import AuditTrail, chained
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.checkpoints import Checkpoint
from wallet_api.services.audit.verify import AuditVerification
from wallet_api.services.encryption_keys.registration import SealingSecret

USERS = range(1, 6)
LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)
_AN_OLD_ENTRY = (
    "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, created_at)"
    " values (%s, %s, 'ethereum', 'key.read', 'user:7', 'r', '2020-01-01')"
)
READER = replace(ACCESS, request_id="54ed0d9f1a504ed4801ddb06b16b9977")
A_THIRD = "third secret of quite sufficient length"


@pytest.fixture
def log(database):
    """Five users with four entries each."""
    wallets = service(database)
    for fid in USERS:
        wallets.ensure_trading_wallet(fid, access=ACCESS)
        wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        wallets.get_wallet_with_key(fid, "ethereum", access=READER)
        wallets.refuse_key(fid, "ethereum", access=ACCESS)
    return wallets


@pytest.fixture
def verification(database):
    def make(secret=SECRET, *previous, unchained_before=None, wallet_storage="postgres"):
        encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
        return AuditVerification(
            database,
            encryption,
            unchained_before=unchained_before,
            wallet_storage=wallet_storage,
        )

    return make


@pytest.fixture
def verify(verification):
    """Verify the log and return what is wrong, (fid, id, what), and how many entries are intact."""

    def run(*secrets, fid=None, against=None, **options):
        reports = []
        one = verification(*secrets, **options)
        if fid is None:
            one.verify(reports.append, against=against)
        else:
            one.verify_user(fid, reports.append)
        faulty = [report for report in reports if report.outcome is EntryOutcome.FAULTY]
        intact = sum(report.outcome is EntryOutcome.INTACT for report in reports)
        return [(report.fid, report.id, report.fault) for report in faulty], intact

    return run


def test_a_log_that_nobody_touched_is_whole(log, verify):
    assert verify() == ([], 20)
    assert verify(fid=3) == ([], 4)
    assert verify(fid=99) == ([], 0)


def test_nothing_is_nothing(database, verify):
    assert verify() == ([], 0)


NOT_OURS = "it, or its position after the previous entry, is not as this service wrote it"
ALONE = "it cannot be checked without the entry before it"
FOREIGN = "it was written with a secret that is not configured (key id 0000000000000000)"
UNMADE = "no intact entry records the creation of the trading wallet"
TWICE = "the Base Account address was imported more than once"
UNSET = "no intact entry records the Base Account address"
REPLACED = "the Base Account address differs from the last intact entry about it"
GONE = "the Base Account address that was stored is not in PostgreSQL"
ANOTHER = "0x" + "ab" * 20
COLUMNS = {
    "chain": "'base-account'",
    "action": "'key.refused'",
    "actor": "'nobody'",
    "request_uuid": "gen_random_uuid()",
    "ip": "'192.0.2.1'",
    "reason": "'a good one'",
    "recipient": "repeat('A', 43)",
    "address": f"'{BASE_ACCOUNT}'",
    "created_at": "created_at - interval '1 microsecond'",
    "mac_bytes": "decode(repeat('0', 64), 'hex')",
}
COLUMNS_OF_1_0_0 = {"request_id": "'another'", "mac": "repeat('0', 64)"}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_entry_that_was_changed_in_any_column_is_named(log, verify, sql, column):
    plant(sql, f"update wallet_audit_log set {column} = {COLUMNS[column]} where (fid, id) = (3, 3)")
    faults, intact = verify()
    assert faults[0] == (3, 3, NOT_OURS)
    # A changed mac is not what the next entry stands behind.
    assert faults[1:] == ([(3, 4, NOT_OURS)] if column == "mac_bytes" else [])
    assert intact == 20 - len(faults)
    assert verify(fid=3)[0] == faults
    assert verify(fid=2) == ([], 4)


@pytest.mark.parametrize("column", COLUMNS_OF_1_0_0)
def test_so_is_an_entry_of_1_0_0(log, verify, sql, column):
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
            [(3, 5, "it carries no mac: it was not written by this service")],
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
def test_what_was_removed_inserted_or_moved_is_named(log, verify, sql, statements, expected):
    for statement in statements:
        plant(sql, statement)
    assert verify()[0] == expected


def test_chains_that_go_over_several_pages_are_whole_and_their_faults_are_named(
    log, verify, sql, monkeypatch
):
    for size in range(1, 9):
        monkeypatch.setattr(audit_verification, "_PAGE", size)
        assert verify() == ([], 20), size
    plant(sql, "delete from wallet_audit_log where (fid, id) in ((1, 4), (5, 1))")
    for size in range(1, 9):
        monkeypatch.setattr(audit_verification, "_PAGE", size)
        assert [fault[0] for fault in verify()[0]] == [1, 5, 5, 5, 5], size


def test_a_chain_goes_on_behind_a_fault_and_the_fault_stays(log, verify, sql):
    plant(sql, "update wallet_audit_log set actor = 'nobody' where (fid, id) = (3, 4)")
    log.get_wallet_with_key(3, "ethereum", access=ACCESS)
    assert verify() == ([(3, 4, NOT_OURS)], 20)


def test_entries_that_are_older_than_the_chains_are_faults_unless_that_is_said(
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
def test_no_entry_passes_for_an_older_one_in_or_behind_a_chain_or_before_its_beginning(
    log, verify, sql, place
):
    sql.execute(_AN_OLD_ENTRY, [3, place])
    assert verify(unchained_before=LONG_AGO)[0] == [(3, place, ANY)]


@pytest.mark.parametrize("place", [0, 1, 23])
def test_older_entries_end_where_the_chains_were_begun_behind_them(verify, sql, place):
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


def test_a_key_that_was_overwritten_as_if_its_secret_had_changed_is_noticed(log, verify, sql):
    """The one change of a sealed key that triggers let the owner make: a rotation's."""
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


def test_a_wallet_that_is_gone_is_named_unless_it_may_be_in_a_file(log, verify, sql):
    plant(sql, "delete from wallets where fid = 2 and chain = 'ethereum'")
    gone = (2, None, "the trading wallet that was created is not in PostgreSQL")
    assert verify() == ([gone], 20)
    assert verify(fid=2)[0] == [gone]
    assert verify(wallet_storage="migrating") == ([], 20)


def put_by_hand(sql, fid, address=ANOTHER):
    """Remember an address as the role that serves may, past the service: no trigger refuses it."""
    sql.execute(
        "insert into wallets (fid, chain, wallet_type, address)"
        " values (%s, 'base-account', 'base-account', %s)"
        " on conflict (fid, chain) do update set address = excluded.address",
        [fid, address],
    )


def test_a_base_account_address_is_compared_with_the_last_entry_about_it(log, verify, sql):
    for address in (ANOTHER, BASE_ACCOUNT, ANOTHER):
        log.store_base_account_address(3, address, access=ACCESS)
        assert verify()[0] == []
        assert verify(fid=3)[0] == []
    # One that the user had before is a replaced one, too.
    put_by_hand(sql, 3, BASE_ACCOUNT)
    assert verify()[0] == [(3, None, REPLACED)]
    assert verify(fid=3)[0] == [(3, None, REPLACED)]
    # The user sends the true one: that is remembered, and an entry says so.
    log.store_base_account_address(3, ANOTHER, access=ACCESS)
    assert verify()[0] == []


def test_a_base_account_address_of_which_no_entry_tells_is_named(log, verify, sql):
    log.ensure_trading_wallet(60, access=ACCESS)
    put_by_hand(sql, 60)
    assert verify()[0] == [(60, None, UNSET)]
    # Unless it may be older than the chains.
    assert verify(unchained_before=LONG_AGO)[0] == [(60, None, UNSET)]
    plant(sql, "update wallets set updated_at = '2020-01-01' where fid = 60")
    assert verify(unchained_before=LONG_AGO)[0] == []


def test_an_imported_base_account_address_is_compared_with_its_import(log, database, verify, sql):
    put_by_hand(sql, 1)
    trail = AuditTrail(EncryptionService(Secret(SECRET)))
    event = AuditEvent(
        fid=1, chain="base-account", action="wallet.imported", access=ACCESS, address=ANOTHER
    )
    database.run(lambda one: trail.pending().append_many(one, [event]))
    assert verify()[0] == []
    put_by_hand(sql, 1, BASE_ACCOUNT)
    assert verify()[0] == [(1, None, REPLACED)]


@pytest.mark.parametrize("storage", ["postgres", "migrating"])
def test_an_imported_base_account_cannot_be_taken_from_its_row_back_to_its_file(
    log, database, verify, sql, storage
):
    """The file keeps an older address, and a request would import it again."""
    trail = AuditTrail(EncryptionService(Secret(SECRET)))

    def import_again():
        put_by_hand(sql, 1)
        event = AuditEvent(
            fid=1, chain="base-account", action="wallet.imported", access=ACCESS, address=ANOTHER
        )
        database.run(lambda one: trail.pending().append_many(one, [event]))

    import_again()
    log.store_base_account_address(1, BASE_ACCOUNT, access=ACCESS)
    assert verify(wallet_storage=storage)[0] == []
    plant(sql, "delete from wallets where (fid, chain) = (1, 'base-account')")
    assert verify(wallet_storage=storage)[0] == [(1, None, GONE)]
    import_again()
    assert verify(wallet_storage=storage)[0] == [(1, None, TWICE)]


def test_an_imported_trading_wallet_that_is_gone_is_named_while_others_move(
    log, database, verify, sql
):
    trail = AuditTrail(EncryptionService(Secret(SECRET)))
    (address,) = sql.execute(
        "select address from wallets where (fid, chain) = (2, 'ethereum')"
    ).fetchone()
    event = AuditEvent(
        fid=2, chain="ethereum", action="wallet.imported", access=ACCESS, address=address
    )
    database.run(lambda one: trail.pending().append_many(one, [event]))
    assert verify(wallet_storage="migrating")[0] == []
    plant(sql, "delete from wallets where fid = 2 and chain = 'ethereum'")
    gone = (2, None, "the trading wallet that was created is not in PostgreSQL")
    assert verify(wallet_storage="migrating")[0] == [gone]


def test_entries_about_a_trading_wallet_say_nothing_about_a_base_account(log, verify, sql):
    """Reading or refusing it neither: only what remembers an address is compared with it."""
    log.get_wallet_with_key(3, "base-account", access=ACCESS)
    log.refuse_key(3, "base-account", access=ACCESS)
    assert verify()[0] == []


@pytest.mark.parametrize(
    ("storage", "replaced", "removed"),
    [("postgres", [REPLACED], [GONE]), ("migrating", [REPLACED], []), ("filesystem", [], [])],
)
def test_base_account_addresses_are_compared_where_rows_are_in_use(
    log, verify, sql, storage, replaced, removed
):
    """With `filesystem`, a row is what was left behind, and entries are about files."""
    put_by_hand(sql, 3)
    assert verify(wallet_storage=storage)[0] == [(3, None, fault) for fault in replaced]
    plant(sql, "delete from wallets where (fid, chain) = (3, 'base-account')")
    assert verify(wallet_storage=storage)[0] == [(3, None, fault) for fault in removed]


@pytest.mark.parametrize("gone", [False, True])
def test_a_second_trading_wallet_of_one_user_is_named_wherever_it_is(
    log, database, verify, sql, gone
):
    event = AuditEvent(
        fid=2, chain="ethereum", action="wallet.created", access=ACCESS, address="0x" + "ab" * 20
    )
    trail = AuditTrail(EncryptionService(Secret(SECRET)))
    database.run(lambda one: trail.pending().append_many(one, [event]))
    if gone:
        plant(sql, "delete from wallets where fid = 2")
    faults = [(2, None, "more than one trading wallet was created")]
    if not gone:
        faults.append((2, None, "the trading wallet was created with another address"))
    assert verify(wallet_storage="migrating") == (faults, 21)


def test_the_making_of_a_wallet_file_may_be_told_after_its_import_under_the_next_secret(
    log, database, verify, sql
):
    first, second = (
        EncryptionService(Secret(secret), [Secret(SECRET)]) for secret in (SECRET, OTHER_SECRET)
    )
    SealingSecret(database, second).register()
    address = log.ensure_trading_wallet(60, access=ACCESS).address
    plant(sql, "delete from wallet_audit_log where fid = 60")
    plant(sql, "delete from wallet_audit_heads where fid = 60")
    for encryption, action in ((second, "wallet.imported"), (first, "wallet.created")):
        event = AuditEvent(fid=60, chain="ethereum", action=action, access=ACCESS, address=address)
        trail = AuditTrail(encryption)
        database.run(
            lambda one, trail=trail, event=event: trail.pending().append_many(one, [event])
        )
    sealed = "update wallets set key_id = %s, encrypted_private_key = repeat('0', 96)"
    sql.execute(f"{sealed} where fid = 60", [second.key_id])
    assert verify(OTHER_SECRET, SECRET) == ([], 22)


def test_what_was_written_under_every_earlier_secret_is_verified_with_the_last_one_alone(
    log, database, verify
):
    second = service(database, OTHER_SECRET, SECRET)
    third = service(database, A_THIRD, OTHER_SECRET, SECRET)
    for wallets in (second, third):
        wallets.refuse_key(1, "ethereum", access=ACCESS)
        wallets.ensure_trading_wallet(50 + id(wallets) % 1000, access=ACCESS)
    assert verify(A_THIRD) == ([], 24)
    assert verify(OTHER_SECRET)[0][0][2].startswith(
        "it was written with a secret that is not configured"
    )


def test_a_clock_that_went_back_does_not_hide_a_secret_from_the_one_behind_it(
    log, database, verify, sql
):
    second, third = (EncryptionService(Secret(text)).key_id for text in (OTHER_SECRET, A_THIRD))
    service(database, OTHER_SECRET, SECRET).refuse_key(1, "ethereum", access=ACCESS)
    later = "update encryption_keys set created_at = created_at + interval '1 hour'"
    plant(sql, f"{later} where key_id = '{second}'")
    service(database, A_THIRD, OTHER_SECRET, SECRET).refuse_key(1, "ethereum", access=ACCESS)
    succeeds = dict(sql.execute("select key_id, succeeds from encryption_keys").fetchall())
    assert succeeds[third] == second
    assert verify(A_THIRD) == ([], 22)


def checkpoint_of(verification):
    made = verification().take_checkpoint(lambda report: None)
    return Checkpoint.from_json(made.to_json())


def test_a_chain_that_was_put_back_to_an_earlier_state_differs_from_the_checkpoint(
    log, verification, verify, sql, monkeypatch
):
    """The one thing that macs cannot show: everything of an earlier moment, end and all."""
    earlier = sql.execute("select id, mac from wallet_audit_heads where fid = 3").fetchone()
    log.get_wallet_with_key(3, "ethereum", access=ACCESS)
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    checkpoint = checkpoint_of(verification)
    assert sum(checkpoint.entries) == 21
    assert verify(against=checkpoint) == ([], 21)
    log.get_wallet_with_key(4, "ethereum", access=ACCESS)
    assert verify(against=checkpoint) == ([], 22)

    plant(sql, "delete from wallet_audit_log where (fid, id) = (3, 5)")
    plant(sql, "update wallet_audit_heads set id = %s, mac = %s where fid = 3", earlier)
    assert verify() == ([], 21)
    [(fid, entry_id, fault)] = verify(against=checkpoint)[0]
    assert (fid, entry_id) == (None, None)
    assert "users whose FID modulo 256 is 3: 5 at the checkpoint, 4 now" in fault


def test_a_history_that_was_written_anew_with_the_secret_differs_from_the_checkpoint(
    log, database, verification, verify, sql, monkeypatch
):
    """As many entries, every mac and end right: only the checkpoint remembers others."""
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    checkpoint = checkpoint_of(verification)
    encryption = EncryptionService(Secret(SECRET))
    key = encryption.audit_keys[encryption.key_id]
    third, fourth = database.run(
        lambda connection: AuditCheckRepository(connection).list_page((3, 2), 2)
    )
    behind = AuditHead(
        fid=3,
        id=3,
        mac=key.head(fid=3, entry_id=3, entry=third.mac),
        now=fourth.created_at,
    )
    forged = chained(key, replace(fourth, actor="nobody"), behind)
    put = (
        "update wallet_audit_log set actor = 'nobody', mac_bytes = decode(%s, 'hex')"
        " where (fid, id) = (3, 4)"
    )
    plant(sql, put, [forged.entry.mac])
    plant(sql, "update wallet_audit_heads set mac = %s where fid = 3", [forged.head.mac])
    assert verify() == ([], 20)
    [(_, _, fault)] = verify(against=checkpoint)[0]
    assert "users whose FID modulo 256 is 3: 4 at the checkpoint, 4 now" in fault


def test_what_is_appended_while_the_log_is_verified_is_no_fault(log, verify, monkeypatch):
    """All is looked at as of one moment: entries, and where they should end."""
    list_page = AuditCheckRepository.list_page
    pages = []

    def followed_by_an_entry(self, after, size):
        page = list_page(self, after, size)
        pages.append(page)
        log.get_wallet_with_key(2, "ethereum", access=ACCESS)
        return page

    monkeypatch.setattr(AuditCheckRepository, "list_page", followed_by_an_entry)
    assert verify() == ([], 20)
    assert pages


def test_a_checkpoint_says_nothing_of_the_last_two_minutes(log, verification):
    """What was begun by then may still be committed."""
    assert sum(checkpoint_of(verification).entries) == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"version": 1, "until": "2026-01-01", "entries": [], "digests": []}'],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(ValueError, match=r"it is not a checkpoint|Expecting value"):
        Checkpoint.from_json(text)
