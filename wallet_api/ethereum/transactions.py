"""Strict reading of transactions, as JSON-RPC writes them, of the types 0, 1, 2 and 4.

Type 0 is EIP-155, type 1 EIP-2930, type 2 EIP-1559, and type 4 EIP-7702.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_hash.auto import keccak

from wallet_api.ethereum import rlp_encoding
from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.ethereum.authorizations import (
    MAX_NONCE,
    SignedAuthorization,
    read_authorizations,
    read_chain_id,
)
from wallet_api.ethereum.strict_json import (
    member_of,
    read_address,
    read_bytes,
    read_list,
    read_object,
    read_quantity,
    refuse,
)

MAX_GAS = 2**64 - 1
"""Nodes keep gas in 64 bits."""
MAX_INITCODE = 49_152
"""EIP-3860, in bytes."""
MAX_ACCESS_LIST = 256
"""The number of entries, and of all storage keys."""

_COMMON = {"from", "to", "value", "nonce", "gas", "data", "input", "chainId", "type"}
_MEMBERS = {
    0: _COMMON | {"gasPrice"},
    1: _COMMON | {"gasPrice", "accessList"},
    2: _COMMON | {"maxFeePerGas", "maxPriorityFeePerGas", "accessList"},
    4: _COMMON | {"maxFeePerGas", "maxPriorityFeePerGas", "accessList", "authorizationList"},
}
_BLOB_MEMBERS = ("maxFeePerBlobGas", "blobVersionedHashes", "blobs", "kzg", "sidecars")
_DYNAMIC_FEES = (2, 4)


@dataclass(frozen=True, slots=True)
class AccessListEntry:
    """An address in lower case, and its storage keys (EIP-2930)."""

    address: str
    storage_keys: tuple[bytes, ...]

    def as_json(self) -> dict[str, object]:
        """Return the entry as JSON-RPC does."""
        keys = ["0x" + key.hex() for key in self.storage_keys]
        return {"address": self.address, "storageKeys": keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A complete transaction without a signature.

    `to` is in lower case, or None if the transaction creates a contract. Amounts are in wei. Types
    0 and 1 have `gas_price`, and types 2 and 4 have both of the other fees. `sender` is `from` as
    the caller gave it, in lower case, or None. It is not signed.
    """

    type: int
    chain_id: int
    nonce: int
    gas: int
    to: str | None
    value: int
    data: bytes
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    access_list: tuple[AccessListEntry, ...] = ()
    authorizations: tuple[SignedAuthorization, ...] = ()
    sender: str | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, object]:
        """Return the transaction as JSON-RPC does, with `input` for the data."""
        fees = (
            ("gasPrice",)
            if self.gas_price is not None
            else ("maxPriorityFeePerGas", "maxFeePerGas")
        )
        quantities = {"type": self.type, "chainId": self.chain_id, "nonce": self.nonce}
        quantities |= {"gas": self.gas, "value": self.value}
        quantities |= dict(zip(fees, self._fees, strict=True))
        described: dict[str, object] = {name: hex(number) for name, number in quantities.items()}
        described |= {"to": self.to, "input": "0x" + self.data.hex()}
        if self.type:
            described["accessList"] = [entry.as_json() for entry in self.access_list]
        if self.authorizations:
            described["authorizationList"] = [item.as_json() for item in self.authorizations]
        return described

    @property
    def highest_fee(self) -> int:
        """The most that the transaction can cost in gas, in wei. L2s add a fee for data."""
        return self.gas * self._fees[-1]

    @property
    def _fees(self) -> tuple[int, ...]:
        """The price, or both fees of EIP-1559 in the order of their encoding."""
        fees = (self.gas_price, self.max_priority_fee_per_gas, self.max_fee_per_gas)
        return tuple(fee for fee in fees if fee is not None)

    @property
    def digest(self) -> bytes:
        """What the account signs: the hash of the unsigned transaction.

        eth-account encodes the transaction a second time when it signs. A signature of another
        encoding does not belong to the wallet's address, and is not returned.
        """
        to = bytes.fromhex(self.to[2:]) if self.to else b""
        call: list[rlp_encoding.Item] = [self.gas, to, self.value, self.data]
        if self.type == 0:
            # EIP-155
            return keccak(
                rlp_encoding.encode([self.nonce, *self._fees, *call, self.chain_id, 0, 0])
            )
        access_list: list[rlp_encoding.Item] = [
            [bytes.fromhex(entry.address[2:]), list(entry.storage_keys)]
            for entry in self.access_list
        ]
        fields: list[rlp_encoding.Item] = [
            self.chain_id,
            self.nonce,
            *self._fees,
            *call,
            access_list,
        ]
        if self.type == 4:
            fields.append(
                [
                    [a.chain_id, bytes.fromhex(a.delegate[2:]), a.nonce, a.y_parity, a.r, a.s]
                    for a in self.authorizations
                ]
            )
        return keccak(bytes([self.type]) + rlp_encoding.encode(fields))


def read_transaction(given: object, *, chain_id: int) -> Transaction:
    """Read the parameter of `eth_signTransaction`.

    `chain_id` is the chain for which it is signed. Raises NotSignable, which names the field.
    Compare `sender` with the address of the wallet before you sign. Policies decide about
    delegations.
    """
    type_ = _read_type(given)
    dynamic = type_ in _DYNAMIC_FEES
    fees = ("maxFeePerGas", "maxPriorityFeePerGas") if dynamic else ("gasPrice",)
    required = ("nonce", "gas", *fees, *(("to", "authorizationList") if type_ == 4 else ()))
    members = read_object(given, "", required=required, optional=_MEMBERS[type_])
    read_chain_id(members.get("chainId", hex(chain_id)), "chainId", chain_id=chain_id)
    sender = read_address(members["from"], "from") if "from" in members else None
    to = None
    if members.get("to") is not None or type_ == 4:
        to = read_address(members["to"], "to")
    amounts = {
        name: read_quantity(members[name], name, highest=MAX_UINT256)
        for name in ("value", *fees)
        if name in members
    }
    if dynamic and amounts["maxPriorityFeePerGas"] > amounts["maxFeePerGas"]:
        refuse("maxPriorityFeePerGas", "It must be at most maxFeePerGas.")
    return Transaction(
        type=type_,
        chain_id=chain_id,
        nonce=read_quantity(members["nonce"], "nonce", highest=MAX_NONCE),
        gas=read_quantity(members["gas"], "gas", highest=MAX_GAS),
        to=to,
        value=amounts.get("value", 0),
        data=_read_data(members, creates=to is None),
        gas_price=amounts.get("gasPrice"),
        max_fee_per_gas=amounts.get("maxFeePerGas"),
        max_priority_fee_per_gas=amounts.get("maxPriorityFeePerGas"),
        access_list=_read_access_list(members.get("accessList", [])),
        authorizations=read_authorizations(members["authorizationList"], chain_id=chain_id)
        if type_ == 4
        else (),
        sender=sender,
    )


def _read_type(given: object) -> int:
    """Return the type that is given, or the only one that has these members."""
    if not isinstance(given, dict):
        refuse("transaction", "It must be a JSON object.")
    for name in _BLOB_MEMBERS:
        if name in given:
            refuse(name, "Transactions with blobs (EIP-4844, type 3) are not signed here.")
    if "type" in given:
        type_ = given["type"]
        # web3.py sends it as its user wrote it, which is often a number.
        if type(type_) is not int:
            type_ = read_quantity(type_, "type", highest=0x7F)
        if type_ == 3:
            refuse("type", "Transactions with blobs (EIP-4844, type 3) are not signed here.")
        if type_ not in _MEMBERS:
            refuse("type", "It must be 0x0, 0x1, 0x2 or 0x4.")
        return type_
    if "authorizationList" in given:
        return 4
    if "maxFeePerGas" in given or "maxPriorityFeePerGas" in given:
        return 2
    return 1 if "accessList" in given else 0


def _read_data(members: Mapping[str, object], *, creates: bool) -> bytes:
    given = {name: read_bytes(members[name], name) for name in ("input", "data") if name in members}
    if len(set(given.values())) > 1:
        refuse("input", "It must equal `data`, or one of the two must be absent.")
    data = next(iter(given.values()), b"")
    if creates and not data:
        refuse("to", "It is missing. A transaction without it creates a contract, and needs data.")
    if creates and len(data) > MAX_INITCODE:
        refuse("data", f"The code that creates a contract has at most {MAX_INITCODE} bytes.")
    return data


def _read_access_list(given: object) -> tuple[AccessListEntry, ...]:
    entries = []
    keys_left = MAX_ACCESS_LIST
    for index, item in enumerate(read_list(given, "accessList", longest=MAX_ACCESS_LIST)):
        field = f"accessList[{index}]"
        members = read_object(item, field, required=("address", "storageKeys"))
        keys_field = member_of(field, "storageKeys")
        keys = read_list(members["storageKeys"], keys_field, longest=keys_left)
        keys_left -= len(keys)
        entries.append(
            AccessListEntry(
                read_address(members["address"], member_of(field, "address")),
                tuple(
                    read_bytes(key, f"{keys_field}[{position}]", length=32)
                    for position, key in enumerate(keys)
                ),
            )
        )
    return tuple(entries)
