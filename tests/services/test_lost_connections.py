"""Work is done once after its connection is lost: one audit entry, and an intact chain."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.database import audited_actions
from tests.factories import (
    ACCESS,
    BASE_ACCOUNT,
    FID,
    OTHER_SECRET,
    POSTGRES,
    SECRET,
    client_changes,
    service,
)
from tests.faults.servers import Proxy, carry_all
from tests.leaks import LEAKS
from tests.policies import EVERYTHING, FEES, payments, policies_of, transfer
from tests.signing import CHAIN_ID
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.errors import DatabaseUnavailable
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.models import ClientRights
from wallet_api.policies.reading import read_policy, read_rules
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification
from wallet_api.services.deposits import DepositRequest, DepositService
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome
from wallet_api.services.signing.service import SigningService
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import Outcome, WalletImport
from wallet_api.services.wallets import BaseAccountWalletService

pytestmark = pytest.mark.slow

COMPLETE = re.compile(rb"C\0\0\0.[A-Z]+[ A-Z0-9]*\0", re.DOTALL)
OLD = EncryptionService(Secret(SECRET))
NEW = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


@dataclass
class Ground:
    """What an operation works on: a database behind a network that can be cut."""

    proxy: Proxy
    database: Database
    wallets: BaseAccountWalletService
    folder: Path
    url: str
    # Each keeps its directory open, and an act is done hundreds of times.
    repositories: dict[str, FilesystemWalletRepository] = field(default_factory=dict)

    def files(self, name=""):
        if name not in self.repositories:
            directory = WalletDirectory(self.folder / name)
            self.repositories[name] = FilesystemWalletRepository(directory, OLD)
        return self.repositories[name]


def read_key(ground, fid):
    assert ground.wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)


def sign_message(ground, fid):
    engine = replace(ACCESS, unrestricted=True)
    signed = SigningService(ground.wallets).sign_message(
        fid, b"hello", chain_id=1, address=None, method="personal_sign", access=engine
    )
    assert len(signed.result.to_bytes()) == 65


def sign_with_an_idempotency_key(ground, fid):
    engine = replace(ACCESS, idempotency_key="once")
    signing = SigningService(ground.wallets)
    delegate = {"chainId": "0x1", "address": BASE_ACCOUNT, "nonce": "0x0"}
    signed = signing.sign_authorization(
        fid, delegate, chain_id=1, method="sign/authorization", access=engine
    )
    # The key was used before, but not by an earlier request.
    assert not signed.repeated


def spend_all(ground, fid):
    """Spend all that the service's policy allows: a second payment would be refused."""
    signed = SigningService(ground.wallets).sign_transaction(
        fid, transfer(5), chain_id=CHAIN_ID, method="eth_signTransaction", access=ACCESS
    )
    assert signed.result.raw


def create_policy(ground, fid):
    policy = read_policy({"name": f"policy-{fid}", "rules": [EVERYTHING]})
    assert policies_of(ground.database).versions.create(policy, access=ACCESS).version == 1


def limit_wallet(ground, fid):
    rules = read_rules([EVERYTHING])
    assignments = policies_of(ground.database).assignments
    assert assignments.set_of_user(fid, rules, access=ACCESS).version == 1


def refuse_key(ground, fid):
    ground.wallets.refuse_key(fid, "ethereum", access=ACCESS)


def create_wallet(ground, fid):
    assert ground.wallets.get_or_create_trading_wallet(fid, access=ACCESS)[1]


def set_base_account(ground, fid):
    ground.wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)


def prepare_deposit(ground, fid):
    request = DepositRequest(
        asset="USDC", amount="20", base_address=BASE_ACCOUNT, idempotency_key="once"
    )
    deposits = DepositService(ground.database, ground.wallets, NETWORKS["base-mainnet"])
    assert not deposits.prepare(fid, request, access=ACCESS).replayed


def create_and_revoke_client(ground, fid):
    rights = ClientRights(scopes=frozenset({"keys:read"}))
    changes = client_changes(ground.database)
    made = changes.create(f"engine-{fid}", rights, creator=None, access=ACCESS)
    LEAKS.secrets.add(made.token.reveal())
    clients = ApiClientService(ground.database)
    assert clients.identify(made.token).name == f"engine-{fid}"
    assert changes.revoke(made.name, access=ACCESS).revoked_at is not None


def rotate(ground, fid):
    rotation = KeyRotation(ground.database, NEW, ACCESS)
    wallet = ground.database.run(lambda one: PostgresWalletRepository(one).get(fid, "ethereum"))
    assert [report.outcome for report in rotation.run([wallet])] == [RotationOutcome.REENCRYPTED]


def export(ground, fid):
    wallet = ground.database.run(lambda one: PostgresWalletRepository(one).get(fid, "ethereum"))
    reports = WalletExport(ground.database, ground.files("out"), OLD, ACCESS).run([wallet])
    assert [report.outcome for report in reports] == [Outcome.EXPORTED]


def import_file(ground, fid):
    secret = SecretRegistration(ground.database, OLD)
    imports = WalletImport(ground.database, ground.files(), OLD, secret, ACCESS, dry_run=False)
    reports = imports.run([f"wallet_{fid}_ethereum.json"])
    assert [report.outcome for report in reports] == [Outcome.IMPORTED]


# What each act adds to the log, and whether its user has a wallet before.
ACTS = {
    read_key: (["key.read"], True),
    refuse_key: (["key.refused"], True),
    sign_message: (["message.signed"], True),
    sign_with_an_idempotency_key: (["authorization.signed"], True),
    spend_all: (["transaction.signed"], True),
    create_policy: ([], False),
    limit_wallet: (["policy.changed"], False),
    create_wallet: (["wallet.created"], False),
    set_base_account: (["base_account.set"], True),
    prepare_deposit: (["wallet.created"], False),
    create_and_revoke_client: ([], False),
    rotate: (["key.resealed"], True),
    export: (["key.exported"], True),
    import_file: (["wallet.imported"], False),
}


@pytest.fixture
def ground(server, database_url, tmp_path):
    """A warm pool of one connection, through a proxy that carries everything so far."""
    with Proxy(server.port) as proxy:
        url = database_url.replace(f":{server.port}/", f":{proxy.port}/")
        database = Database(Secret(url), min_size=1, max_size=1, timeout_seconds=5)
        database.open()
        SecretRegistration(database, OLD).register()
        SecretRegistration(database, NEW).register()
        ground = Ground(proxy, database, service(database), tmp_path / "files", url)
        (ground.folder / "out").mkdir(parents=True)
        yield ground
        database.close()


def prepare(ground, act, fid):
    if fid == FID and act in (spend_all, sign_with_an_idempotency_key):
        delegation = {**EVERYTHING, "kinds": ["delegation"], "to": [BASE_ACCOUNT]}
        policies_of(ground.database).put_service(payments((86_400, 5)), FEES, delegation)
    if ACTS[act][1]:
        ground.wallets.ensure_trading_wallet(fid, access=ACCESS)
    elif act is import_file:
        ground.files().insert_if_absent(ground.wallets._new_wallet(fid))


def bytes_of(_to_server, data):
    """Return where the connection may be cut: at any byte."""
    return range(len(data))


def answers_of(to_server, data):
    """Return where the connection may be cut: just before each "done" that PostgreSQL sends."""
    return [] if to_server else [found.start() for found in COMPLETE.finditer(data)]


def cut_at(proxy, places_of, number):
    """Cut the connection once at a place; return a function that counts the places."""
    passed = 0

    def rule(to_server, data):
        nonlocal passed
        places = places_of(to_server, data)
        passed += len(places)
        if passed <= number:
            return None
        proxy.rule = carry_all
        return places[number - passed]

    proxy.rule = rule
    return lambda: passed


def check(ground, sql):
    twice = "select 1 from wallet_spends group by fid, kind having count(*) > 1"
    assert sql.execute(twice).fetchall() == []
    twice = "select 1 from policies group by name having count(*) > 1"
    assert sql.execute(twice).fetchall() == []
    twice = (
        "select 1 from wallet_audit_log where action like 'client.%'"
        " group by action, details ->> 'client' having count(*) > 1"
    )
    assert sql.execute(twice).fetchall() == []
    reports = []
    verification = AuditVerification(ground.database, NEW, unchained_before=None, storage=POSTGRES)
    verification.verify(reports.append)
    assert {report.outcome for report in reports} <= {EntryOutcome.INTACT}, reports


def cut_everywhere(ground, sql, act, places_of, step):
    """Cut the connection of an act at every `step`th place of its traffic; return how often."""
    entries, has_wallet = ACTS[act]
    prepare(ground, act, FID)
    count = cut_at(ground.proxy, places_of, 1 << 40)
    act(ground, FID)
    places = range(0, count(), step)
    for number in places:
        fid = FID + 1 + number
        prepare(ground, act, fid)
        for path in (ground.folder / "out").iterdir():
            path.unlink()
        cut_at(ground.proxy, places_of, number)
        act(ground, fid)
        ground.proxy.rule = carry_all
        assert audited_actions(sql, fid) == ["wallet.created"] * has_wallet + entries, number
    # The first traffic, which was counted, also prepares statements.
    assert ground.proxy.cuts > 0.8 * len(places)
    check(ground, sql)
    return len(places)


@pytest.mark.parametrize("act", ACTS)
def test_work_whose_response_is_lost_is_done_once(ground, sql, act):
    assert cut_everywhere(ground, sql, act, answers_of, step=1)


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("act", ACTS)
def test_work_that_is_cut_off_at_any_byte_is_done_once(ground, sql, capsys, act):
    # Thousands of bytes: each is tried of a signature, and every eleventh of the others.
    step = 1 if act is sign_message else 11
    count = cut_everywhere(ground, sql, act, bytes_of, step=step)
    with capsys.disabled():
        print(f"\n  {act.__name__}: cut off at {count} places, done once each time")


def down_from(places_of, number):
    """Return a rule that cuts the connection at a place, and every connection after it."""
    passed = 0

    def rule(to_server, data):
        nonlocal passed
        if passed > number:
            return 0
        places = places_of(to_server, data)
        before, passed = passed, passed + len(places)
        return places[number - before] if passed > number else None

    return rule


@pytest.mark.parametrize("act", [read_key, sign_message, sign_with_an_idempotency_key, spend_all])
def test_a_database_that_goes_down_at_any_statement_yields_no_key_without_an_entry(
    ground, sql, act
):
    def run(fid, rule_of):
        """Run the act in a process of its own. Return what rule_of() returns."""
        with Database(Secret(ground.url), min_size=1, max_size=1, timeout_seconds=1) as database:
            database.run(lambda connection: connection.execute("select 1"))
            # Every place of the act waits for it.
            database._timeout_seconds = 0.2
            process = replace(ground, database=database, wallets=service(database))
            told = rule_of()
            try:
                act(process, fid)
            finally:
                ground.proxy.rule = carry_all
        return told

    prepare(ground, act, FID)
    places = run(FID, lambda: cut_at(ground.proxy, answers_of, 1 << 40))()
    for number in range(places):
        prepare(ground, act, FID + 1 + number)
    for number in range(places):
        fid = FID + 1 + number
        with pytest.raises(DatabaseUnavailable):
            run(fid, lambda at=number: setattr(ground.proxy, "rule", down_from(answers_of, at)))
        # Only the answer to the commit can be lost after the entry was committed.
        assert audited_actions(sql, fid)[1:] in ([], ACTS[act][0]), number
    check(ground, sql)


@pytest.mark.parametrize("act", ACTS)
def test_a_dead_connection_in_the_pool_causes_no_error(ground, sql, act):
    """As after every restart of PostgreSQL, and after idle_session_timeout."""
    entries, has_wallet = ACTS[act]
    prepare(ground, act, FID)
    sql.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name = 'wallet-api' and datname = current_database()"
    )
    act(ground, FID)
    assert audited_actions(sql, FID) == ["wallet.created"] * has_wallet + entries
    check(ground, sql)
