"""Signatures by eth-account, each verified before it is returned.

eth-account is imported by the first signature, or by load(). A signature is verified by recovering
its signer with libsecp256k1, and comparing it with the wallet's address.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from eth_hash.auto import keccak

from wallet_api.crypto.key_pairs import recover_address
from wallet_api.errors import SignatureMismatch
from wallet_api.ethereum.authorizations import Authorization, SignedAuthorization
from wallet_api.ethereum.transactions import Transaction

# A second thread would take the limit that the import has just raised for the usual one.
_importing = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An ECDSA signature of a 32-byte digest by `address`. `y_parity` is 0 or 1."""

    address: str
    digest: bytes
    r: int
    s: int
    y_parity: int

    def to_bytes(self) -> bytes:
        """Return r, s and v in 65 bytes, as `personal_sign` does: v is 27 or 28."""
        return self.r.to_bytes(32) + self.s.to_bytes(32) + bytes([27 + self.y_parity])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """A signed transaction: `raw` is for `eth_sendRawTransaction`, and `hash` is its hash."""

    transaction: Transaction
    signature: Signature
    raw: bytes
    hash: bytes

    def as_json(self) -> dict[str, object]:
        """Return the transaction as JSON-RPC does: quantities and bytes are hex strings."""
        transaction, signature = self.transaction, self.signature
        y_parity = signature.y_parity
        # EIP-155
        v = 35 + 2 * transaction.chain_id + y_parity if transaction.type == 0 else y_parity
        return transaction.as_json() | {
            "v": hex(v),
            "r": hex(signature.r),
            "s": hex(signature.s),
            **({"yParity": hex(y_parity)} if transaction.type else {}),
            "hash": "0x" + self.hash.hex(),
        }


def load() -> Any:
    """Import eth-account, once in a process, and restore the recursion limit.

    The import takes half a second. It imports py_ecc, which raises the limit to 100,000: with that,
    a small body of nested brackets overflows the stack of C and ends the process.
    """
    with _importing:
        limit = sys.getrecursionlimit()
        try:
            import eth_account.messages  # noqa: PLC0415 (commands that do not sign do without)
        finally:
            sys.setrecursionlimit(limit)
    return eth_account


def message_digest(message: bytes) -> bytes:
    """Return the digest that `personal_sign` signs (EIP-191, version 0x45)."""
    return keccak(b"\x19Ethereum Signed Message:\n%d%b" % (len(message), message))


def sign_digest(digest: bytes, *, private_key: bytes, address: str) -> Signature:
    """Sign the digest of a message or of typed data. Raises SignatureMismatch.

    It was computed from a request that was read strictly: no client of the service chooses it.
    """
    signed = load().Account.unsafe_sign_hash(digest, _key_class()(private_key))
    return _verified(digest, signed, signed.v - 27, address)


@cache
def _key_class() -> Callable[[bytes], Any]:
    """Return a class of keys for eth-account that do not derive their public key.

    That is half of the time of a signature, for a point that _verified() recovers afterwards.
    """
    load()
    from eth_keys.datatypes import PrivateKey  # noqa: PLC0415 (as in load())

    class SigningKey(PrivateKey):
        def __init__(self, private_key: bytes) -> None:
            # The constructor of PrivateKey derives the public key.
            self._private_key = private_key

        def to_bytes(self) -> bytes:
            return self._private_key

    return SigningKey


def sign_transaction(
    transaction: Transaction, *, private_key: bytes, address: str
) -> SignedTransaction:
    """Sign a transaction. Raises SignatureMismatch."""
    signed = load().Account.sign_transaction(_transaction_fields(transaction), private_key)
    # Type 0 has v = 35 + 2 * chain id + parity (EIP-155), the others have the parity itself.
    y_parity = (signed.v - 35) % 2 if transaction.type == 0 else signed.v
    return SignedTransaction(
        transaction=transaction,
        signature=_verified(transaction.digest, signed, y_parity, address),
        raw=bytes(signed.raw_transaction),
        hash=bytes(signed.hash),
    )


def sign_authorization(
    authorization: Authorization, *, private_key: bytes, address: str
) -> SignedAuthorization:
    """Sign an authorization of a delegate (EIP-7702). Raises SignatureMismatch."""
    fields = {
        "chainId": authorization.chain_id,
        "address": authorization.delegate,
        "nonce": authorization.nonce,
    }
    signed = load().Account.sign_authorization(fields, private_key)
    signature = _verified(authorization.digest, signed, signed.y_parity, address)
    return SignedAuthorization(
        chain_id=authorization.chain_id,
        delegate=authorization.delegate,
        nonce=authorization.nonce,
        y_parity=signature.y_parity,
        r=signature.r,
        s=signature.s,
        authority=address.lower(),
    )


def _verified(digest: bytes, signed: Any, y_parity: int, address: str) -> Signature:
    """Return the signature if its signer is the address. Otherwise raise SignatureMismatch."""
    signer = recover_address(digest, r=signed.r, s=signed.s, y_parity=y_parity)
    if signer != address.lower():
        raise SignatureMismatch(
            "A signature does not recover to the address of the wallet",
            "Nothing was returned. Check the memory of this machine, and the versions of "
            "eth-account and coincurve.",
        )
    return Signature(address=address, digest=digest, r=signed.r, s=signed.s, y_parity=y_parity)


def _transaction_fields(transaction: Transaction) -> dict[str, Any]:
    """Return a transaction as eth-account takes it."""
    fields = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "gas": transaction.gas,
        "to": bytes.fromhex(transaction.to[2:]) if transaction.to else b"",
        "value": transaction.value,
        "data": transaction.data,
    }
    if transaction.type in (0, 1):
        fields["gasPrice"] = transaction.gas_price
    else:
        fields["maxFeePerGas"] = transaction.max_fee_per_gas
        fields["maxPriorityFeePerGas"] = transaction.max_priority_fee_per_gas
    if transaction.type == 0:
        return fields
    fields["type"] = transaction.type
    fields["accessList"] = [entry.as_json() for entry in transaction.access_list]
    if transaction.type == 4:
        fields["authorizationList"] = [item.as_json() for item in transaction.authorizations]
    return fields
