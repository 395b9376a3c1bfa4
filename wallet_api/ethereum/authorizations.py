"""Authorizations (EIP-7702), which let an account run the code of a contract."""

from collections.abc import Mapping
from dataclasses import dataclass

from eth_hash.auto import keccak

from wallet_api.crypto.key_pairs import recover_address
from wallet_api.ethereum import rlp_encoding
from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.ethereum.strict_json import (
    MAX_SAFE_INTEGER,
    member_of,
    read_address,
    read_list,
    read_object,
    read_quantity,
    refuse,
)

MAX_NONCE = MAX_SAFE_INTEGER
"""EIP-2681 allows nonces up to 2^64 - 2, but viem and ethers refuse those above 2^53 - 1."""
MAX_AUTHORIZATIONS = 16
"""Recovering the authority of each takes 0.1 ms."""

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The right of a contract, `delegate`, to be the code of an account (EIP-7702), unsigned.

    The zero address as delegate ends a delegation.
    """

    chain_id: int
    delegate: str
    nonce: int

    @property
    def digest(self) -> bytes:
        """What the account signs: the hash of 0x05 and the RLP of the three fields."""
        delegate = bytes.fromhex(self.delegate[2:])
        return keccak(b"\x05" + rlp_encoding.encode([self.chain_id, delegate, self.nonce]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAuthorization(Authorization):
    """A signed authorization. `authority` is the account that signed it, in lower case."""

    y_parity: int
    r: int
    s: int
    authority: str

    def as_json(self) -> dict[str, object]:
        """Return the authorization as an element of `authorizationList`."""
        return {
            "chainId": hex(self.chain_id),
            "address": self.delegate,
            "nonce": hex(self.nonce),
            "yParity": hex(self.y_parity),
            "r": hex(self.r),
            "s": hex(self.s),
        }


def read_authorization(given: object, *, chain_id: int) -> Authorization:
    """Read an authorization that the wallet is asked to sign. Raises NotSignable."""
    members = read_object(given, "", required=("chainId", "address", "nonce"))
    return _read_authorization(members, "", chain_id)


def read_chain_id(value: object, field: str, *, chain_id: int) -> int:
    """Return the chain id, which must be that of the request. Raises NotSignable."""
    # Zero means every chain in an authorization (EIP-7702), and viem refuses it in a transaction.
    if chain_id == 0 or read_quantity(value, field, highest=MAX_UINT256) != chain_id:
        refuse(field, f"It must be {chain_id:#x}, the chain of this request, and not 0.")
    return chain_id


def read_authorizations(given: object, *, chain_id: int) -> tuple[SignedAuthorization, ...]:
    """Read the `authorizationList` of a transaction. Raises NotSignable."""
    items = read_list(given, "authorizationList", longest=MAX_AUTHORIZATIONS)
    if not items:
        refuse("authorizationList", "It must have at least one authorization.")
    return tuple(
        _read_signed_authorization(item, f"authorizationList[{index}]", chain_id)
        for index, item in enumerate(items)
    )


def _read_signed_authorization(item: object, field: str, chain_id: int) -> SignedAuthorization:
    names = ("chainId", "address", "nonce", "yParity", "r", "s")
    members = read_object(item, field, required=names)
    authorization = _read_authorization(members, field, chain_id)
    y_parity = read_quantity(members["yParity"], member_of(field, "yParity"), highest=1)
    highest = {"r": _ORDER - 1, "s": _ORDER // 2}
    r, s = (
        read_quantity(members[name], member_of(field, name), lowest=1, highest=highest[name])
        for name in ("r", "s")
    )
    authority = recover_address(authorization.digest, r=r, s=s, y_parity=y_parity)
    if authority is None:
        refuse(field, "The signature belongs to no account.")
    return SignedAuthorization(
        chain_id=chain_id,
        delegate=authorization.delegate,
        nonce=authorization.nonce,
        y_parity=y_parity,
        r=r,
        s=s,
        authority=authority,
    )


def _read_authorization(members: Mapping[str, object], field: str, chain_id: int) -> Authorization:
    return Authorization(
        chain_id=read_chain_id(members["chainId"], member_of(field, "chainId"), chain_id=chain_id),
        delegate=read_address(members["address"], member_of(field, "address")),
        nonce=read_quantity(members["nonce"], member_of(field, "nonce"), highest=MAX_NONCE),
    )
