"""A machine of a Citus cluster that is silent holds half of the threads at most.

Stand-ins for Citus' catalog put every user on one of two machines.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.commands import wait_until
from tests.races import race
from wallet_api import metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database.machines import hash_of
from wallet_api.errors import DatabaseUnavailable

pytestmark = pytest.mark.slow

CATALOG = """
create table pg_dist_partition (logicalrelid regclass, partmethod text);
create table pg_dist_shard (logicalrelid regclass, shardid bigint, shardminvalue text);
create table pg_dist_placement (shardid bigint, groupid integer);
insert into pg_dist_partition values
('wallets', 'h'), ('deposits', 'h'), ('encryption_keys', 'n');
insert into pg_dist_shard values
('wallets', 1, '-2147483648'), ('wallets', 2, '0'),
('deposits', 3, '-2147483648'), ('deposits', 4, '0'), ('encryption_keys', 5, null);
insert into pg_dist_placement values (1, 1), (2, 2), (3, 1), (4, 2), (5, 1), (5, 2);
"""
# Where their hashes are below 0, and where they are not.
SILENT = [fid for fid in range(1, 100) if hash_of(fid) < 0]
SOUND = [fid for fid in range(1, 100) if hash_of(fid) >= 0]
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


@pytest.fixture
def four(database_url):
    """Open a pool of four connections when it is called."""
    pools = []

    def build():
        pools.append(Database(Secret(database_url), min_size=4, max_size=4, timeout_seconds=5))
        pools[0].open()
        return pools[0]

    yield build
    for pool in pools:
        pool.close()


def query_user(database, fid, seconds=0.0, wait="pg_sleep(%(seconds)s)"):
    """Ask about a user; return whether there was an answer, and after how long."""
    began = time.monotonic()
    query = f"select {wait}, %(fid)s::bigint"
    try:
        database.run(lambda held: held.execute(query, {"fid": fid, "seconds": seconds}).fetchall())
    except DatabaseUnavailable:
        return False, time.monotonic() - began
    return True, time.monotonic() - began


@pytest.fixture
def silence(sql):
    """Let statements about users go unanswered: with silence(database, fids): …"""

    @contextmanager
    def unanswered(database, fids):
        """Run the block when that has lasted for long. At its end, all must be answered."""
        wait = "pg_advisory_xact_lock_shared(1)"
        sql.execute("select pg_advisory_lock(1)")
        with ThreadPoolExecutor(len(fids)) as threads:
            asked = [threads.submit(query_user, database, fid, wait=wait) for fid in fids]
            try:
                wait_until(lambda: sql.execute(WAITING).fetchone() == (len(fids),))
                time.sleep(0.6)
                yield
            finally:
                sql.execute("select pg_advisory_unlock(1)")
            assert all(one.result()[0] for one in asked)

    return unanswered


def test_the_hash_equals_that_of_postgresql(sql):
    fids = [1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1]
    fids += [random.randrange(1, 2 ** random.randrange(1, 64)) for _ in range(5000)]
    rows = sql.execute("select fid, hashint8(fid) from unnest(%s::bigint[]) as fid", [fids])
    assert [row for row in rows if hash_of(row[0]) != row[1]] == []


def assert_quick(database, fids, *, answered):
    """Check that a query about each user is answered, or refused, and quickly."""
    found = [query_user(database, fid) for fid in fids]
    assert {was for was, _ in found} == {answered}
    assert max(seconds for _, seconds in found) < 0.3


def test_a_silent_machine_holds_at_most_half_of_the_connections(sql, four, silence):
    sql.execute(CATALOG)
    database = four()
    refused = metrics.POOL_REFUSALS.labels("primary")
    with silence(database, SILENT[:2]):
        before = refused._value.get()
        assert_quick(database, SILENT[2:5], answered=False)
        assert refused._value.get() == before + 3
        assert_quick(database, SOUND[:10], answered=True)
    # It is not silent any more.
    assert query_user(database, SILENT[2])[0]


def test_the_cap_holds_at_once_after_a_slow_answer_and_ends_with_a_quick_one(sql, four, silence):
    sql.execute(CATALOG)
    database = four()
    with silence(database, SILENT[:2]):
        pass
    for answered in (2, 4):
        found = race(lambda fid: query_user(database, fid, 0.2), SILENT[:4])
        assert sum(was for was, _ in found) == answered


def test_a_machine_that_answers_may_have_every_connection(sql, four):
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(4) as threads:
        assert all(
            answered
            for answered, _ in threads.map(lambda fid: query_user(database, fid), SILENT * 5)
        )


def test_a_user_who_waits_for_a_lock_does_not_make_the_machine_slow_for_the_others(sql, four):
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(4) as threads:
        locked = threads.submit(query_user, database, SILENT[0], 1.5)
        others = threads.map(lambda fid: query_user(database, fid, 0.05), SILENT[1:] * 2)
        assert all(answered for answered, _ in others)
        assert locked.result()[0]
        # Nor does the end of that wait.
        others = threads.map(lambda fid: query_user(database, fid, 0.1), SILENT[1:5])
        assert all(answered for answered, _ in others)


def test_one_user_who_waits_for_locks_does_not_make_the_machine_slow_for_a_rare_other(
    sql, four, silence
):
    """Although no other request has had a quick response recently."""
    sql.execute(CATALOG)
    database = four()
    with silence(database, [SILENT[0]] * 2):
        assert query_user(database, SILENT[1])[0]
    assert query_user(database, SILENT[1])[0]


def test_one_user_of_a_silent_machine_holds_half_of_the_connections(sql, four, silence):
    """Whether the machine is silent or the user waits for a lock: the others are answered."""
    sql.execute(CATALOG)
    database = four()
    with silence(database, [SILENT[0]] * 2):
        assert_quick(database, [SILENT[0]] * 3, answered=False)
        assert all(query_user(database, fid)[0] for fid in SOUND[:10])
    assert query_user(database, SILENT[0])[0]


def test_a_refusal_inside_a_transaction_leaves_nothing(sql, four, silence):
    sql.execute(CATALOG)
    database = four()

    def write(connection):
        connection.execute("begin")
        connection.execute("create table left_behind (id int)")
        connection.execute("select %(fid)s::bigint", {"fid": SILENT[2]})

    with silence(database, SILENT[:2]), pytest.raises(DatabaseUnavailable):
        database.run(write)
    assert sql.execute("select to_regclass('left_behind')").fetchone() == (None,)


def test_a_single_server_has_no_limit_per_machine(four, silence):
    database = four()
    with silence(database, SILENT[:3]):
        assert query_user(database, SILENT[3])[0]


def test_statements_about_many_users_are_not_counted(sql, four, silence):
    sql.execute(CATALOG)
    database = four()
    with silence(database, SILENT[:2]):
        query = "select %(fid)s::bigint[]"
        database.run(lambda held: held.execute(query, {"fid": SILENT}).fetchall())
