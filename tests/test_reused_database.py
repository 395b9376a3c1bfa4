"""The database that tests share: no test sees what an earlier one left."""

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT, DEPOSIT_ID, FID
from tests.reused_database import ReusedDatabase

ROWS = {
    "a deposit": "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id)"
    f" values ({FID}, '{DEPOSIT_ID}', 'ETH', 1, '{BASE_ACCOUNT}', '{BASE_ACCOUNT}', 8453)",
    "an id": "select nextval('wallets_id_seq')",
}
MORE = {
    "a constraint": "alter table wallets add constraint refused check (false) not valid",
    "a column": "alter table wallets add column extra text",
    "a dropped column": "alter table deposits drop column to_address cascade",
    "a dropped default": "alter table deposits alter status drop default",
    "an index": "create index extra on wallets (created_at)",
    "a dropped trigger": "drop trigger wallet_audit_log_is_never_changed on wallet_audit_log",
    "a disabled trigger": "alter table wallets disable trigger all",
    "a function": "create function extra() returns int language sql as 'select 1'",
    "another table": "create table extra (id int)",
    "another schema": "create schema extra",
    "a table that is gone": "drop table schema_migrations",
    "a privilege": "grant select on wallets to public",
    "a privilege on the database": "do $$ begin execute format("
    "'grant create on database %I to public', current_database()); end $$",
    "a setting": "do $$ begin execute format("
    "'alter database %I set work_mem = ''1MB''', current_database()); end $$",
    "a migration": "delete from schema_migrations where version = '0002'",
    "statistics": "insert into schema_migrations select '1' || version from schema_migrations;"
    " analyze schema_migrations",
    "a default privilege": "alter default privileges grant select on tables to public",
}


@pytest.fixture
def shared(clone):
    database = ReusedDatabase(clone, name="reused")
    yield database
    database.close()


def oid(url):
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select oid from pg_database where datname = current_database()"
        ).fetchone()


@pytest.mark.parametrize("left", ROWS)
def test_rows_and_ids_are_removed(shared, left):
    url = shared.take()
    before = oid(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ROWS[left])
    shared.give_back()
    assert oid(shared.take()) == before
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from deposits").fetchone() == (0,)
        assert connection.execute("select nextval('wallets_id_seq')").fetchone() == (1,)


@pytest.mark.parametrize("left", MORE)
def test_a_database_with_another_change_is_replaced(shared, left):
    url = shared.take()
    before = oid(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MORE[left])
    shared.give_back()
    assert oid(shared.take()) != before


def test_sessions_and_their_locks_end_with_the_test(shared):
    url = shared.take()
    before = oid(url)
    with psycopg.connect(url) as left:
        left.execute("lock table wallets")
        left.execute("select pg_advisory_lock(1)")
        shared.give_back()
        with pytest.raises(psycopg.OperationalError):
            left.execute("select 1")
    assert oid(shared.take()) == before


def test_a_database_that_is_gone_is_replaced(shared, server):
    shared.take()
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute("drop database reused with (force)")
        admin.execute("create database reused")
    shared.give_back()
    assert oid(shared.take())
