"""What tests of services share: the wallet service, and a database for the doctor to examine."""

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import FID, SECRET
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection
from wallet_api.repositories.wallets import PostgresWalletRepository
from wallet_api.services.diagnosis.database import examine_database
from wallet_api.services.encryption_keys.registration import SealingSecret
from wallet_api.services.wallets import BaseAccountWalletService

A_WALLET = f"""
    insert into wallets
        (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id)
    values ({FID}, 'ethereum', 'trading', '0x{"ab" * 20}', repeat('ab', 48), repeat('cd', 12),
        'aes-256-gcm', repeat('ef', 8));
    insert into encryption_keys (key_id) values (repeat('ef', 8))
"""

# Make all entries as 1.0.0 wrote them.
TO_TEXT = """
update wallet_audit_log
set
    mac = encode(mac_bytes, 'hex'), mac_bytes = null,
    key_id = encode(key_id_bytes, 'hex'), key_id_bytes = null,
    request_id = coalesce(request_id, replace(request_uuid::text, '-', '')), request_uuid = null
where mac_bytes is not null
"""


def service(database, secret=SECRET, *previous):
    """Return the service of one process; it has not checked its secret yet."""
    encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
    return BaseAccountWalletService(
        database,
        lambda connection, _: PostgresWalletRepository(connection),
        encryption,
        SealingSecret(database, encryption),
    )


def rows(sql):
    return sql.execute("select * from wallets order by fid, chain").fetchall()


@pytest.fixture
def wallets(database):
    return service(database)


class Session:
    """A connection on which a test does what it likes, and the doctor looks at the result."""

    def __init__(self, connection):
        self.connection = connection

    def run(self, work):
        return work(self.connection)

    def do(self, *statements):
        for statement in statements:
            self.connection.execute(statement)

    def faults(self, *trusted):
        findings = examine_database(self, trusted)
        return {found.subject: found.faults for found in findings if found.faults}


@pytest.fixture(scope="module")
def wallets_url(clone):
    """Return the URL of a database with one wallet, which is as it was after every test."""
    with clone("examined") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(A_WALLET)
        yield url


@pytest.fixture
def session(wallets_url):
    with (
        Connection.connect(wallets_url, autocommit=True, row_factory=dict_row) as connection,
        connection.transaction(force_rollback=True),
    ):
        yield Session(connection)
