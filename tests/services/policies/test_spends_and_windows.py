"""What signatures spend, and the windows that count it."""

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from tests.database import plant
from tests.factories import ACCESS, FID
from tests.policies import (
    CLIENT,
    EVERYTHING,
    FEES,
    RECIPIENT,
    SPENDER,
    USDC,
    payments,
    transfer,
)
from tests.services.policies.outcomes import (
    DAY,
    UNRESTRICTED,
    details,
    refusal,
    sign_message,
    spends,
)
from tests.signing import CHAIN_ID


def test_a_signature_leaves_what_it_spends_also_without_a_window(pay, allow, signing, sql):
    pay(5, access=UNRESTRICTED)
    allow(7, 4_000_000_000, access=UNRESTRICTED)
    sign_message(signing, access=UNRESTRICTED)
    assert spends(sql) == [
        ("native", "network_fee", None, 100_000 * 2_000_000_000),
        (USDC, "token_transfer", RECIPIENT, 5),
        (USDC, "allowance", SPENDER, 7),
    ]
    found = sql.execute(
        "select spend.created_at - entry.created_at between '0' and '1 s' and spend.valid_until ="
        "   case kind when 'allowance' then to_timestamp(4000000000) else spend.created_at end"
        " from wallet_spends as spend inner join wallet_audit_log as entry"
        "   on spend.fid = entry.fid and spend.audit_id = entry.id"
    ).fetchall()
    assert found == [(True,)] * 3
    assert sql.execute("select fid, chain_id from signing_accounts").fetchall() == [(FID, CHAIN_ID)]


@pytest.mark.parametrize("deadline", [253_402_300_800, 2**63, 2**256 - 1])
def test_a_deadline_that_no_calendar_has_is_the_end_of_the_year_9999(allow, sql, deadline):
    allow(7, deadline, access=UNRESTRICTED)
    sql.execute("set timezone = 'UTC'")
    assert spends(sql, "valid_until") == [(datetime.max.replace(tzinfo=UTC),)]


def test_a_deadline_that_has_passed_counts_like_a_payment_now(policies, allow, sql):
    policies.put_wallet(payments((DAY, 10)))
    allow(7, 1)
    assert spends(sql, "valid_until = created_at") == [(True,)]
    assert refusal(lambda: allow(7, 1)).reason == "window"


def test_a_fee_that_no_account_could_pay_is_recorded(signing, address, sql):
    costly = transfer(0) | {"gas": hex(2**64 - 1), "maxFeePerGas": hex(2**256 - 1)}
    signing.sign_transaction(
        FID, costly, chain_id=CHAIN_ID, method="eth_signTransaction", access=UNRESTRICTED
    )
    assert spends(sql, "kind, amount") == [("network_fee", 2**256 - 1)]


def test_a_window_counts_what_was_signed_before_it_existed(policies, pay):
    pay(60, access=UNRESTRICTED)
    policies.put_wallet(payments((DAY, 100)), FEES)
    assert refusal(lambda: pay(41)).reason == "window"
    pay(40)
    assert refusal(lambda: pay(1)).reason == "window"


def test_a_window_counts_what_other_clients_and_versions_allowed(policies, pay):
    policy = policies.put_wallet(payments((DAY, 100)), FEES)
    pay(60)
    policies.change(policy, payments((DAY, 80)), FEES)
    other = replace(policies.put_client(EVERYTHING), actor="client:other")
    pay(20, access=other)
    assert refusal(lambda: pay(1)).version == 2


def test_a_window_counts_one_asset_on_one_chain_and_one_wallet(policies, wallets, signing, pay):
    other = FID + 1
    wallets.ensure_trading_wallet(other, access=ACCESS)
    service = payments((DAY, 100), chain_ids=[CHAIN_ID, 1])
    policies.put_service(service, EVERYTHING | {"tokens": ["0x" + "44" * 20]}, FEES)
    pay(100)
    pay(100, fid=other)
    pay(100, token="0x" + "44" * 20)
    signing.sign_transaction(
        FID, transfer(100), chain_id=1, method="eth_signTransaction", access=CLIENT
    )
    assert refusal(lambda: pay(1)).reason == "window"


def test_fees_count_as_an_outflow_of_the_native_asset(policies, pay):
    fee = 100_000 * 2_000_000_000
    limit = {
        "id": "fees",
        "effect": "allow",
        "kinds": ["network_fee", "native_transfer"],
        "tokens": ["native"],
        "chain_ids": [CHAIN_ID],
        "windows": [{"seconds": DAY, "max_amount": str(2 * fee)}],
    }
    policies.put_wallet(payments(), limit)
    pay(1)
    pay(1)
    refused = refusal(lambda: pay(1))
    assert (refused.reason, refused.rule) == ("window", "fees")


def age(sql, seconds):
    """Make every spend older."""
    plant(
        sql,
        "update wallet_spends set created_at = created_at - make_interval(secs => %s),"
        " valid_until = valid_until - make_interval(secs => %s)",
        [seconds, seconds],
    )


def test_a_payment_leaves_a_window_after_its_length_to_the_second(policies, pay, sql):
    policies.put_wallet(payments((100, 10)), FEES)
    pay(10)
    age(sql, 90)
    assert refusal(lambda: pay(1)).reason == "window"
    age(sql, 10)
    pay(10)


def test_a_permit_counts_until_its_deadline_and_the_length_of_the_window(policies, allow, sql):
    policies.put_wallet(payments((100, 10)))
    soon = int(datetime.now(UTC).timestamp()) + 50
    allow(10, soon)
    for seconds in (110, 30):
        age(sql, seconds)
        assert refusal(lambda: allow(1, soon)).reason == "window"
    age(sql, 11)
    allow(10, soon)


def test_a_permit_without_an_end_counts_permanently(policies, allow, sql):
    policies.put_wallet(payments((1, 10)))
    allow(10, 2**256 - 1)
    plant(sql, "update wallet_spends set created_at = created_at - interval '30 years'")
    assert refusal(lambda: allow(1, 2**256 - 1)).reason == "window"


def test_the_transfer_of_another_owner_is_not_a_spend(policies, signing, address, sql):
    data = "0x23b872dd" + ("00" * 12 + "44" * 20) + ("00" * 12 + address[2:]) + f"{5:064x}"
    signing.sign_transaction(
        FID,
        transfer(0) | {"data": data},
        chain_id=CHAIN_ID,
        method="eth_signTransaction",
        access=UNRESTRICTED,
    )
    assert spends(sql, "kind") == [("network_fee",)]


def test_no_spend_without_its_entry_and_no_entry_without_its_spend(policies, pay, sql):
    policies.put_wallet(payments((DAY, 10)), FEES)
    sql.execute(
        "alter table wallet_spends add constraint disk_is_full check (amount < 5) not valid"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        pay(5)
    assert (spends(sql), details(sql, "transaction.signed")) == ([], [])
    sql.execute("alter table wallet_spends drop constraint disk_is_full")
    sql.execute("alter table wallet_audit_log add constraint disk_is_full check (false) not valid")
    with pytest.raises(psycopg.errors.CheckViolation):
        pay(5)
    assert spends(sql) == []
