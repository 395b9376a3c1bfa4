"""Signing requests for the tests of the signing service, and what those requests record."""

from dataclasses import replace

import pytest

from tests.database import recorded
from tests.factories import ACCESS, FID
from tests.policies import permit
from tests.signing import TOKEN
from wallet_api.ethereum.typed_data import read_typed_data

CHAIN_ID = 8453
ENGINE = replace(ACCESS, actor="client:engine", reason="swap 8c1f", unrestricted=True)
RESTRICTED = replace(ENGINE, unrestricted=False)
MESSAGE = b"Sign in to example.com"
SPENDER = "0x" + "22" * 20
TRANSACTION = {
    "type": "0x2",
    "nonce": "0x7",
    "gas": "0x186a0",
    "to": TOKEN,
    "maxFeePerGas": "0x77359400",
    "maxPriorityFeePerGas": "0x1",
    "data": "0xa9059cbb" + "00" * 12 + "22" * 20 + f"{5:064x}",
}
AUTHORIZATION = {"chainId": hex(CHAIN_ID), "address": SPENDER, "nonce": "0x7"}


def small_permit(owner, **changes):
    """Return a Permit of 9 units, with changes of its message."""
    data = permit(owner, 9, 99, SPENDER)
    return data | {"message": data["message"] | changes}


def sign_message(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "personal_sign", **options}
    return signing.sign_message(fid, MESSAGE, access=access, **given).result


def sign_typed_data(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "eth_signTypedData_v4", **options}
    read = read_typed_data(small_permit(SPENDER), chain_id=CHAIN_ID)
    return signing.sign_typed_data(fid, read, access=access, **given).result


def sign_transaction(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "method": "eth_signTransaction", **options}
    return signing.sign_transaction(fid, TRANSACTION, access=access, **given).result


def sign_authorization(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "method": "sign/authorization", **options}
    return signing.sign_authorization(fid, AUTHORIZATION, access=access, **given).result


KINDS = {
    "message.signed": sign_message,
    "typed_data.signed": sign_typed_data,
    "transaction.signed": sign_transaction,
    "authorization.signed": sign_authorization,
}
each_kind = pytest.mark.parametrize("sign", KINDS.values(), ids=KINDS)


def signing_entries(sql):
    return recorded(sql, "action, details::text")


def counted(counter, client="engine"):
    """Return the values of a counter for a client, by method."""
    (family,) = counter.collect()
    return {
        sample.labels["method"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["client"] == client
    }


def permit_batch(count):
    """Return a PermitBatch of Permit2 for this number of tokens."""
    details = {"token": "address", "amount": "uint160", "expiration": "uint48", "nonce": "uint48"}
    single = {"token": TOKEN, "amount": 2**160 - 1, "expiration": 2**48 - 1, "nonce": 0}
    return {
        "types": {
            "PermitBatch": [
                {"name": "details", "type": "PermitDetails[]"},
                {"name": "spender", "type": "address"},
                {"name": "sigDeadline", "type": "uint256"},
            ],
            "PermitDetails": [{"name": name, "type": kind} for name, kind in details.items()],
        },
        "primaryType": "PermitBatch",
        "domain": {
            "name": "Permit2",
            "chainId": CHAIN_ID,
            "verifyingContract": "0x000000000022d473030f116ddee9f6b43ac78ba3",
        },
        "message": {
            "details": [{**single, "amount": str(2**160 - 1)}] * count,
            "spender": SPENDER,
            "sigDeadline": str(2**256 - 1),
        },
    }
