"""What tests of services share: the wallet service, as each process builds it."""

import pytest

from tests.conftest import SECRET
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.repositories.postgres import PostgresWalletRepository
from wallet_api.services.base_account_wallets import BaseAccountWalletService
from wallet_api.services.sealing_secret import SealingSecret


def service(database, secret=SECRET, *previous):
    """Return the service of one process; it has not checked its secret yet."""
    encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
    return BaseAccountWalletService(
        database, PostgresWalletRepository, encryption, SealingSecret(database, encryption)
    )


def rows(sql):
    return sql.execute("select * from wallets order by fid, chain").fetchall()


@pytest.fixture
def wallets(database):
    return service(database)
