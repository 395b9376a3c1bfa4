"""Fixtures of the services' tests: the wallet service, wallet files, a database to examine."""

import shutil

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.factories import FID, service
from tests.wallet_store import SAMPLES
from wallet_api.blueprints.application import application
from wallet_api.database import Connection
from wallet_api.services.diagnosis.database import examine_database

A_WALLET = f"""
    insert into wallets
        (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id)
    values ({FID}, 'ethereum', 'trading', '0x{"ab" * 20}', repeat('ab', 48), repeat('cd', 12),
        'aes-256-gcm', repeat('ef', 8));
    insert into encryption_keys (key_id) values (repeat('ef', 8))
"""


@pytest.fixture
def wallets(database):
    return service(database)


class Session:
    """A connection on which a test changes the database before `db doctor` examines it."""

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


@pytest.fixture
def samples(folder):
    """Fill the folder of wallet files with every sample of the old service."""
    return shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)


@pytest.fixture
def start_services(make_app, folder):
    """Start the services of one process on wallet files: start_services("migrating")."""

    def start(mode, path=folder, **changes):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(path), **changes)
        return application(app)

    return start
