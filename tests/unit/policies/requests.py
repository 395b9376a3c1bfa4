"""Requests to sign in the form in which clients send them, read as the service reads them."""

from eth_hash.auto import keccak

from wallet_api.ethereum import effects
from wallet_api.ethereum.transactions import read_transaction
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.policies.matching import Request

BASE = 8453
NOW = 1_796_000_000
WALLET = "0x24e08ce165170235ff6e27529b73f9933bcd74e2"
BASE_ACCOUNT = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
STRANGER = "0x" + "bad0" * 10
USDC = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
DAI = "0x50c5725949a6f0c72e6c4a641f24049a917db0cb"
PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"
ROUTER = "0x6ff5693b99212da76ad316178a184ab56d299b43"
UNLIMITED = 2**256 - 1

AUTHORIZATION = (
    "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
)
PERMIT = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
DETAILS = "address token,uint160 amount,uint48 expiration,uint48 nonce"


def transaction(*, chain_id=BASE, method="eth_signTransaction", wallet=WALLET, **fields):
    """Return a request for a transaction whose gas costs up to 0.00002 ETH."""
    given = {
        "type": "0x2",
        "nonce": "0x0",
        "gas": hex(200_000),
        "maxFeePerGas": hex(100_000_000),
        "maxPriorityFeePerGas": "0x1",
        **fields,
    }
    read = read_transaction(given, chain_id=chain_id)
    found = effects.of_transaction(read, sender=wallet)
    return Request(
        method=method, chain_id=chain_id, effects=found, wallet=wallet, typed_data=None, now=NOW
    )


def call(signature, *arguments, more=""):
    """Return the data of a call of a function whose arguments have a fixed length."""
    words = (f"{int(value, 16) if type(value) is str else value:064x}" for value in arguments)
    return "0x" + keccak(signature.encode())[:4].hex() + "".join(words) + more


def typed_data(primary_type, domain, message, *, chain_id=BASE, wallet=WALLET, **types):
    """Return a request for typed data. A type is its members: "address to,uint256 value"."""
    declared = {
        name: [
            dict(zip(("type", "name"), member.split(), strict=True)) for member in text.split(",")
        ]
        for name, text in types.items()
    }
    given = {"types": declared, "primaryType": primary_type, "domain": domain, "message": message}
    read = read_typed_data(given, chain_id=chain_id)
    return Request(
        method="eth_signTypedData_v4",
        chain_id=chain_id,
        effects=effects.of_typed_data(read, signer=wallet),
        wallet=wallet,
        typed_data=(read.domain.get("verifyingContract"), read.primary_type),
        now=NOW,
    )


def message(data, *, chain_id=BASE):
    """Return a request for a message."""
    found = effects.of_message(data)
    return Request(
        method="personal_sign",
        chain_id=chain_id,
        effects=found,
        wallet=WALLET,
        typed_data=None,
        now=NOW,
    )


def authorization(
    *,
    token=USDC,
    to=STRANGER,
    value=1_000_000,
    lasts=300,
    chain_id=BASE,
    primary_type="TransferWithAuthorization",
    sender=WALLET,
):
    """Return a request for a transfer by a signature (ERC-3009), as x402 asks for it."""
    domain = {"name": "USD Coin", "version": "2", "chainId": chain_id, "verifyingContract": token}
    fields = {
        "from": sender,
        "to": to,
        "value": str(value),
        "validAfter": NOW - 600,
        "validBefore": str(NOW + lasts),
        "nonce": "0x" + "ab" * 32,
    }
    return typed_data(
        primary_type, domain, fields, chain_id=chain_id, **{primary_type: AUTHORIZATION}
    )


def permit(*, token=USDC, spender=ROUTER, value=1_000_000, deadline=NOW + 300, owner=WALLET):
    """Return a request for an allowance by a signature (ERC-2612)."""
    domain = {"name": "USD Coin", "version": "2", "chainId": BASE, "verifyingContract": token}
    fields = {
        "owner": owner,
        "spender": spender,
        "value": str(value),
        "nonce": 0,
        "deadline": str(deadline),
    }
    return typed_data("Permit", domain, fields, Permit=PERMIT)


def permit2(
    *amounts,
    token=USDC,
    spender=ROUTER,
    lasts=1800,
    deadline=1800,
    chain_id=BASE,
    contract=PERMIT2,
    wallet=WALLET,
):
    """Return a request for one allowance at Permit2, or for several in one signature."""
    details = [
        {"token": token, "amount": str(amount), "expiration": NOW + lasts, "nonce": 0}
        for amount in amounts
    ]
    one = len(amounts) == 1
    primary_type, array = ("PermitSingle", "") if one else ("PermitBatch", "[]")
    return typed_data(
        primary_type,
        {"name": "Permit2", "chainId": chain_id, "verifyingContract": contract},
        {
            "details": details[0] if one else details,
            "spender": spender,
            "sigDeadline": str(NOW + deadline),
        },
        chain_id=chain_id,
        wallet=wallet,
        **{primary_type: f"PermitDetails{array} details,address spender,uint256 sigDeadline"},
        PermitDetails=DETAILS,
    )
