"""Limits of policies under concurrency: what is signed never exceeds a window by one unit."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from tests.factories import ACCESS, FID, service
from tests.policies import (
    CLIENT,
    EVERYTHING,
    FEES,
    OPERATOR,
    USDC,
    payments,
    permit,
    policies_of,
    transfer,
)
from tests.races import race
from tests.signing import CHAIN_ID
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.errors import DatabaseUnavailable, PolicyRefused, PreconditionFailed
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.services.signing.signatures import SigningService

DAY = 86_400
FAR = 4_000_000_000


@pytest.fixture
def crowded(database_url):
    """A pool for many threads, of which only a few have a connection at a time."""
    with Database(Secret(database_url), min_size=1, max_size=8, timeout_seconds=20) as database:
        yield database


@pytest.fixture
def policies(crowded):
    return policies_of(crowded)


@pytest.fixture
def crowd(crowded):
    """Let threads sign payments of random amounts: crowd(wallets, threads, requests, largest)."""
    wallets = service(crowded)
    signing = SigningService(wallets)

    def pay(fid, amount, owner, by_permit):
        if by_permit:
            read = read_typed_data(permit(owner, amount, FAR), chain_id=CHAIN_ID)
            signing.sign_typed_data(
                fid,
                read,
                chain_id=CHAIN_ID,
                address=None,
                method="eth_signTypedData_v4",
                access=CLIENT,
            )
        else:
            signing.sign_transaction(
                fid,
                transfer(amount),
                chain_id=CHAIN_ID,
                method="eth_signTransaction",
                access=CLIENT,
            )

    def run(fids, threads, requests, largest):
        """Return the amounts that were signed, by wallet."""
        owners = {fid: wallets.ensure_trading_wallet(fid, access=ACCESS).address for fid in fids}

        def work(number):
            draw, signed, refused = random.Random(number), [], set()
            for _ in range(requests):
                fid, amount = draw.choice(fids), draw.randint(1, largest)
                try:
                    pay(fid, amount, owners[fid], draw.random() < 0.5)
                    signed.append((fid, amount))
                except PolicyRefused as refusal:
                    refused.add(refusal.reason)
                except DatabaseUnavailable:
                    # It waited too long, for a connection or a lock, and nothing was written.
                    continue
            assert refused <= {"window"}
            return signed

        with ThreadPoolExecutor(threads) as pool:
            found = [one for signed in pool.map(work, range(threads)) for one in signed]
        return {fid: [amount for whose, amount in found if whose == fid] for fid in fids}

    return run


def spent(sql, fid):
    """Return what the wallet spent in USDC, and in how many signatures."""
    return sql.execute(
        "select coalesce(sum(amount), 0)::bigint, count(*)::int from wallet_spends"
        " where fid = %s and asset = %s",
        [fid, USDC],
    ).fetchone()


@pytest.mark.parametrize(
    ("threads", "requests"),
    [
        pytest.param(30, 10),
        pytest.param(100, 200, marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
)
def test_a_window_is_used_up_and_never_exceeded_by_one_unit(
    policies, crowd, sql, capsys, threads, requests
):
    """Its sum is read in the transaction that signs, again in each attempt.

    Each of three things is enough for that: the lock of the chain's head, the lock of the account,
    and the primary key of the log. Without both locks this test takes ten times as long, because
    the key rejects most attempts, and passes. It fails if the sums are read before the transaction,
    or if they are kept for its next attempt and the locks are gone.
    """
    largest = 1000
    limit = threads * requests * largest // 20
    policies.put_service(payments((DAY, limit)), FEES)
    began = time.monotonic()
    (signed,) = crowd([FID], threads, requests, largest).values()
    seconds = time.monotonic() - began
    assert limit - largest < sum(signed) <= limit
    assert spent(sql, FID) == (sum(signed), len(signed))
    with capsys.disabled():
        print(
            f"\n  {threads} threads, {threads * requests} requests in {seconds:.0f} s:"
            f" {len(signed)} signed, {sum(signed)} of {limit} units"
        )


def test_each_of_two_wallets_has_its_own_window(policies, crowd, sql):
    policies.put_service(payments((DAY, 20_000)), FEES)
    for fid, signed in crowd([FID, FID + 1], 20, 10, 1000).items():
        assert 19_000 < sum(signed) <= 20_000
        assert spent(sql, fid) == (sum(signed), len(signed))


def test_a_wallet_whose_locks_are_held_does_not_delay_another_one(
    policies, crowded, database_url, capsys
):
    fids = [FID, FID + 1]
    wallets = service(crowded)
    for fid in fids:
        wallets.ensure_trading_wallet(fid, access=ACCESS)
    policies.put_service(payments((DAY, 1000)), FEES)
    signing = SigningService(wallets)

    def pay(fid):
        began = time.perf_counter()
        signing.sign_transaction(
            fid, transfer(1), chain_id=CHAIN_ID, method="eth_signTransaction", access=CLIENT
        )
        return time.perf_counter() - began

    for fid in fids * 5:
        pay(fid)
    free = sorted(pay(FID + 1) for _ in range(20))[10]
    with psycopg.connect(database_url) as holding:
        for table in ("wallet_audit_heads", "signing_accounts"):
            holding.execute(f"select from {table} where fid = %s for update", [FID])
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(pay, FID)
            beside = sorted(pay(FID + 1) for _ in range(20))[10]
            assert not waiting.done()
            holding.commit()
            waiting.result(10)
    with capsys.disabled():
        print(f"\n  one signature: {1000 * free:.1f} ms; beside a held wallet {1000 * beside:.1f}")
    assert beside < 3 * free + 0.05


def test_of_many_new_versions_each_has_a_number_of_its_own(policies, sql):
    policy = policies.create(EVERYTHING)
    race(lambda n: policies.change(policy, payments(max_amount=str(n)), FEES), range(12))
    found = sql.execute("select version from policies order by version").fetchall()
    assert [version for (version,) in found] == list(range(1, 14))
    told = sql.execute(
        "select details -> 'old' ->> 'version', details -> 'new' ->> 'version'"
        " from wallet_audit_log where fid = 0 order by id"
    ).fetchall()
    assert told == [(None, "1"), *((str(n), str(n + 1)) for n in range(1, 13))]


def test_of_many_changes_of_one_version_only_one_is_made(policies):
    policy = policies.create(EVERYTHING)

    def change(number):
        rule = payments(max_amount=str(number))
        try:
            return policies.change(policy, rule, expected=1).version
        except PreconditionFailed:
            return None

    made = race(change, range(12))
    assert sorted(version for version in made if version) == [2]


def test_of_many_first_assignments_of_a_wallet_each_is_recorded(policies, sql):
    """The user has no chain yet, so that there is no head to lock."""
    chosen = [policies.create(EVERYTHING, name=f"policy {n}") for n in range(6)]
    assign = policies.assignments.assign_to_wallet
    race(lambda policy: assign(FID, policy, access=OPERATOR), chosen)
    versions = sql.execute("select version from wallet_policies order by version").fetchall()
    assert [version for (version,) in versions] == [1, 2, 3, 4, 5, 6]
    chain = sql.execute(
        "select details -> 'old' ->> 'policy', details -> 'new' ->> 'policy'"
        " from wallet_audit_log where fid = %s order by id",
        [FID],
    ).fetchall()
    olds, news = zip(*chain, strict=True)
    assert olds == (None, *news[:-1])
    in_force = policies.assignments.get_of_wallet(FID)
    assert (in_force.version, str(in_force.policy.id)) == (6, news[-1])


def test_of_many_sets_of_rules_of_a_user_the_last_one_counts(policies, sql):
    access = replace(ACCESS, actor=f"user:{FID}")

    def limit(number):
        return policies.put_user(payments(max_amount=str(number)))

    made = race(limit, range(12))
    assert sorted(row.version for row in made) == list(range(1, 13))
    assert policies.assignments.get_of_user(FID).version == 12
    policies.assignments.remove_of_user(FID, access=access)
    (count,) = sql.execute("select count(*) from wallet_audit_log").fetchone()
    assert count == 13
