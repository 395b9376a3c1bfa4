"""Calls of the services that reach the trading wallet of one user."""

from tests.factories import ACCESS, FID
from tests.services.storage import deposit_address
from tests.wallet_store import EXPECTED

NEW_FID = 42
EXPECTED_KEY = next(e for e in EXPECTED if (e["fid"], e["chain"]) == (FID, "ethereum"))
LOOKS = {
    "get": lambda s: s.wallets.get_wallet(FID, "ethereum", access=ACCESS).address,
    "list": lambda s: s.wallets.list_wallets(FID, access=ACCESS)[-1].address,
    "ensure": lambda s: s.wallets.ensure_trading_wallet(FID, access=ACCESS).address,
    "key": lambda s: s.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS).wallet.address,
    "deposit": lambda s: deposit_address(s, FID),
}
