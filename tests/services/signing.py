"""The signing requests that the tests of the signing service make, and what they leave behind."""

from dataclasses import replace

import pytest

from tests.factories import ACCESS, FID
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


def permit(owner, **changes):
    """Return a Permit (ERC-2612) as JSON."""
    members = {"owner": "address", "spender": "address", "value": "uint256"}
    members |= {"nonce": "uint256", "deadline": "uint256"}
    return {
        "types": {"Permit": [{"name": name, "type": kind} for name, kind in members.items()]},
        "primaryType": "Permit",
        "domain": {
            "name": "USD Coin",
            "version": "2",
            "chainId": CHAIN_ID,
            "verifyingContract": TOKEN,
        },
        "message": {"owner": owner, "spender": SPENDER, "value": 9, "nonce": 0, "deadline": 99}
        | changes,
    }


def sign_message(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "personal_sign", **options}
    return signing.sign_message(fid, MESSAGE, access=access, **given)


def sign_typed_data(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "eth_signTypedData_v4", **options}
    read = read_typed_data(permit(SPENDER), chain_id=CHAIN_ID)
    return signing.sign_typed_data(fid, read, access=access, **given)


def sign_transaction(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "method": "eth_signTransaction", **options}
    return signing.sign_transaction(fid, TRANSACTION, access=access, **given)


KINDS = {
    "message.signed": sign_message,
    "typed_data.signed": sign_typed_data,
    "transaction.signed": sign_transaction,
}
each_kind = pytest.mark.parametrize("sign", KINDS.values(), ids=KINDS)


def entries(sql, columns="action, details::text"):
    query = f"select {columns} from wallet_audit_log where action <> 'wallet.created' order by id"
    return sql.execute(query).fetchall()


def counted(counter):
    (family,) = counter.collect()
    return {
        sample.labels["method"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_total")
    }
