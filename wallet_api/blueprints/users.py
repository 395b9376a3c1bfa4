"""/v1/users: the wallets of one user, for other services."""

from typing import Any

from wallet_api.blueprints.access_control import audit_context, client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.paths import parse_fid_of_path, require_trading_chain
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import CHAINS, FID
from wallet_api.blueprints.schemas.users import (
    KeyAnswer,
    KeyBody,
    ServiceWallet,
    ServiceWalletList,
)
from wallet_api.crypto import hpke
from wallet_api.errors import (
    InvalidFid,
    InvalidRecipientKey,
    KeyReadDisabled,
    MnemonicRefused,
    UnsupportedChain,
    WalletNotFound,
)
from wallet_api.models import CHAIN_SPELLINGS, TRADING_CHAIN, Wallet

blueprint = Blueprint(
    "users", __name__, url_prefix="/v1/users/<fid>/wallets", description="The wallets of one user."
)

_FID = {"in": "path", "name": "fid", "required": True, "schema": FID}
_CHAIN = {"in": "path", "name": "chain", "required": True, "schema": {"enum": list(CHAINS)}}
_TRADING = {"in": "path", "name": "chain", "required": True, "schema": {"enum": [TRADING_CHAIN]}}


@blueprint.get("", parameters=[_FID])
@blueprint.requires(client("wallets:read"), InvalidFid)
@blueprint.response(200, ServiceWalletList)
def list_wallets(fid: str) -> dict[str, Any]:
    """List the wallets of a user, the Base Account first."""
    return {
        "data": application().wallets.list_wallets(parse_fid_of_path(fid), access=audit_context())
    }


@blueprint.get("/<chain>", parameters=[_FID, _CHAIN])
@blueprint.requires(client("wallets:read"), InvalidFid, UnsupportedChain, WalletNotFound)
@blueprint.response(200, ServiceWallet)
def get_wallet(fid: str, chain: str) -> Wallet:
    """Return the wallet of a user on a chain."""
    if chain not in CHAIN_SPELLINGS:
        raise UnsupportedChain("Unknown chain. Use ethereum or base-account.")
    wallet = application().wallets.get_wallet(parse_fid_of_path(fid), chain, access=audit_context())
    if wallet is None:
        raise WalletNotFound
    return wallet


@blueprint.put("/<chain>", parameters=[_FID, _CHAIN])
@blueprint.requires(client("wallets:write"), InvalidFid, UnsupportedChain, parameters=[_TRADING])
@blueprint.alt_response(
    201, schema=ServiceWallet, description="The wallet was created.", success=True
)
@blueprint.response(200, ServiceWallet, description="The wallet already existed.")
def ensure_wallet(fid: str, chain: str) -> tuple[Wallet, int]:
    """Create the trading wallet of a user if needed. The operation is idempotent."""
    user = parse_fid_of_path(fid)
    require_trading_chain(chain)
    wallet, created = application().wallets.get_or_create_trading_wallet(
        user, access=audit_context()
    )
    return wallet, 201 if created else 200


@blueprint.post("/<chain>/key", parameters=[_FID, _TRADING])
@blueprint.requires(
    client("keys:read"),
    InvalidFid,
    UnsupportedChain,
    InvalidRecipientKey,
    MnemonicRefused,
    KeyReadDisabled,
    WalletNotFound,
)
@blueprint.arguments(KeyBody, example={"reason": "sign swap 8c1f"})
@blueprint.response(200, KeyAnswer)
def read_key(body: dict[str, Any], fid: str, chain: str) -> dict[str, Any]:
    """Return the private key of a trading wallet, if that is enabled, and record why."""
    user = parse_fid_of_path(fid)
    require_trading_chain(chain)
    public_key = body["recipient_public_key"]
    # Validate first, so that no audit entry is written for a request that fails.
    recipient = None if public_key is None else hpke.Recipient(public_key)
    access = audit_context(
        reason=body["reason"], recipient=None if recipient is None else recipient.public_key
    )
    found = application().key_access.read(user, access=access)
    if recipient is None:
        return {"wallet": found.wallet, "private_key": f"0x{found.private_key.reveal().hex()}"}
    info = hpke.key_info(fid=user, chain=TRADING_CHAIN, address=found.wallet.address)
    encrypted = recipient.encrypt(found.private_key, info=info)
    return {
        "wallet": found.wallet,
        "encrypted_private_key": {
            "suite": hpke.SUITE,
            "enc": hpke.base64url(encrypted.enc),
            "ciphertext": hpke.base64url(encrypted.ciphertext),
            "info": info.decode(),
        },
    }
