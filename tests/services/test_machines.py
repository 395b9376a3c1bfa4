"""A machine of a Citus cluster that is silent holds half of the threads at most.

Stand-ins for Citus' catalog put every user on one of two machines.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

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
WAIT = 1.5


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


def query_user(database, fid, seconds=0.0):
    """Ask about a user; return whether there was an answer, and after how long."""
    began = time.monotonic()
    query = "select pg_sleep(%(seconds)s), %(fid)s::bigint"
    try:
        database.run(lambda held: held.execute(query, {"fid": fid, "seconds": seconds}).fetchall())
    except DatabaseUnavailable:
        return False, time.monotonic() - began
    return True, time.monotonic() - began


def wait_for(database, fids, threads):
    """Have a thread wait for each of these users, until that is long."""
    asked = [threads.submit(query_user, database, fid, WAIT) for fid in fids]
    time.sleep(0.8)
    return asked


def test_the_hash_equals_that_of_postgresql(sql):
    fids = [1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1]
    fids += [random.randrange(1, 2 ** random.randrange(1, 64)) for _ in range(5000)]
    rows = sql.execute("select fid, hashint8(fid) from unnest(%s::bigint[]) as fid", [fids])
    assert [row for row in rows if hash_of(row[0]) != row[1]] == []


def test_a_silent_machine_holds_at_most_half_of_the_connections(sql, four):
    sql.execute(CATALOG)
    database = four()
    refused = metrics.POOL_REFUSALS.labels("primary")
    with ThreadPoolExecutor(4) as threads:
        asked = wait_for(database, SILENT[:2], threads)
        before = refused._value.get()
        answered, seconds = query_user(database, SILENT[2])
        assert not answered
        assert seconds < 0.3
        assert refused._value.get() == before + 1
        for fid in SOUND[:10]:
            answered, seconds = query_user(database, fid)
            assert answered
            assert seconds < 0.3
        assert all(one.result()[0] for one in asked)
    # It is not silent any more.
    assert query_user(database, SILENT[2])[0]


def test_the_cap_holds_at_once_after_a_slow_answer_and_ends_with_a_quick_one(sql, four):
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(2) as threads:
        assert all(one.result()[0] for one in wait_for(database, SILENT[:2], threads))
    for answered in (2, 4):
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(query_user, database, fid, 0.3) for fid in SILENT[:4]]
            assert sum(one.result()[0] for one in asked) == answered


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
        locked = threads.submit(query_user, database, SILENT[0], WAIT)
        others = threads.map(lambda fid: query_user(database, fid, 0.05), SILENT[1:] * 2)
        assert all(answered for answered, _ in others)
        assert locked.result()[0]
        # Nor does the end of that wait.
        others = threads.map(lambda fid: query_user(database, fid, 0.1), SILENT[1:5])
        assert all(answered for answered, _ in others)


def test_one_user_who_waits_for_locks_does_not_make_the_machine_slow_for_a_rare_other(sql, four):
    """Although no other request has had a quick response recently."""
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(2) as threads:
        asked = wait_for(database, [SILENT[0]] * 2, threads)
        assert query_user(database, SILENT[1])[0]
        assert all(one.result()[0] for one in asked)
    assert query_user(database, SILENT[1])[0]


def test_one_user_of_a_silent_machine_holds_half_of_the_connections(sql, four):
    """Whether the machine is silent or the user waits for a lock: the others are answered."""
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(2) as threads:
        asked = wait_for(database, [SILENT[0]] * 2, threads)
        answered, seconds = query_user(database, SILENT[0])
        assert not answered
        assert seconds < 0.3
        assert all(query_user(database, fid)[0] for fid in SOUND[:10])
        assert all(one.result()[0] for one in asked)
    assert query_user(database, SILENT[0])[0]


def test_a_refusal_inside_a_transaction_leaves_nothing(sql, four):
    sql.execute(CATALOG)
    database = four()

    def write(connection):
        connection.execute("begin")
        connection.execute("create table left_behind (id int)")
        connection.execute("select %(fid)s::bigint", {"fid": SILENT[2]})

    with ThreadPoolExecutor(4) as threads:
        wait_for(database, SILENT[:2], threads)
        with pytest.raises(DatabaseUnavailable):
            database.run(write)
    assert sql.execute("select to_regclass('left_behind')").fetchone() == (None,)


def test_a_single_server_has_no_limit_per_machine(four):
    database = four()
    with ThreadPoolExecutor(4) as threads:
        wait_for(database, SILENT[:3], threads)
        assert query_user(database, SILENT[3])[0]


def test_statements_about_many_users_are_not_counted(sql, four):
    sql.execute(CATALOG)
    database = four()
    with ThreadPoolExecutor(4) as threads:
        wait_for(database, SILENT[:2], threads)
        query = "select %(fid)s::bigint[]"
        database.run(lambda held: held.execute(query, {"fid": SILENT}).fetchall())
