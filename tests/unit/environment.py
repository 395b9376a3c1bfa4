"""Settings from an environment of the tests."""

import pytest

from wallet_api.config import (
    ConfigurationError,
    Settings,
)

REQUIRED = {
    "DATABASE_URL": "postgresql://app:the-database-password@db.example/wallets",
    "ENCRYPTION_SECRET": "an encryption secret of enough characters",
    "JWT_SECRET": "a signing secret of quite enough characters",
}
METRICS_TOKEN = "a metrics token of quite enough characters"


def settings(**changes):
    return Settings.from_environ({**REQUIRED, **changes})


def faults(**changes):
    """Return the faults of an environment, which are also the lines of the message."""
    with pytest.raises(ConfigurationError) as refusal:
        settings(**changes)
    first, *lines = str(refusal.value).splitlines()
    assert first == "wallet-api cannot start:"
    assert lines == [f"  - {fault}. {fault.remedy}" for fault in refusal.value.faults]
    return list(map(str, refusal.value.faults))
