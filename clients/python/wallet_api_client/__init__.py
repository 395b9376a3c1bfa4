"""A client of wallet-api: deposits, wallets, and an account whose key stays in the service."""

from wallet_api_client.account import WalletAccount
from wallet_api_client.api import Refusal, ServiceApi, UserApi
from wallet_api_client.deposits import to_transaction, verify_deposit
from wallet_api_client.types import Deposit, RecordedDeposit, Wallet

__all__ = [
    "Deposit",
    "RecordedDeposit",
    "Refusal",
    "ServiceApi",
    "UserApi",
    "Wallet",
    "WalletAccount",
    "to_transaction",
    "verify_deposit",
]
