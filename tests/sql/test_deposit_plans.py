"""The plans of queries on deposits while each user has one, so that fid looks unique."""

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT
from tests.sql.queries import describe, queries

ONE_EACH = """
insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id, idempotency_key,
    request_hash, created_at)
select n, gen_random_uuid(), 'USDC', n, %(address)s, %(address)s, 8453, gen_random_uuid()::text,
    repeat('ab', 32), now() - n * interval '1 second'
from generate_series(1, 20000) as n
"""
INDEXES = {
    "get_by_idempotency_key": "deposits_idempotency_key_is_used_once",
    "list_by_user": "Index Scan Backward using idx_deposits_by_user",
    "find": "idx_deposits_by_id",
}


@pytest.fixture(scope="module")
def one_each(clone):
    with clone("one_each") as url, psycopg.connect(url, autocommit=True) as sql:
        sql.prepare_threshold = None
        sql.execute(ONE_EACH, {"address": BASE_ACCOUNT})
        sql.execute("vacuum analyze deposits")
        yield sql


@pytest.mark.parametrize("name", INDEXES)
def test_a_user_with_many_deposits_costs_no_more_than_one_with_few(one_each, name):
    """An index on fid alone would be as cheap in the eyes of PostgreSQL, and read all of them."""
    one_each.execute("set plan_cache_mode = force_generic_plan")
    plan = describe(one_each, queries("deposits")[name])
    assert INDEXES[name] in plan
    assert "Sort" not in plan
