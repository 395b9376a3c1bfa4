"""Calls of the services that reach the trading wallet of one user."""

import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.services.storage import deposit_address
from tests.wallet_store import EXPECTED
from wallet_api.errors import StorageUnavailable

NEW_FID = 42
EXPECTED_KEY = next(e for e in EXPECTED if (e["fid"], e["chain"]) == (FID, "ethereum"))
LOOKS = {
    "get": lambda s: s.wallets.get_wallet(FID, "ethereum", access=ACCESS).address,
    "list": lambda s: s.wallets.list_wallets(FID, access=ACCESS)[-1].address,
    "ensure": lambda s: s.wallets.ensure_trading_wallet(FID, access=ACCESS).address,
    "key": lambda s: s.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS).wallet.address,
    "deposit": lambda s: deposit_address(s, FID),
}


def refuses_without_its_disk(services):
    """Check that every operation is refused, and return the reasons for the log."""
    wallets = services.wallets
    reasons = []
    for operation in (
        services.readiness.check,
        lambda: wallets.ensure_trading_wallet(FID, access=ACCESS),
        lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS),
        lambda: wallets.list_wallets(FID, access=ACCESS),
        lambda: wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(services, FID),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            operation()
        assert "mount its disk" in refusal.value.reason
        reasons.append(refusal.value.reason)
    return reasons
