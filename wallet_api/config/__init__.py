"""Settings: every environment variable of the service, and the errors of wrong values."""

from wallet_api.config.reader import MIN_SECRET_LENGTH, OPENSSL_RAND, ConfigurationError
from wallet_api.config.settings import (
    Settings,
    TokenSettings,
    WalletSettings,
    read_database_url,
    read_token_settings,
    read_wallet_settings,
)

__all__ = [
    "MIN_SECRET_LENGTH",
    "OPENSSL_RAND",
    "ConfigurationError",
    "Settings",
    "TokenSettings",
    "WalletSettings",
    "read_database_url",
    "read_token_settings",
    "read_wallet_settings",
]
