"""Missing fees, and uncounted moves of assets are named."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from tests.unit.policies.warned import (
    ASSETS,
    BY_SIGNATURE,
    BY_TRANSACTION,
    FEE,
    SEND,
    rule,
    typed,
    warned,
)
from wallet_api.policies.explanation import explain
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings

EVERYTHING = {"id": "all", "effect": "allow"}


def test_a_policy_that_pays_with_a_fee_has_no_warnings():
    assert warnings(read_rules([SEND, FEE])) == []


def test_a_limit_next_to_a_rule_without_limits_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER], max_amount="5", **ASSETS)
    assert warned(limited, SEND, FEE) == [
        'never limits anything: rule "send" allows all of it without limits.'
    ]
    elsewhere = rule(kinds=["native_transfer"], to=[STRANGER], max_amount="5", **ASSETS)
    assert warned(elsewhere, SEND, FEE) == []
    wide = rule(kinds=["native_transfer"], chain_ids=[BASE])
    assert warned(SEND, FEE, wide, about="send") == []


def test_a_limit_next_to_rules_that_allow_the_same_only_together_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER, STRANGER], max_amount="5", **ASSETS)
    other = {**SEND, "id": "other", "to": [STRANGER]}
    assert warned(limited, SEND, other, FEE) == [
        'never limits anything: rules "other" and "send" allow all of it without limits.'
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"kinds": ["token_transfer", "delegation"], "to": [ROUTER]},
        {"kinds": ["token_transfer", "hash_message"]},
        # Only a rule that names this selector, of `transfer`, allows it.
        {"kinds": ["contract_call"], "to": [ROUTER], "selectors": ["0x3593564c", "0xa9059cbb"]},
    ],
)
def test_a_lifetime_that_refuses_what_no_other_rule_allows_limits(members):
    limited = rule(**members, max_lifetime_seconds=600)
    assert not [one for one in warned(limited, EVERYTHING, FEE) if "limits" in one]
    transfers = rule(kinds=["token_transfer"], max_lifetime_seconds=600)
    assert warned(transfers, EVERYTHING, FEE) == [
        'never limits anything: rule "all" allows all of it without limits.'
    ]


def test_a_transaction_needs_a_rule_for_its_fee():
    sentence = "allows no transaction: transactions need a rule for network_fee."
    assert warned(SEND, about="send") == [sentence]
    assert warned(SEND, FEE | {"chain_ids": [1]}, about="send") == [
        f"allows no transaction on chain {BASE}: transactions need a rule for network_fee."
    ]
    denied = {"id": "no", "effect": "deny", "kinds": ["network_fee"]}
    assert warned(SEND, FEE, denied, about="send") == [sentence]
    native = {"id": "no", "effect": "deny", "tokens": ["native"]}
    token = rule(kinds=["token_transfer"], tokens=[USDC], methods=BY_TRANSACTION)
    assert warned(token, FEE, native) == [sentence]
    assert warned(token, {"id": "fee", "effect": "allow"}, native) == [sentence]
    everywhere = {name: value for name, value in SEND.items() if name != "chain_ids"}
    assert warned(everywhere, about="send") == [sentence]
    assert warned(everywhere, FEE | {"chain_ids": [10, BASE]}, about="send") == [
        f"allows transactions only on chains 10 and {BASE}: others need a rule for network_fee."
    ]
    anywhere = {"id": "fee", "effect": "allow", "kinds": ["network_fee"]}
    assert warned(SEND, anywhere, about="send") == []
    assert warned(SEND, FEE | {"chain_ids": [1, BASE]}, about="send") == []


ANYWHERE = {"id": "fee", "effect": "allow", "kinds": ["network_fee"]}
NO_FEE = {"id": "no", "effect": "deny", "kinds": ["network_fee"]}
BY_RPC, BY_REST = BY_TRANSACTION


@pytest.mark.parametrize(
    ("send", "fees", "missing"),
    [
        ({"methods": [BY_RPC]}, [FEE | {"methods": [BY_REST]}], f" by {BY_RPC}"),
        ({}, [FEE | {"methods": [BY_REST]}], f" by {BY_RPC}"),
        ({}, [ANYWHERE, NO_FEE | {"methods": [BY_REST]}], f" by {BY_REST}"),
        ({}, [ANYWHERE, NO_FEE | {"chain_ids": [BASE]}], f" on chain {BASE}"),
        (
            {},
            [FEE | {"chain_ids": [1, BASE]}, NO_FEE | {"chain_ids": [BASE]}],
            f" on chain {BASE}",
        ),
        (
            {"chain_ids": [1, BASE]},
            [ANYWHERE, NO_FEE | {"chain_ids": [BASE]}],
            f" on chain {BASE}",
        ),
        (
            {"chain_ids": [1, BASE], "methods": [BY_RPC]},
            [FEE, FEE | {"id": "b", "chain_ids": [1], "methods": [BY_REST]}],
            " on chain 1",
        ),
        ({}, [FEE, NO_FEE | {"methods": [BY_RPC]}, NO_FEE | {"id": "b"}], ""),
        # One method pays on one chain, and another on another chain.
        (
            {"chain_ids": [1, BASE]},
            [
                FEE | {"chain_ids": [1], "methods": [BY_REST]},
                FEE | {"id": "b", "methods": [BY_RPC]},
            ],
            (f" by {BY_RPC} on chain 1", f" by {BY_REST} on chain {BASE}"),
        ),
        (
            {"chain_ids": [1, BASE]},
            [FEE, FEE | {"id": "b", "chain_ids": [1], "methods": [BY_RPC]}],
            f" by {BY_REST} on chain 1",
        ),
        ({}, [FEE | {"methods": [BY_REST]}, ANYWHERE | {"id": "b"}], ()),
        ({}, [ANYWHERE, NO_FEE | {"chain_ids": [1]}], ()),
    ],
)
def test_a_fee_is_compared_by_method_and_chain(send, fees, missing):
    found = warned({**SEND, **send}, *fees, about="send")
    assert found == [
        f"allows no transaction{where}: transactions need a rule for network_fee."
        for where in ([missing] if isinstance(missing, str) else missing)
    ]


@pytest.mark.parametrize("members", [{"chain_ids": [1]}, {"methods": [BY_RPC], "chain_ids": [1]}])
def test_a_transaction_that_is_denied_needs_no_fee(members):
    """The rule that denies all on a chain also denies the fee there."""
    denying = {"id": "no", "effect": "deny", **members}
    assert warned(SEND | {"chain_ids": [1, BASE]}, ANYWHERE, denying, about="send") == []


def test_a_transaction_on_chains_that_no_rule_names_needs_a_fee_there():
    everywhere = {name: value for name, value in SEND.items() if name != "chain_ids"}
    assert warned(everywhere, ANYWHERE, NO_FEE | {"chain_ids": [BASE]}, about="send") == [
        f"allows no transaction on chain {BASE}: transactions need a rule for network_fee."
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"kinds": ["message"]},
        {"kinds": ["token_transfer"], "methods": ["sign/typed-data"]},
        {
            "kinds": ["token_transfer"],
            "typed_data": {"primary_types": ["TransferWithAuthorization"]},
        },
    ],
)
def test_a_signature_without_a_transaction_needs_no_fee(members):
    assert warned(rule(**members)) == []


def test_what_could_move_assets_without_being_counted_is_named():
    calls = "allows calls of any contract, which can move any asset, and which no limit counts."
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE]), FEE) == [calls]
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE], to=[ROUTER]), FEE) == []
    orders = (
        "allows typed data of any contract, which can sell any asset, and which no limit counts."
    )
    assert warned(rule(kinds=["typed_data"])) == [orders]
    assert warned(rule(kinds=["typed_data"], **typed("Order"))) == [orders]
    assert warned(rule(kinds=["typed_data"], **typed("Order", DAI))) == []
    assert warned(rule(kinds=["typed_data"], **typed(None, DAI))) == []
    assert warned(rule(kinds=list(KINDS), methods=list(METHODS), to=[ROUTER]), FEE)


def test_functions_of_a_token_that_can_move_it_are_named():
    token = rule(kinds=["contract_call"], chain_ids=[BASE], to=[USDC, DAI])
    send = rule(id="b", kinds=["token_transfer"], chain_ids=[BASE], tokens=[USDC, DAI], to=[ROUTER])
    functions = "allows functions of the token{} that can move {}, and that no limit counts: name "
    functions += "the selectors."
    both = functions.format(f"s {DAI} and {USDC}", "them")
    assert warned(token, send, FEE) == [both]
    denying = {"id": "no", "effect": "deny", "kinds": ["contract_call"], "to": [USDC]}
    assert warned(token, send, FEE, denying) == [functions.format(f" {DAI}", "it")]
    assert warned(token | {"selectors": ["0x12345678"]}, send, FEE) == []
    many = [f"0x{index:040x}" for index in range(100)]
    (sentence,) = warned(token | {"to": many}, send | {"tokens": many}, FEE)
    assert f"{many[4]} and 95 others that can move them" in sentence


@pytest.mark.parametrize(
    ("members", "denied"),
    [
        ({}, {"kinds": ["contract_call", "typed_data"]}),
        ({"kinds": ["contract_call", "message"]}, {"kinds": ["contract_call"]}),
        ({"kinds": ["contract_call", "message"]}, {"methods": BY_TRANSACTION}),
        ({"kinds": ["typed_data", "message"]}, {"kinds": ["typed_data"]}),
        ({"kinds": ["typed_data", "message"]}, {"methods": BY_SIGNATURE}),
        ({"kinds": ["typed_data", "message"], **typed("Order")}, typed("Order")),
    ],
)
def test_what_another_rule_denies_is_not_named(members, denied):
    denying = {"id": "no", "effect": "deny", **denied}
    assert not [one for one in warned(rule(**members), FEE, denying) if "no limit counts" in one]
    elsewhere = denying | {"chain_ids": [1]}
    assert [one for one in warned(rule(**members), FEE, elsewhere) if "no limit counts" in one]


def test_what_a_user_allows_is_not_dangerous_because_it_only_narrows():
    narrow = read_rules([{"id": "no", "effect": "deny", "kinds": ["token_transfer"]}, EVERYTHING])
    assert len(warnings(narrow)) == 2
    assert warnings(narrow, only_narrow=True) == []


def test_unknown_typed_data_are_allowed_for_the_other_contracts_beside_permit2():
    orders = {"kinds": ["typed_data"], "typed_data": {"verifying_contracts": [PERMIT2, ROUTER]}}
    read = read_rules([rule(**orders)])
    assert explain(read[0]) == (
        f"Allow typed data of no known standard for the contract {PERMIT2} or {ROUTER}."
    )
    assert warned(rule(**orders), about="r") == [
        (
            f"names {PERMIT2} in `verifying_contracts`, which can never match: no request matches "
            "its `kinds` and `typed_data` together."
        )
    ]


DENIED_TO = (
    "denies transfers to its addresses, but not allowances, which let them take assets: deny them "
    "as `spenders`, too."
)


@pytest.mark.parametrize(
    ("allowed", "denied", "is_named"),
    [
        ({"kinds": ["allowance"]}, {"to": [ROUTER]}, True),
        ({}, {"to": [ROUTER]}, True),
        ({"kinds": ["allowance"], "spenders": [ROUTER]}, {"to": [ROUTER, STRANGER]}, True),
        ({"kinds": ["allowance"], "spenders": [STRANGER]}, {"to": [ROUTER]}, False),
        ({"kinds": ["token_transfer"]}, {"to": [ROUTER]}, False),
        ({"kinds": ["allowance"]}, {"to": [ROUTER], "kinds": ["token_transfer"]}, False),
        ({"kinds": ["allowance"]}, {"spenders": [ROUTER]}, False),
        ({"kinds": ["allowance"]}, {"to": [ROUTER], "methods": ["sign/authorization"]}, False),
        ({"kinds": ["allowance"]}, {"to": [ROUTER], "selectors": ["0x12345678"]}, False),
        ({"kinds": ["allowance"], "chain_ids": [1]}, {"to": [ROUTER], "chain_ids": [BASE]}, False),
        ({"kinds": ["allowance"], **ASSETS, "max_amount": "0"}, {"to": [ROUTER]}, False),
    ],
)
def test_addresses_that_are_denied_only_as_recipients_are_named(allowed, denied, is_named):
    denying = {"id": "no", "effect": "deny", **denied}
    found = warned(rule(**allowed), FEE, denying, about="no")
    assert found == ([DENIED_TO] if is_named else [])
    spenders = {"id": "b", "effect": "deny", "spenders": [ROUTER, STRANGER]}
    assert warned(rule(**allowed), FEE, denying, spenders, about="no") == []


def test_the_selector_of_a_known_function_is_named():
    approve = rule(
        kinds=["contract_call"], chain_ids=[BASE], to=[PERMIT2], selectors=["0x095EA7B3"]
    )
    assert warned(approve, FEE) == [
        (
            "names the selector 0x095ea7b3, whose calls are transfers or allowances: it matches "
            "only calls with an unusual encoding, whose amounts are not counted. Remove it, and "
            "name the kind."
        )
    ]
