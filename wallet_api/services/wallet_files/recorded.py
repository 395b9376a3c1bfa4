"""Comparison of a wallet file with the audit log."""

from wallet_api.errors import KeyUnreadable
from wallet_api.models import TRADING_CHAIN, Wallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.file import file_name


def is_recorded(wallet: Wallet, audit: AuditRepository) -> bool:
    """Return whether the log records a trading wallet that was read from a file.

    A file does not contain its user: it may be a copy of another user's file. Raises KeyUnreadable
    if the log records another address for the user.
    """
    recorded = audit.get_trading_address(wallet.fid)
    if recorded is not None and recorded.lower() != wallet.address.lower():
        name = file_name(wallet.fid, TRADING_CHAIN)
        raise KeyUnreadable(f"the address in {name} is not the one in the audit log")
    return recorded is not None
