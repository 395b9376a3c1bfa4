"""What a signature reads, in a database of a million users.

Takes minutes. `pytest -m long tests/sql/test_million_signatures.py --write` writes the plans anew.
"""

import json
import re

import psycopg
import pytest

from tests.sql.crowds import PLANS, settled
from tests.sql.queries import describe, numbered, queries, subject_of
from wallet_api.crypto.secret import Secret
from wallet_api.services import migrations

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

USERS, SPENDS = 1_000_000, 100_000
BUSY_FID = USERS // 2
SIGNATURE_PLANS = PLANS.with_name("signatures.txt")
USDC = "0x" + "83" * 20
# The spends of the busy user lie between those of others, as on a busy service.
FILL = f"""
insert into encryption_keys (key_id) values (repeat('ef', 8));
insert into active_encryption_keys (key_id) values (repeat('ef', 8));
insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id)
select n, 'ethereum', 'trading', '0x' || lpad(to_hex(n), 40, '0'), repeat('ab', 48),
    repeat('cd', 12), 'aes-256-gcm', repeat('ef', 8)
from generate_series(1, {USERS}) as n;
insert into wallet_audit_heads (fid, id, mac)
select n, 2, repeat('ab', 32) from generate_series(1, {USERS}) as n;
insert into wallet_audit_log (fid, id, chain, action, actor, request_id, details)
select n, 2, 'ethereum', 'message.signed', 'client:engine', 'request',
    case n % 2 when 0 then format('{{"idempotency_key":"key-%s","chain_id":8453}}', n)::json end
from generate_series(1, {USERS}) as n;
insert into wallet_audit_log (fid, id, chain, action, actor, request_id, details)
select {BUSY_FID}, n, 'ethereum', 'message.signed', 'client:engine', 'request',
    format('{{"idempotency_key":"key-%s","chain_id":8453}}', n)::json
from generate_series(3, 50000) as n;
insert into policies (id, version, name, rules, created_at, created_by)
select lpad(to_hex(n / 4), 32, '0')::uuid, n % 4 + 1, 'policy', '[]', now() - n * interval '1 s',
    'cli:operator'
from generate_series(0, 39999) as n;
insert into service_policies (version, created_by)
select n, 'cli:operator' from generate_series(1, 1000) as n;
insert into wallet_policies (fid, version, policy_id, created_by)
select n, 1, lpad(to_hex(n % 10000), 32, '0')::uuid, 'cli:operator'
from generate_series(1, {USERS}) as n;
insert into user_policies (fid, version, rules)
select n, 1, '[]' from generate_series(1, {USERS}, 2) as n;
insert into signing_accounts (fid, chain_id)
select n, 8453 from generate_series(1, {USERS}) as n;
insert into wallet_spends (fid, id, chain_id, asset, kind, counterparty, amount, audit_id,
    created_at, valid_until)
select case n % 10 when 0 then {BUSY_FID} else n end, gen_random_uuid(), 8453, '{USDC}',
    'token_transfer', '0x' || repeat('33', 20), 1, n, now() - n * interval '80 ms',
    now() - n * interval '80 ms'
from generate_series(1, 10 * {SPENDS}) as n;
vacuum (analyze);
"""
WINDOW = {
    "place": 0,
    "chain_id": 8453,
    "asset": USDC,
    "seconds": 86_400,
    "kinds": ["allowance", "token_transfer"],
    "counterparties": None,
}
each_mode = pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])


@pytest.fixture(scope="module")
def million(server):
    """Yield a connection to a database of a million users, filled by SQL: no key is valid."""
    server.create_database("signatures")
    migrations.upgrade(Secret(server.url("signatures")))
    url = server.url("signatures")
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for statement in FILL.strip().split(";\n"):
            connection.execute(statement)
        yield connection


def explain(sql, file, name, values, mode):
    """Return the plan of a query that was run, and how many pages it read."""
    sql.execute("deallocate all")
    sql.execute(f"set plan_cache_mode = {mode}")
    sql.pgconn.prepare(b"asked", numbered(queries(file)[name]).encode())
    rows = sql.execute(f"explain (analyze, buffers, costs off) execute asked ({values})").fetchall()
    plan = "\n".join(line for (line,) in rows)
    print(f"\n{name}, {mode}\n{plan}")
    top = re.search(r"^  Buffers: (.*)", plan, re.MULTILINE)
    return plan, sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", top[1]))


def test_every_plan_equals_its_snapshot(million, request):
    million.execute("set plan_cache_mode = force_generic_plan")
    asked = [
        (file, query)
        for file in ("policies", "policy_assignments", "spends", "wallets/rows", "audit/entries")
        for name, query in queries(file).items()
        if file not in ("wallets/rows", "audit/entries") or "with_head" in name or "sign" in name
    ]
    found = "\n\n".join(f"{subject_of(file)}.{describe(million, query)}" for file, query in asked)
    if request.config.getoption("--write"):
        SIGNATURE_PLANS.write_text(found + "\n")
    assert settled(found) == settled(SIGNATURE_PLANS.read_text().rstrip())
    assert "Seq Scan" not in found


@each_mode
@pytest.mark.parametrize(
    ("file", "name", "values", "most"),
    [
        ("audit/entries", "get_signature", f"{BUSY_FID}, 'key-25000', 'client:engine'", 10),
        ("wallets/rows", "lock_with_head", f"{BUSY_FID}, 'ethereum'", 20),
        ("wallets/rows", "get_with_head", f"{BUSY_FID}, 'ethereum'", 20),
        ("wallets/rows", "list_with_head", f"{BUSY_FID}", 20),
        ("policies", "list_layers", f"{BUSY_FID}", 40),
        ("spends", "lock_account", f"{BUSY_FID}, 8453", 20),
    ],
)
def test_a_signature_reads_few_pages(million, mode, file, name, values, most):
    with million.transaction(force_rollback=True):
        plan, read = explain(million, file, name, values, mode)
    assert "Seq Scan" not in plan
    assert read <= most


@each_mode
def test_a_deep_window_reads_one_row_for_each_spend(million, mode):
    values = f"{BUSY_FID}, '{json.dumps([WINDOW])}', now()"
    plan, read = explain(million, "spends", "sum_windows", values, mode)
    assert "idx_wallet_spends_by_asset_with_amounts" in plan
    assert f"rows={SPENDS}" in plan.replace(".00", "")
    # A page of the table and one of the index for each, at most.
    assert read <= 2 * SPENDS + 100
