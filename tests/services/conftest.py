"""Fixtures of the services' tests: the wallet service, wallet files, a database to examine."""

import hashlib
import os
import signal
from dataclasses import replace

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, SECRET, STORAGE_OF, service
from tests.policies import name_delegate
from tests.services.role_faults import ROLES
from tests.services.rotations import USERS
from tests.services.signing import SPENDER
from wallet_api.blueprints.application import application
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection
from wallet_api.database import sql as loader
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification
from wallet_api.services.diagnosis.database import examine_database
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.rotation import KeyRotation
from wallet_api.services.signing.signatures import SigningService

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


@pytest.fixture
def signing(wallets):
    return SigningService(wallets)


@pytest.fixture
def address(wallets):
    """Create a user's trading wallet and return its address."""
    return wallets.ensure_trading_wallet(FID, access=ACCESS).address


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
def roles(session):
    """Return a session with the service's roles and three other roles."""
    session.do((loader.QUERIES / "operations/roles.sql").read_text(), *ROLES)
    session.do("create role web login in role wallet_api_runtime")
    return session


@pytest.fixture
def start_services(make_app, folder):
    """Start the services of one process on wallet files: start_services("migrating")."""

    def start(mode, path=folder, **changes):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(path), **changes)
        return application(app)

    return start


@pytest.fixture
def suspend():
    """Suspend the process behind a connection until the test is over."""
    stopped = []

    def suspend_process(connection):
        stopped.append(connection.info.backend_pid)
        os.kill(stopped[-1], signal.SIGSTOP)

    yield suspend_process
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def log(database):
    """Five users with four entries each."""
    wallets = service(database)
    reader = replace(ACCESS, request_id="54ed0d9f1a504ed4801ddb06b16b9977")
    for fid in range(1, 6):
        wallets.ensure_trading_wallet(fid, access=ACCESS)
        wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        wallets.get_wallet_with_key(fid, "ethereum", access=reader)
        wallets.refuse_key(fid, "ethereum", access=ACCESS)
    return wallets


@pytest.fixture
def verification(database):
    def make(
        secret=SECRET,
        *previous,
        unchained_before=None,
        wallet_storage="postgres",
        archive=None,
        known_clients=(),
    ):
        encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
        return AuditVerification(
            database,
            encryption,
            unchained_before=unchained_before,
            storage=STORAGE_OF[wallet_storage],
            archive=archive,
            known_clients=known_clients,
        )

    return make


@pytest.fixture
def verify(verification):
    """Verify the log and return the faults, (fid, id, fault), and the number of intact entries."""

    def run(*secrets, fid=None, against=None, **options):
        reports = []
        one = verification(*secrets, **options)
        if fid is None:
            one.verify(reports.append, against=against)
        else:
            one.verify_user(fid, reports.append)
        faulty = [report for report in reports if report.outcome is EntryOutcome.FAULTY]
        intact = sum(report.outcome is EntryOutcome.INTACT for report in reports)
        return [(report.fid, report.id, report.fault) for report in faulty], intact

    return run


@pytest.fixture
def quick_derivation(monkeypatch):
    """Derive keys by one hash instead of scrypt, for tests of many secrets in one process."""

    def derive(secret, salt, n):
        return hashlib.sha256(salt + secret.reveal().encode()).digest()

    monkeypatch.setattr("wallet_api.crypto.encryption._scrypt", derive)


@pytest.fixture
def clients(database):
    return ApiClientService(database)


@pytest.fixture
def new_secret():
    return EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


@pytest.fixture
def old_service(database):
    """Create the wallets of twenty users under the old secret, and return their service."""
    old = service(database)
    for fid in USERS:
        old.ensure_trading_wallet(fid, access=ACCESS)
    old.store_base_account_address(1, BASE_ACCOUNT, access=ACCESS)
    return old


@pytest.fixture
def rotation(database, old_service, new_secret):
    SecretRegistration(database, new_secret).register()
    return KeyRotation(database, new_secret, ACCESS)


@pytest.fixture
def named_delegate(sql):
    """Let a policy allow everything for FID, also the delegation that tests sign."""
    name_delegate(sql, SPENDER)
