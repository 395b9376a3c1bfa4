"""Policies in the transaction that signs: layers, entries and refusals."""

from dataclasses import replace

import pytest

from tests.database import plant
from tests.factories import FID
from tests.policies import (
    CLIENT,
    DELEGATION,
    EVERYTHING,
    FEES,
    OPERATOR,
    UNREADABLE_RULES,
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
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.errors import DatabaseDamaged


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


def test_a_policy_that_is_narrowed_applies_to_the_next_signature(policies, pay):
    policy = policies.put_wallet(EVERYTHING)
    pay(100)
    policies.change(policy, payments(max_amount="99"), FEES)
    assert refusal(lambda: pay(100)).version == 2
    policies.assignments.remove_from_wallet(FID, access=OPERATOR)
    assert refusal(lambda: pay(1)).reason == "no_policy"


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


@pytest.mark.parametrize("layer", ["service", "wallet"])
def test_a_policy_that_is_missing_refuses_everything(policies, pay, sql, layer):
    policies.put_wallet(EVERYTHING)
    policies.put_service(EVERYTHING)
    pay(1)
    plant(sql, f"update {layer}_policies set policy_id = gen_random_uuid()")
    with pytest.raises(DatabaseDamaged, match="not available"):
        pay(1, access=UNRESTRICTED)
    # It can be replaced.
    put = policies.put_service if layer == "service" else policies.put_wallet
    put(EVERYTHING)
    pay(1, access=UNRESTRICTED)


@pytest.mark.parametrize("rules", UNREADABLE_RULES, ids=lambda rules: f"{rules[:9]} {len(rules)}")
def test_a_stored_policy_that_cannot_be_read_refuses_everything_until_it_is_replaced(
    policies, pay, sql, rules
):
    policy_id = policies.put_wallet(EVERYTHING)
    plant(sql, "update policies set rules = %s", [rules])
    with pytest.raises(DatabaseDamaged):
        pay(1)
    policies.change(policy_id, EVERYTHING)
    pay(1)


@pytest.mark.parametrize("rules", UNREADABLE_RULES, ids=lambda rules: f"{rules[:9]} {len(rules)}")
def test_rules_of_a_user_that_cannot_be_read_refuse_everything_until_they_are_replaced(
    policies, pay, sql, rules
):
    policies.put_service(EVERYTHING)
    policies.put_user(EVERYTHING)
    plant(sql, "update user_policies set rules = %s", [rules])
    with pytest.raises(DatabaseDamaged):
        pay(1)
    policies.put_user(EVERYTHING)
    pay(1)


# In Python, 1 == 1.0 == True.
NOT_INTEGERS = [
    ({"max_lifetime_seconds": 600}, "600", "600.0"),
    ({"max_lifetime_seconds": 1}, ": 1", ": true"),
    ({"chain_ids": [CHAIN_ID]}, f"[{CHAIN_ID}]", f"[{CHAIN_ID}.0]"),
]


@pytest.mark.parametrize(("members", "good", "bad"), NOT_INTEGERS)
@pytest.mark.parametrize("layer", ["wallet", "user"])
def test_stored_numbers_of_another_type_refuse_everything_until_they_are_replaced(
    policies, pay, sql, layer, members, good, bad
):
    rules = [EVERYTHING | members, FEES]
    policy_id = policies.put_wallet(*rules)
    policies.put_user(*rules)
    pay(1)
    table = "policies" if layer == "wallet" else "user_policies"
    plant(sql, f"update {table} set rules = replace(rules::text, %s, %s)::jsonb", [good, bad])
    with pytest.raises(DatabaseDamaged):
        pay(1)
    if layer == "wallet":
        policies.change(policy_id, *rules)
    else:
        policies.put_user(*rules)
    pay(1)
