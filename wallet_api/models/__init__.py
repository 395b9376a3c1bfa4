"""Frozen dataclasses for rows, one module for each subject, and the constants of the domain."""

from wallet_api.models.api_clients import (
    SCOPES,
    ApiClient,
    ClientRights,
    IPNetwork,
)
from wallet_api.models.audit import (
    ARCHIVE_ACTION,
    AUDIT_ACTIONS,
    KEY_USES,
    SERVICE_FID,
    AuditContext,
    AuditEntry,
    AuditEvent,
    AuditHead,
    IPAddress,
    RecordedSignature,
    read_details,
)
from wallet_api.models.deposits import (
    Deposit,
    RecordedDeposit,
)
from wallet_api.models.encryption_keys import (
    EncryptionKey,
)
from wallet_api.models.pagination import (
    Page,
    PageRequest,
    Position,
)
from wallet_api.models.policies import (
    PolicyAssignment,
    PolicyRow,
    UserPolicyRow,
)
from wallet_api.models.stats import (
    DepositSum,
    WalletCount,
)
from wallet_api.models.wallets import (
    BASE_ACCOUNT_CHAIN,
    BASE_ACCOUNT_SPELLINGS,
    CHAIN_SPELLINGS,
    MAX_FID,
    TRADING_CHAIN,
    NewWallet,
    Wallet,
    WalletWithKey,
)

__all__ = [
    "ARCHIVE_ACTION",
    "AUDIT_ACTIONS",
    "BASE_ACCOUNT_CHAIN",
    "BASE_ACCOUNT_SPELLINGS",
    "CHAIN_SPELLINGS",
    "KEY_USES",
    "MAX_FID",
    "SCOPES",
    "SERVICE_FID",
    "TRADING_CHAIN",
    "ApiClient",
    "AuditContext",
    "AuditEntry",
    "AuditEvent",
    "AuditHead",
    "ClientRights",
    "Deposit",
    "DepositSum",
    "EncryptionKey",
    "IPAddress",
    "IPNetwork",
    "NewWallet",
    "Page",
    "PageRequest",
    "PolicyAssignment",
    "PolicyRow",
    "Position",
    "RecordedDeposit",
    "RecordedSignature",
    "UserPolicyRow",
    "Wallet",
    "WalletCount",
    "WalletWithKey",
    "read_details",
]
