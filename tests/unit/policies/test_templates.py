"""The policies that people can copy allow their purpose, and refuse their example attacks."""

import pytest

from tests.documentation.pages import read, section, tables
from tests.running_service import ROOT
from tests.unit.policies.requests import (
    BASE_ACCOUNT,
    DAI,
    NOW,
    PERMIT2,
    ROUTER,
    STRANGER,
    UNLIMITED,
    USDC,
    WALLET,
    authorization,
    call,
    message,
    permit,
    permit2,
    transaction,
    typed_data,
)
from wallet_api.crypto import key_pairs
from wallet_api.errors import InvalidPolicy
from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.signatures import sign_authorization
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.explanation import explain_refusal
from wallet_api.policies.matching import spends_of
from wallet_api.policies.reading import parse_policy
from wallet_api.policies.warnings import warnings

PLACEHOLDER = "THE ADDRESS OF THE BASE ACCOUNT"
PAGE = read("docs/policies/README.md")
HUNDRED = 100_000_000
EXECUTE = "0x3593564c" + "00" * 96
GWEI = 10**9


def policy(name):
    text = (ROOT / "docs" / "policies" / f"{name}.json").read_text()
    return parse_policy(text.replace(PLACEHOLDER, BASE_ACCOUNT))


def verdict_of_policy(name, request, *before):
    """Return the verdict of a policy on a request, after requests that were signed just before."""
    layers = [PolicyVersion(layer="wallet", policy="p", version=1, rules=policy(name).rules)]
    matching = match(request, layers)
    spent = [spend for signed in before for spend in spends_of(signed)]
    sums = {
        window: sum(
            spend.amount
            for spend in spent
            if (spend.asset, spend.chain_id) == (window.asset, window.chain_id)
            and spend.kind in window.kinds
            and (window.counterparties is None or spend.counterparty in window.counterparties)
        )
        for window in matching.windows
    }
    return evaluate(matching, sums, unrestricted=False)


def approve(token, spender, amount, **fields):
    return transaction(to=token, data=call("approve(address,uint256)", spender, amount), **fields)


def token_transfer(token, to, amount, **fields):
    return transaction(to=token, data=call("transfer(address,uint256)", to, amount), **fields)


def transfer_from(token, owner, to, amount):
    data = call("transferFrom(address,address,uint256)", owner, to, amount)
    return transaction(to=token, data=data)


def multicall(to):
    """Return a call that transfers USDC inside its arguments."""
    inner = call("transfer(address,uint256)", STRANGER, HUNDRED)[2:]
    return transaction(
        to=to,
        data=call("multicall(bytes[])", 0x20, 1, 0x20, len(inner) // 2) + inner.ljust(192, "0"),
    )


def delegation(delegate):
    pair = key_pairs.generate()
    signed = sign_authorization(
        Authorization(chain_id=8453, delegate=delegate, nonce=1),
        private_key=pair.private_key.reveal(),
        address=pair.address,
    )
    return transaction(type="0x4", to=STRANGER, authorizationList=[signed.as_json()])


def permit2_transfer():
    return typed_data(
        "PermitTransferFrom",
        {"name": "Permit2", "chainId": 8453, "verifyingContract": PERMIT2},
        {
            "permitted": {"token": USDC, "amount": "1000000"},
            "spender": ROUTER,
            "nonce": 0,
            "deadline": NOW + 300,
        },
        PermitTransferFrom=(
            "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline"
        ),
        TokenPermissions="address token,uint256 amount",
    )


def order():
    return typed_data(
        "Order",
        {"name": "Market", "chainId": 8453, "verifyingContract": STRANGER},
        {"seller": WALLET, "price": 1},
        Order="address seller,uint256 price",
    )


def imitation():
    """Return typed data that has another member than the standard."""
    return typed_data(
        "TransferWithAuthorization",
        {"name": "USD Coin", "version": "2", "chainId": 8453, "verifyingContract": USDC},
        {"from": WALLET, "to": STRANGER, "amount": 1},
        TransferWithAuthorization="address from,address to,uint256 amount",
    )


AT_PERMIT2 = "approve(address,address,uint160,uint48)"
BY_SIGNATURE = (
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,"
    "uint8,bytes32,bytes32)"
)
EXPENSIVE = {"gas": hex(10_000_000), "maxFeePerGas": hex(100 * GWEI)}
A_DAY = 86_400

GOOD = {
    "uniswap": [
        approve(USDC, PERMIT2, HUNDRED),
        permit2(HUNDRED),
        transaction(to=ROUTER, data=EXECUTE),
        approve(USDC, PERMIT2, 0),
        approve(USDC, STRANGER, 0),
    ],
    "x402": [authorization(), authorization(value=1, to=BASE_ACCOUNT), authorization(lasts=600)],
    "withdraw": [
        token_transfer(USDC, BASE_ACCOUNT, 10**30),
        transaction(to=BASE_ACCOUNT, value=hex(10**18)),
        transaction(to=BASE_ACCOUNT),
    ],
}
ATTACKS = {
    ("uniswap", "## Trade on Uniswap"): {
        "Approve Permit2 without a limit": [approve(USDC, PERMIT2, UNLIMITED)],
        "Approve Permit2 for more than 100 USDC": [
            approve(USDC, PERMIT2, HUNDRED + 1),
            # A second one, after another of the same day.
            (approve(USDC, PERMIT2, 1), approve(USDC, PERMIT2, HUNDRED)),
        ],
        "Approve Permit2 for another token": [approve(DAI, PERMIT2, 1)],
        "Approve another spender than Permit2": [approve(USDC, STRANGER, 1)],
        "Approve the router directly": [approve(USDC, ROUTER, 1)],
        "Increase an allowance without a limit": [
            transaction(
                to=USDC, data=call("increaseAllowance(address,uint256)", PERMIT2, UNLIMITED)
            )
        ],
        "Permit2 allowance on another chain": [permit2(HUNDRED, chain_id=1)],
        "Permit2 allowance for another spender": [permit2(1, spender=STRANGER)],
        "Permit2 allowance of another token": [permit2(1, token=DAI)],
        "Permit2 allowance for more than 100 USDC": [
            permit2(HUNDRED + 1),
            (permit2(1), permit2(HUNDRED)),
        ],
        "Permit2 allowance without a limit": [permit2(2**160 - 1)],
        "Permit2 allowance for 30 days": [permit2(1, lasts=30 * A_DAY), permit2(1, lasts=1801)],
        "Permit2 allowance whose signature is valid for a day": [permit2(1, deadline=A_DAY)],
        "Permit2 allowances in a batch": [permit2(1, 1), permit2(HUNDRED, HUNDRED)],
        "Permit2 allowance at a contract that imitates Permit2": [permit2(1, contract=STRANGER)],
        "Permit2 allowance by a transaction": [
            transaction(to=PERMIT2, data=call(AT_PERMIT2, USDC, spender, 1, end))
            for spender in (ROUTER, STRANGER)
            for end in (NOW + 60, 2**48 - 1)
        ],
        "Permit2 allowance for Permit2 itself, until the year 9999": [
            transaction(to=PERMIT2, data=call(AT_PERMIT2, USDC, PERMIT2, HUNDRED, 2**48 - 1)),
            transaction(to=PERMIT2, data=call(AT_PERMIT2, USDC, PERMIT2, 0, 2**48 - 1)),
            permit2(HUNDRED, spender=PERMIT2, lasts=10**12, deadline=10**12),
        ],
        "Permit2 transfer to any holder of the signature": [permit2_transfer()],
        "Permit of USDC (ERC-2612) for the router": [permit()],
        "Swap on another chain": [transaction(to=ROUTER, data=EXECUTE, chain_id=1)],
        "Swap with ETH": [transaction(to=ROUTER, data=EXECUTE, value="0x1")],
        "Call another function of the router": [
            transaction(to=ROUTER, data="0xac9650d8"),
            transaction(to=ROUTER, data="0x359356"),
        ],
        "Call `execute` of another contract": [transaction(to=STRANGER, data=EXECUTE)],
        "Transfer hidden in a multicall": [multicall(USDC), multicall(ROUTER), multicall(STRANGER)],
        "Transfer of USDC": [token_transfer(USDC, STRANGER, 1)],
        "Transfer of USDC by `transferFrom`": [transfer_from(USDC, WALLET, STRANGER, 1)],
        "Transfer of USDC by a call of `transferWithAuthorization`": [
            transaction(
                to=USDC, data=call(BY_SIGNATURE, WALLET, STRANGER, 1, 0, UNLIMITED, 1, 27, 1, 1)
            )
        ],
        "Transfer of USDC whose data has an unusual encoding": [
            transaction(to=USDC, data=call("transfer(address,uint256)", STRANGER, 1, more="00"))
        ],
        "Send ETH": [transaction(to=ROUTER, value="0x1"), transaction(to=STRANGER, value="0x1")],
        "Create a contract": [transaction(data="0x6000")],
        "Delegate the account to a contract (EIP-7702)": [
            lambda: delegation(ROUTER),
            lambda: delegation(STRANGER),
        ],
        "Pay a fee of 1 ETH": [transaction(to=ROUTER, data=EXECUTE, **EXPENSIVE)],
        "Sign in with a message": [message(b"hello")],
        "Sign a message of 32 bytes": [message(b"a" * 32)],
        "Sell an NFT by typed data": [order()],
    },
    ("x402", "## Pay by x402"): {
        "Pay more than 1 USDC": [authorization(value=1_000_001)],
        "Pay more than 5 USDC a day": [(authorization(), *[authorization()] * 5)],
        "Pay with a signature that is valid for a day": [
            authorization(lasts=A_DAY),
            authorization(lasts=601),
            authorization(lasts=2**60),
        ],
        "Pay on another chain": [authorization(chain_id=1)],
        "Pay with another token": [authorization(token=DAI)],
        "`ReceiveWithAuthorization`": [authorization(primary_type="ReceiveWithAuthorization")],
        "Typed data that only resembles an authorization": [imitation()],
        "Permit of USDC (ERC-2612)": [permit(spender=STRANGER, value=1)],
        "Permit2 allowance of USDC": [permit2(1)],
        "Pay from another account": [authorization(sender=STRANGER)],
        "Transfer of USDC by a transaction": [token_transfer(USDC, STRANGER, 1)],
        "Sign a message of 32 bytes": [message(b"a" * 32)],
    },
    ("withdraw", "## Withdraw only to the Base Account"): {
        "Send ETH to another address": [transaction(to=STRANGER, value="0x1")],
        "Send ETH together with a call": [
            transaction(to=BASE_ACCOUNT, value="0x1", data="0x3593564c")
        ],
        "Send USDC to another address": [token_transfer(USDC, STRANGER, 1)],
        "Send another token to the Base Account": [token_transfer(DAI, BASE_ACCOUNT, 1)],
        "Send USDC on another chain": [token_transfer(USDC, BASE_ACCOUNT, 1, chain_id=1)],
        "Send USDC by `transferFrom` to another address": [
            transfer_from(USDC, WALLET, STRANGER, 1)
        ],
        "Let the Base Account take USDC": [approve(USDC, BASE_ACCOUNT, 1)],
        "Let another address take USDC by a signature": [permit(spender=STRANGER), permit2(1)],
        "Send USDC by a signature (ERC-3009)": [
            authorization(to=BASE_ACCOUNT),
            authorization(to=BASE_ACCOUNT, primary_type="ReceiveWithAuthorization"),
        ],
        "Transfer hidden in a multicall": [multicall(USDC), multicall(STRANGER)],
        "Call a contract at the Base Account": [transaction(to=BASE_ACCOUNT, data="0x3593564c")],
        "Delegate the account to the Base Account (EIP-7702)": [lambda: delegation(BASE_ACCOUNT)],
        "Create a contract that gets ETH": [transaction(data="0x6000", value="0x1")],
        "Pay a fee of 1 ETH": [transaction(to=BASE_ACCOUNT, value="0x1", **EXPENSIVE)],
    },
}
CASES = [
    pytest.param(name, reason, one if isinstance(one, tuple) else (one,), id=f"{name}: {attack}")
    for (name, heading), attacks in ATTACKS.items()
    for attack, reason in tables(section(PAGE, heading))
    for one in attacks[attack]
]


@pytest.mark.parametrize("name", GOOD)
def test_a_template_allows_what_it_is_for(name):
    for wanted in GOOD[name]:
        assert verdict_of_policy(name, wanted).allowed, wanted


def test_what_a_template_is_for_fits_into_one_day():
    first, second, *_ = GOOD["uniswap"]
    assert verdict_of_policy("uniswap", second, first).allowed
    assert verdict_of_policy("x402", authorization(), *[authorization()] * 4).allowed


@pytest.mark.parametrize(("name", "reason", "requests"), CASES)
def test_a_template_refuses_its_example_attacks(name, reason, requests):
    attack, *before = requests
    refused = verdict_of_policy(name, attack() if callable(attack) else attack, *before)
    assert f"`{refused.reason}`" == reason, explain_refusal(refused)


@pytest.mark.parametrize(
    ("template", "attacks"), ATTACKS.items(), ids=lambda value: str(value)[:20]
)
def test_every_attack_on_the_page_is_tried(template, attacks):
    assert [attack for attack, _ in tables(section(PAGE, template[1]))] == list(attacks)


@pytest.mark.parametrize("name", GOOD)
def test_a_template_has_no_warnings(name):
    assert warnings(policy(name).rules) == []


def test_the_page_names_every_template():
    files = {path.name for path in (ROOT / "docs" / "policies").glob("*.json")}
    assert files == {f"{name}.json" for name in GOOD}
    assert all(f"[`{name}`]({name})" in PAGE for name in files)


def test_a_placeholder_is_refused_until_it_is_replaced():
    text = (ROOT / "docs" / "policies" / "withdraw.json").read_text()
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy(text)
    assert refused.value.field == "rules[0].to[0]"
