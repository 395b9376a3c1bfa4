"""Policies in the transaction that signs: layers, refusals, spends and windows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.database import plant
from tests.factories import ACCESS, FID
from tests.policies import (
    CLIENT,
    DELEGATION,
    EVERYTHING,
    FEES,
    OPERATOR,
    RECIPIENT,
    SPENDER,
    USDC,
    payments,
    permit,
    policies_of,
    transfer,
)
from tests.round_trips import traced
from tests.signing import CHAIN_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.errors import DatabaseDamaged, PolicyRefused
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.services.signing.signatures import SigningService

DAY = 86_400
UNRESTRICTED = replace(CLIENT, unrestricted=True)


@pytest.fixture
def policies(database):
    return policies_of(database)


@pytest.fixture
def signing(wallets):
    return SigningService(wallets)


@pytest.fixture
def address(wallets):
    return wallets.ensure_trading_wallet(FID, access=ACCESS).address


@pytest.fixture
def pay(signing, address):
    """Sign a transfer of USDC: pay(5)."""

    def pay(amount, access=CLIENT, fid=FID, **options):
        return signing.sign_transaction(
            fid,
            transfer(amount, **options),
            chain_id=CHAIN_ID,
            method="eth_signTransaction",
            access=access,
        )

    return pay


@pytest.fixture
def allow(signing, address):
    """Sign a Permit: allow(5, deadline)."""

    def allow(amount, deadline, access=CLIENT):
        read = read_typed_data(permit(address, amount, deadline), chain_id=CHAIN_ID)
        return signing.sign_typed_data(
            FID,
            read,
            chain_id=CHAIN_ID,
            address=None,
            method="eth_signTypedData_v4",
            access=access,
        )

    return allow


def sign_message(signing, message=b"Sign in", access=CLIENT):
    return signing.sign_message(
        FID, message, chain_id=CHAIN_ID, address=None, method="personal_sign", access=access
    )


def refusal(act):
    """Return the error of an act that a policy refuses."""
    with pytest.raises(PolicyRefused) as caught:
        act()
    return caught.value


def spends(sql, columns="asset, kind, counterparty, amount"):
    return sql.execute(f"select {columns} from wallet_spends order by audit_id, kind").fetchall()


def details(sql, action):
    found = sql.execute(
        "select details from wallet_audit_log where action = %s order by id", [action]
    ).fetchall()
    return [one for (one,) in found]


def test_without_a_policy_only_an_unrestricted_client_signs(pay, sql):
    refused = refusal(lambda: pay(5))
    assert (refused.reason, refused.layer, refused.policy) == ("no_policy", None, None)
    pay(5, access=UNRESTRICTED)
    assert len(details(sql, "transaction.signed")) == 1


@pytest.mark.parametrize("layer", ["service", "client", "wallet"])
def test_one_policy_of_these_layers_is_enough(policies, pay, layer):
    access = CLIENT
    if layer == "client":
        access = policies.put_client(EVERYTHING)
    elif layer == "service":
        policies.put_service(EVERYTHING)
    else:
        policies.put_wallet(EVERYTHING)
    pay(5, access=access)


def test_the_rules_of_a_user_are_not_enough(policies, pay):
    policies.put_user(EVERYTHING)
    assert refusal(lambda: pay(5)).reason == "no_policy"


@pytest.mark.parametrize("narrow", ["service", "client", "wallet", "user"])
@pytest.mark.parametrize("unrestricted", [False, True])
def test_every_layer_narrows_also_for_an_unrestricted_client(policies, pay, narrow, unrestricted):
    rules = {
        layer: [payments(max_amount="4" if layer == narrow else "100"), FEES]
        for layer in ("service", "client", "wallet", "user")
    }
    policies.put_service(*rules["service"])
    policies.put_wallet(*rules["wallet"])
    policies.put_user(*rules["user"])
    access = replace(policies.put_client(*rules["client"]), unrestricted=unrestricted)
    pay(4, access=access)
    refused = refusal(lambda: pay(5, access=access))
    assert (refused.reason, refused.layer, refused.rule) == ("max_amount", narrow, "payments")
    assert refused.version == 1
    assert (refused.policy is None) == (narrow == "user")


def test_an_entry_names_the_policies_that_allowed_the_signature(policies, pay, sql):
    wallet = policies.put_wallet(payments((DAY, 100)), FEES)
    policies.put_user(EVERYTHING)
    pay(5)
    (entry,) = details(sql, "transaction.signed")
    assert entry["policies"] == [
        {"layer": "wallet", "policy": str(wallet), "version": 1, "rules": ["fees", "payments"]},
        {"layer": "user", "policy": None, "version": 1, "rules": ["everything"]},
    ]


def test_a_refusal_is_recorded_with_its_effects(policies, pay, sql):
    wallet = policies.put_wallet(payments((DAY, 100)), FEES)
    for _ in range(3):
        refusal(lambda: pay(101))
    (entry,) = details(sql, "signing.refused")
    assert {name: entry[name] for name in ("layer", "policy", "version", "rule", "reason")} == {
        "layer": "wallet",
        "policy": str(wallet),
        "version": 1,
        "rule": "payments",
        "reason": "window",
    }
    assert [effect["kind"] for effect in entry["effects"]] == ["token_transfer", "network_fee"]
    assert entry["effects"][0]["amount"] == "101"
    assert spends(sql) == []


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


def test_a_permit_without_an_end_counts_for_ever(policies, allow, sql):
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


def test_a_policy_that_is_narrowed_applies_to_the_next_signature(policies, pay):
    policy = policies.put_wallet(EVERYTHING)
    pay(100)
    policies.change(policy, payments(max_amount="99"), FEES)
    assert refusal(lambda: pay(100)).version == 2
    policies.assignments.remove_from_wallet(FID, access=OPERATOR)
    assert refusal(lambda: pay(1)).reason == "no_policy"


def test_signatures_of_two_wallets_do_not_wait_for_each_other(policies, wallets, pay, database_url):
    other = FID + 1
    wallets.ensure_trading_wallet(other, access=ACCESS)
    policies.put_service(payments((DAY, 100)), FEES)
    pay(1)
    pay(1, fid=other)
    with psycopg.connect(database_url) as holding:
        for table in ("wallet_audit_heads", "signing_accounts"):
            holding.execute(f"select from {table} where fid = %s for update", [FID])
        began = datetime.now(UTC)
        pay(1, fid=other)
        assert datetime.now(UTC) - began < timedelta(seconds=1)


def test_a_signature_without_a_window_takes_two_round_trips(policies, pay, database):
    policies.put_wallet(payments(max_amount="10"), FEES)
    pay(1)
    with traced(database) as traffic:
        pay(1)
    # begin, wallet with chain, account, policies; two spends, entry, head, commit.
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (2, 9, 1)


def test_the_first_spend_on_a_chain_takes_one_more_round_trip(policies, pay, database, sql):
    policies.put_wallet(payments(max_amount="10"), FEES)
    with traced(database) as traffic:
        pay(1)
    assert (traffic.round_trips, traffic.commits) == (3, 1)
    assert len(sql.execute("select from signing_accounts").fetchall()) == 1


def test_a_window_costs_one_round_trip_for_all_sums(policies, pay, database):
    policies.put_wallet(payments((1, 10), (60, 20), (DAY, 30)), FEES)
    policies.put_user(payments((3600, 10)), FEES)
    pay(1)
    with traced(database) as traffic:
        pay(1)
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (3, 10, 1)


def test_a_message_locks_no_account(policies, signing, address, database, sql):
    policies.put_wallet(EVERYTHING)
    sign_message(signing)
    with traced(database) as traffic:
        sign_message(signing)
    # begin, wallet with chain, policies; entry, head, commit.
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (2, 6, 1)
    assert sql.execute("select count(*) from signing_accounts").fetchone() == (0,)


def test_a_message_of_32_bytes_needs_a_rule_that_names_it(policies, signing, address):
    message = b"h" * 32
    assert refusal(lambda: sign_message(signing, message, UNRESTRICTED)).reason == "no_policy"
    policies.put_wallet(EVERYTHING)
    assert refusal(lambda: sign_message(signing, message)).reason == "no_rule"
    policies.put_wallet({"id": "hash", "effect": "allow", "kinds": ["hash_message"]})
    sign_message(signing, message)


@pytest.mark.parametrize("delegate", [AUTHORIZATION["address"], "0x" + "00" * 20])
def test_a_delegation_needs_a_rule_that_names_the_delegate(policies, signing, address, delegate):
    """Also for a client that needs no policy: the delegate can do everything with the assets."""
    given = AUTHORIZATION | {"address": delegate}

    def delegate_to(access):
        signed = signing.sign_authorization(
            FID, given, chain_id=CHAIN_ID, method="sign/authorization", access=access
        )
        type_4 = transfer(0) | {"type": "0x4", "authorizationList": [signed.result.as_json()]}
        signing.sign_transaction(
            FID, type_4, chain_id=CHAIN_ID, method="eth_signTransaction", access=access
        )

    assert refusal(lambda: delegate_to(UNRESTRICTED)).reason == "no_policy"
    policies.put_wallet(EVERYTHING)
    assert refusal(lambda: delegate_to(UNRESTRICTED)).reason == "no_rule"
    policies.put_wallet(EVERYTHING, DELEGATION | {"to": [delegate]})
    delegate_to(UNRESTRICTED)


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


@pytest.mark.parametrize("layer", ["service", "wallet"])
def test_a_policy_that_is_missing_refuses_everything(policies, pay, sql, layer):
    policies.put_wallet(EVERYTHING)
    policies.put_service(EVERYTHING)
    pay(1)
    plant(sql, f"update {layer}_policies set policy_id = gen_random_uuid()")
    with pytest.raises(DatabaseDamaged, match="not available"):
        pay(1, access=UNRESTRICTED)


def test_a_stored_policy_that_cannot_be_read_refuses_everything(policies, pay, sql):
    policies.put_wallet(EVERYTHING)
    plant(sql, """update policies set rules = '[{"id": "all", "effect": "perhaps"}]'""")
    with pytest.raises(DatabaseDamaged):
        pay(1)
