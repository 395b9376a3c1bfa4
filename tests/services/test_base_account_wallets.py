"""The main job, without HTTP."""
import threading
def test_x(services):
    assert services.wallets.ensure_trading_wallet(5).fid == 5
