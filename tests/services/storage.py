"""Deposits and rows in tests of WALLET_STORAGE."""

from tests.factories import ACCESS, BASE_ACCOUNT
from wallet_api.services.deposits import DepositRequest


def deposit_address(services, fid):
    """Prepare a deposit and return the address that it goes to."""
    request = DepositRequest(
        asset="USDC", amount="20", base_address=BASE_ACCOUNT, idempotency_key=None
    )
    return services.deposits.prepare(fid, request, access=ACCESS).transfer.to_address


def rows(sql):
    """Return the address of every row by FID and chain."""
    found = sql.execute("select fid, chain, address from wallets").fetchall()
    return {(fid, chain): address for fid, chain, address in found}
