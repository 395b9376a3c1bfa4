"""Logical backups by the commands of docs/backup.md: a restored database is complete and serves."""

import shutil

import psycopg
import pytest

from tests.database import new_database
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET
from tests.recovery.page import Shell, command
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services.diagnosis.database import examine_database

pytestmark = pytest.mark.faults

USERS = range(1, 31)
NEWCOMER = 31


@pytest.fixture(scope="module")
def new_server(tmp_path_factory):
    """A server that holds nothing."""
    with LocalPostgres(tmp_path_factory.mktemp("new"), durable=True) as postgres:
        yield postgres
    shutil.rmtree(postgres.home)


@pytest.fixture
def restored_url(new_server):
    """Return the URL of an empty database on that server."""
    with new_database(new_server, "restored") as url:
        yield url


@pytest.fixture
def shell(new_server, environ, restored_url, tmp_path):
    paths = {"DUMP": tmp_path / "wallets.dump", "CHECKPOINT": tmp_path / "checkpoint.json"}
    names = {name: str(path) for name, path in paths.items()}
    return Shell(new_server, {**environ, **names, "RESTORED_URL": restored_url})


@pytest.fixture
def restore(shell, database_url):
    """Dump the test's database and restore it on the new server, as the page says."""

    def run():
        shell.succeed(command("queries/operations/roles.sql"), RESTORED_URL=database_url)
        shell.succeed(command("pg_dump"))
        shell.succeed(command("pg_restore"))
        shell.succeed(command("queries/operations/roles.sql"))

    return run


@pytest.fixture
def addresses(services):
    """Make wallets, Base Accounts and a deposit, and return the trading addresses by FID."""
    made = {
        fid: services.wallets.ensure_trading_wallet(fid, access=ACCESS).address for fid in USERS
    }
    services.wallets.store_base_account_address(USERS[0], BASE_ACCOUNT, access=ACCESS)
    return made


def test_a_restored_dump_serves_the_same_addresses_and_creates_new_wallets(
    serve, addresses, restore, shell, restored_url
):
    restore()
    told = shell.succeed(command("keys verify"))
    assert told.startswith(f"{len(USERS) + 1} wallets in ")
    assert told.endswith(f": {len(USERS) + 1} opened, 0 unreadable\n")
    service = serve(DATABASE_URL=restored_url, WEB_CONCURRENCY="1")
    answers = service.crowd(service.deposit(fid, base=BASE_ACCOUNT) for fid in (*USERS, NEWCOMER))
    assert {answer.status for answer in answers} == {200}
    served = {
        fid: answer.body["depositAddress"]
        for fid, answer in zip((*USERS, NEWCOMER), answers, strict=True)
    }
    assert served.pop(NEWCOMER) not in addresses.values()
    assert served == addresses


def _schema(url):
    """Return every constraint, trigger and index as PostgreSQL writes it down, and table rights."""
    questions = (
        """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
        """,
        """
        select tgname, tgenabled, pg_get_triggerdef(oid) from pg_trigger
        where not tgisinternal
        """,
        "select indexname, indexdef from pg_indexes where schemaname = 'public'",
        """
        select table_name, column_name, privilege_type from information_schema.column_privileges
        where grantee = 'wallet_api_runtime'
        """,
    )
    with psycopg.connect(url) as connection:
        return [set(connection.execute(question).fetchall()) for question in questions]


def _findings(url):
    pool = Database(Secret(url), min_size=0, max_size=1, timeout_seconds=5)
    pool.open()
    try:
        found = {finding.subject: finding.faults for finding in examine_database(pool)}
    finally:
        pool.close()
    # The tests' server is fast, the new one is durable.
    del found["fsync is on"]
    return found


def test_a_restored_dump_has_every_guard_and_the_same_diagnosis(
    addresses, restore, shell, database_url, restored_url
):
    restore()
    shell.succeed(command("db doctor"))
    assert _findings(restored_url) == _findings(database_url)
    before, after = _schema(database_url), _schema(restored_url)
    assert after == before
    assert "wallets_are_never_deleted" in {name for name, _, _ in after[1]}
    with (
        psycopg.connect(restored_url) as owner,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        owner.execute("delete from wallets")


def test_a_restored_dump_under_a_wrong_secret_reports_it_and_creates_no_wallet(
    serve, addresses, restore, shell, restored_url
):
    restore()
    done = shell.run(command("keys verify"), ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ENCRYPTION_SECRET is not the secret")
    service = serve(DATABASE_URL=restored_url, ENCRYPTION_SECRET=OTHER_SECRET, WEB_CONCURRENCY="1")
    ready = service.get("/readyz")
    assert (ready.status, ready.body["code"]) == (503, "secret_mismatch")
    for fid in (USERS[0], NEWCOMER):
        assert service.call(service.deposit(fid, base=BASE_ACCOUNT)).status == 503
    with psycopg.connect(restored_url) as owner:
        count = owner.execute("select count(*) from wallets").fetchone()
    assert count == (len(USERS) + 1,)


def test_a_restored_dump_from_before_a_rotation_decrypts_with_the_earlier_secret(
    addresses, restore, shell
):
    restore()
    environ = {"ENCRYPTION_SECRET": OTHER_SECRET, "ENCRYPTION_SECRET_PREVIOUS": f'["{SECRET}"]'}
    assert f"{len(USERS) + 1} opened" in shell.succeed(command("keys verify"), **environ)


def test_a_restored_audit_log_is_verified_against_a_checkpoint(
    addresses, restore, shell, restored_url
):
    shell.succeed(command("audit verify --checkpoint"))
    restore()
    told = shell.succeed(command("audit verify --against"))
    assert told.endswith(
        f": {len(USERS) + 1} intact, 0 older than the chains, 0 archived, 0 faulty\n"
    )
    with psycopg.connect(restored_url) as thief:
        thief.execute("alter table wallet_audit_log disable trigger user")
        thief.execute("delete from wallet_audit_log where fid = %s", [USERS[0]])
    done = shell.run(command("audit verify --against"))
    assert done.returncode == 1
    assert f"FID {USERS[0]}" in done.stdout


def test_the_key_ids_of_a_dump_identify_the_secrets_that_it_needs(
    addresses, restore, shell, encryption, restored_url
):
    restore()
    told = shell.succeed(command("group by key_id"), DATABASE_URL=restored_url)
    assert [line.split() for line in told.splitlines() if "|" in line][1:] == [
        [encryption.key_id, "|", str(len(USERS))]
    ]
