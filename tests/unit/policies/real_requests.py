"""Every kind of request that a client can send, with each combination of a few values.

They are read from what clients send, so that their effects are those that requests really have.
"""

from dataclasses import replace
from itertools import product

from tests.unit.policies.random_policies import ADDRESSES, SELECTORS, TOKENS
from tests.unit.policies.requests import (
    AUTHORIZATION,
    BASE,
    DETAILS,
    NOW,
    PERMIT,
    PERMIT2,
    STRANGER,
    WALLET,
    call,
    message,
    transaction,
    typed_data,
)
from wallet_api.crypto import key_pairs
from wallet_api.ethereum import effects
from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.signatures import sign_authorization
from wallet_api.policies.matching import Request

CHAINS = (1, BASE)
CONTRACTS = (None, PERMIT2, STRANGER, *TOKENS)
# Names of standards, of which these requests have other members.
UNKNOWN_TYPES = ("Order", "Permit", "PermitSingle", "PermitBatch", "TransferWithAuthorization")
PERMISSIONS = "address token,uint256 amount"
TRANSFER = "permitted,address spender,uint256 nonce,uint256 deadline"
ALLOWANCE = "details,address spender,uint256 sigDeadline"
AT_PERMIT2 = {
    "PermitSingle": (f"PermitDetails {ALLOWANCE}", False),
    "PermitBatch": (f"PermitDetails[] {ALLOWANCE}", True),
    "PermitTransferFrom": (f"TokenPermissions {TRANSFER}", False),
    "PermitBatchTransferFrom": (f"TokenPermissions[] {TRANSFER}", True),
    "PermitWitnessTransferFrom": (f"TokenPermissions {TRANSFER},bytes32 witness", False),
    "PermitBatchWitnessTransferFrom": (f"TokenPermissions[] {TRANSFER},bytes32 witness", True),
}


def by_transaction(chain_id):
    send = {"chain_id": chain_id}
    free = {"maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0"}
    yield transaction(data="0x6000", **send, **free)
    for to in ADDRESSES:
        yield transaction(to=to, **send)
        signed = sign_delegation(to, chain_id)
        yield transaction(type="0x4", to=to, authorizationList=[signed.as_json()], **send)
        for selector in SELECTORS:
            yield transaction(to=to, data=selector, **send)
    for token, party in product(TOKENS, (*ADDRESSES, PERMIT2)):
        yield transaction(to=token, data=call("transfer(address,uint256)", party, 0), **send)
        yield transaction(to=token, data=call("approve(address,uint256)", party, 0), **send)
        at_permit2 = call("approve(address,address,uint160,uint48)", token, party, 0, NOW)
        yield transaction(to=PERMIT2, data=at_permit2, **send)


def sign_delegation(delegate, chain_id):
    pair = key_pairs.generate()
    return sign_authorization(
        Authorization(chain_id=chain_id, delegate=delegate, nonce=1),
        private_key=pair.private_key.reveal(),
        address=pair.address,
    )


def by_typed_data(chain_id):
    def domain(contract, **members):
        named = {} if contract is None else {"verifyingContract": contract}
        return {**members, "chainId": chain_id, **named}

    # Any contract can be a token.
    for token, party in product((*TOKENS, PERMIT2), (*ADDRESSES, PERMIT2)):
        common = {"value": 0, "nonce": 0}
        for name in ("TransferWithAuthorization", "ReceiveWithAuthorization"):
            fields = {"from": WALLET, "to": party, "validAfter": 0, "validBefore": NOW, **common}
            fields["nonce"] = "0x" + "00" * 32
            yield typed_data(
                name, domain(token), fields, chain_id=chain_id, **{name: AUTHORIZATION}
            )
        fields = {"owner": WALLET, "spender": party, "deadline": NOW, **common}
        yield typed_data("Permit", domain(token), fields, chain_id=chain_id, Permit=PERMIT)
        for name in AT_PERMIT2:
            yield by_permit2(name, domain(PERMIT2, name="Permit2"), token, party, chain_id)
    for name, contract in product(UNKNOWN_TYPES, CONTRACTS):
        yield typed_data(name, domain(contract), {"a": 0}, chain_id=chain_id, **{name: "uint256 a"})


def by_permit2(name, domain, token, spender, chain_id):
    members, several = AT_PERMIT2[name]
    fields = {"spender": spender, "nonce": 0, "deadline": NOW, "sigDeadline": NOW}
    fields["witness"] = "0x" + "00" * 32
    if "PermitDetails" in members:
        structs = {"PermitDetails": DETAILS}
        one = {"token": token, "amount": 0, "expiration": NOW, "nonce": 0}
    else:
        structs = {"TokenPermissions": PERMISSIONS}
        one = {"token": token, "amount": 0}
    fields |= dict.fromkeys(("details", "permitted"), [one] if several else one)
    names = [member.split()[1] for member in members.split(",")]
    given = {member: fields[member] for member in names}
    return typed_data(name, domain, given, chain_id=chain_id, **{name: members}, **structs)


def all_requests():
    for chain_id in CHAINS:
        for request in by_transaction(chain_id):
            yield from by(request, "eth_signTransaction", "sign/transaction")
        for request in by_typed_data(chain_id):
            yield from by(request, "eth_signTypedData", "eth_signTypedData_v4", "sign/typed-data")
        for data in (b"hello", b"h" * 32):
            request = message(data, chain_id=chain_id)
            yield from by(request, "personal_sign", "eth_sign")
            yield replace(request, method="sign/message", chain_id=None)
        for delegate in ADDRESSES:
            signed = Authorization(chain_id=chain_id, delegate=delegate, nonce=1)
            yield Request(
                method="sign/authorization",
                chain_id=chain_id,
                effects=effects.of_authorization(signed, signer=WALLET),
                wallet=WALLET,
                typed_data=None,
                now=NOW,
            )


def by(request, *methods):
    return [replace(request, method=method) for method in methods]
