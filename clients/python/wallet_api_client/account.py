"""An eth-account account whose private key stays in the service."""

from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
from eth_account.datastructures import SignedMessage, SignedTransaction
from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

_DOMAIN = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
_VERSION_OF_MESSAGES = b"E"
_MAX_SAFE_INTEGER = 2**53 - 1


class WalletAccount(BaseAccount):
    """A user's trading wallet, for libraries that take an account of eth-account.

    Each signature is one request, and one entry of the audit log. Methods raise Refusal, for
    example with the code policy_refused.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        fid: int,
        chain_id: int,
        address: str,
        reason: str | None = None,
    ) -> None:
        """`http` has the service's URL and the token of an API client: ServiceApi.account()."""
        self._http = http
        self._route = f"/v1/users/{fid}/wallets/ethereum/sign"
        self._chain_id = chain_id
        self._address = to_checksum_address(address)
        self._common = {} if reason is None else {"reason": reason}

    @property
    def address(self) -> Any:
        """The address of the wallet, with its checksum."""
        return self._address

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Sign a message of encode_defunct() (EIP-191).

        Raises ValueError for other messages: sign typed data with sign_typed_data().
        """
        if signable_message.version != _VERSION_OF_MESSAGES:
            raise ValueError("Only a hash of it is given. Sign typed data with sign_typed_data().")
        message = {"raw": "0x" + signable_message.body.hex()}
        return self._signed("message", message=message)

    def sign_typed_data(
        self,
        domain_data: Mapping[str, Any] | None = None,
        message_types: Mapping[str, Any] | None = None,
        message_data: Mapping[str, Any] | None = None,
        full_message: Mapping[str, Any] | None = None,
    ) -> SignedMessage:
        """Sign typed data (EIP-712): the first three arguments, or `full_message` alone."""
        if full_message is None:
            if domain_data is None or message_types is None or message_data is None:
                raise TypeError("Give domain_data, message_types and message_data.")
            domain_type = [
                {"name": name, "type": kind}
                for name, kind in _DOMAIN.items()
                if name in domain_data
            ]
            full_message = {
                "types": {"EIP712Domain": domain_type, **message_types},
                "primaryType": _primary_type(message_types),
                "domain": domain_data,
                "message": message_data,
            }
        return self._signed("typed-data", chainId=self._chain_id, typedData=_to_json(full_message))

    def sign_transaction(self, transaction_dict: Mapping[str, Any]) -> SignedTransaction:
        """Sign a transaction with all fields, as eth-account takes it. Send nothing.

        It is signed for the chain of the account.
        """
        defaults = {"from": self._address, "chainId": self._chain_id}
        transaction = _to_quantities(defaults | {**transaction_dict})
        answer = self._sign("transaction", chainId=self._chain_id, transaction=transaction)
        signed = answer["transaction"]
        return SignedTransaction(
            raw_transaction=HexBytes(answer["rawTransaction"]),
            hash=HexBytes(answer["hash"]),
            r=int(signed["r"], 16),
            s=int(signed["s"], 16),
            v=int(signed["v"], 16),
        )

    def unsafe_sign_hash(self, message_hash: Any) -> NoReturn:
        """Raise ValueError: the service signs nothing that it cannot read.

        eth-account's BaseAccount requires this method.
        """
        raise ValueError("The service does not sign a hash. Sign the message that was hashed.")

    def _signed(self, kind: str, **members: Any) -> SignedMessage:
        answer = self._sign(kind, **members)
        if answer["address"] != self._address:
            raise ValueError(f"The wallet of this user is {answer['address']}.")
        signature = HexBytes(answer["signature"])
        return SignedMessage(
            message_hash=HexBytes(answer["digest"]),
            r=int.from_bytes(signature[:32]),
            s=int.from_bytes(signature[32:64]),
            v=signature[64],
            signature=signature,
        )

    def _sign(self, kind: str, **members: Any) -> Any:
        return self._http.post(f"{self._route}/{kind}", json=members | self._common).json()


def _primary_type(types: Mapping[str, Any]) -> str:
    """Return the only type that no other type uses."""
    used = {member["type"].partition("[")[0] for members in types.values() for member in members}
    unused = [name for name in types if name not in used]
    if len(unused) != 1:
        raise ValueError("The primary type is ambiguous. Use full_message.")
    return unused[0]


def _to_json(value: Any) -> Any:
    """Return typed data as JSON: bytes as hex, and integers that JavaScript rounds as strings."""
    if isinstance(value, Mapping):
        return {name: _to_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(element) for element in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and abs(value) > _MAX_SAFE_INTEGER:
        return str(value)
    return value


def _to_quantities(value: Any) -> Any:
    """Return a transaction as JSON-RPC writes it: integers and bytes as hex."""
    if isinstance(value, Mapping):
        return {name: _to_quantities(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_to_quantities(element) for element in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int):
        return hex(value)
    return value
