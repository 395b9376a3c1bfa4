"""Base backup and WAL by the commands of docs/backup.md: the last wallet is restored."""

import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.recovery.page import BACKUPS, PAGE, Shell, command, settings
from tests.running_service import start_service
from wallet_api.crypto.secret import Secret
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

BEFORE_THE_BACKUP = range(1, 21)
AFTER_THE_BACKUP = range(21, 41)
LAST = 41
"""The user whose wallet was created right before the accident."""
RETURNED, NEWCOMER = 7, 42
"""A returning user and a new one, after the accident."""

ACCIDENT = "alter table wallets disable trigger all; delete from wallets"


class Primary:
    """A server that archives its WAL, the service on it, and every address that was returned."""

    def __init__(self, folder):
        self._folder = folder
        # The archive is next to the cluster: commands of PostgreSQL run in its data directory.
        archiving = settings("archive_command", backups="../backups")
        self.postgres = LocalPostgres(folder, durable=False, settings=archiving)
        self.addresses = {}
        self.service = None

    def __enter__(self):
        self.postgres.start()
        self.url = self.postgres.url()
        self.environ = {
            "DATABASE_URL": self.url,
            "ENCRYPTION_SECRET": SECRET,
            "JWT_SECRET": JWT_SECRET,
            "WEB_CONCURRENCY": "2",
        }
        self.backups = self.postgres.home / "backups"
        names = {**self.environ, "BASE": str(self.backups / "base")}
        self.shell = Shell(self.postgres, names, self.backups)
        return self

    def __exit__(self, *raised):
        if self.service is not None:
            self.service.stop()
        self.postgres.stop()
        shutil.rmtree(self.postgres.home)

    def serve(self, url):
        """Start the service on a server, in place of one that is running."""
        if self.service is not None:
            self.service.stop()
        log = self._folder / f"gunicorn-{time.monotonic_ns()}.log"
        LEAKS.logs.append(log)
        self.service = start_service({**self.environ, "DATABASE_URL": url}, log)

    def deposit(self, fids):
        """Let users deposit, all at once, and return their addresses by FID."""
        answers = self.service.crowd(self.service.deposit(fid, base=BASE_ACCOUNT) for fid in fids)
        assert {answer.status for answer in answers} == {200}
        return {
            fid: answer.body["depositAddress"] for fid, answer in zip(fids, answers, strict=True)
        }

    def hand_out(self, fids):
        self.addresses |= self.deposit(fids)

    def back_up(self):
        self.shell.succeed(command("pg_basebackup"), as_owner=True)
        self.shell.succeed(command("pg_verifybackup"), as_owner=True)


class Recovered(LocalPostgres):
    """A server whose cluster is made from a primary's backup, by the commands of the page."""

    def __init__(self, folder, primary, steps, **target):
        recovery = settings("restore_command", backups=primary.backups)
        super().__init__(folder, durable=False, settings={**recovery, **target})
        self._primary = primary
        self._steps = steps

    def _initialize(self, account):
        shutil.copy(self._primary.postgres.home / "password", self.home / "password")
        for step in self._steps:
            self._primary.shell.succeed(
                step,
                as_owner=True,
                PGDATA=self.home / "data",
                LOST=self._primary.postgres.home / "data",
            )


RESTORE = [command("cp --archive"), command("recovery.signal")]


@pytest.fixture
def recover(tmp_path_factory):
    """Start a recovered server: recover(primary, steps, recovery_target_xid="800")."""
    started = []

    def run(primary, steps=RESTORE, **target):
        postgres = Recovered(tmp_path_factory.mktemp("recovered"), primary, steps, **target)
        postgres.start()
        started.append(postgres)
        return postgres

    yield run
    for postgres in started:
        postgres.stop()
        shutil.rmtree(postgres.home)


@pytest.fixture
def primary(tmp_path_factory):
    """Return a primary whose last wallets are newer than its base backup."""
    with backed_up(tmp_path_factory) as primary:
        yield primary


@contextmanager
def backed_up(tmp_path_factory):
    with Primary(tmp_path_factory.mktemp("primary")) as primary:
        primary.shell.succeed(f"mkdir -p {BACKUPS}/wal", as_owner=True)
        migrations.upgrade(Secret(primary.url))
        primary.serve(primary.url)
        primary.hand_out(BEFORE_THE_BACKUP)
        primary.back_up()
        primary.hand_out(AFTER_THE_BACKUP)
        primary.hand_out([LAST])
        yield primary


@dataclass(frozen=True)
class Accident:
    """A primary that lost its wallets and went on, and which transaction it was."""

    primary: Primary
    since: dict[int, str]
    target: dict[str, str]
    committed_at: str


@pytest.fixture(scope="module")
def accident(tmp_path_factory):
    """Delete every wallet at once after the last one was made, and let the service go on."""
    with backed_up(tmp_path_factory) as primary:
        with psycopg.connect(primary.url) as somebody:
            somebody.execute(ACCIDENT)
        since = primary.deposit([NEWCOMER])
        # The audit log records who had a wallet: no user gets a second one.
        answer = primary.service.call(primary.service.deposit(RETURNED, base=BASE_ACCOUNT))
        assert (answer.status, answer.body["code"]) == (503, "database_damaged")
        archive_everything(primary)
        xid, committed_at = find_the_accident(primary)
        target = settings("recovery_target_xid", backups=primary.backups, **{"$XID": xid})
        yield Accident(primary, since, target, committed_at)


def archive_everything(primary):
    """Have all WAL of the primary archived, as the page says, and wait for it."""
    with psycopg.connect(primary.url, autocommit=True) as owner:
        (last,) = owner.execute("select pg_walfile_name(pg_current_wal_lsn())").fetchone()
    primary.shell.succeed(command("pg_switch_wal"))
    deadline = time.monotonic() + 60
    while not (primary.backups / "wal" / last).exists():
        assert time.monotonic() < deadline, "it is not archived"
        time.sleep(0.05)


def find_the_accident(primary):
    """Return the number and the time of the transaction that deleted, from the archive only."""
    files = sorted(path.name for path in (primary.backups / "wal").iterdir() if not path.suffix)
    names = {"FIRST": files[0], "LAST": files[-1]}
    deleted = primary.shell.succeed(command("--rmgr=Heap"), as_owner=True, **names)
    xid = re.findall(r"tx: +(\d+)", deleted)[-1]
    ended = primary.shell.succeed(command("--xid"), as_owner=True, XID=xid, **names)
    return xid, re.search(r"COMMIT ([-\d]+ [.:\d]+ \w+)", ended)[1]


def addresses_in(url):
    with psycopg.connect(url) as owner:
        rows = owner.execute("select fid, address from wallets where chain = 'ethereum'")
        return dict(rows.fetchall())


@pytest.mark.parametrize("by", ["xid", "time"])
def test_the_last_wallet_before_an_accident_is_restored(accident, recover, by):
    primary, target = accident.primary, dict(accident.target)
    if by == "time":
        assert "`recovery_target_time = '" in PAGE
        del target["recovery_target_xid"]
        target["recovery_target_time"] = accident.committed_at
    recovered = recover(primary, **target)
    # It waits at its target, and can be looked at.
    wait_for_the_pause(recovered.url())
    assert addresses_in(recovered.url()) == primary.addresses
    told = primary.shell.succeed(command("keys verify"), RESTORED_URL=recovered.url())
    assert f"{LAST} opened, 0 unreadable" in told


def test_restored_rows_are_merged_with_newer_ones(accident, recover, tmp_path):
    primary = accident.primary
    recovered = recover(primary, **accident.target)
    names = {"RESTORED_URL": recovered.url(), "FOLDER": tmp_path / "recovered"}
    wait_for_the_pause(recovered.url())
    primary.shell.succeed(command("pg_wal_replay_resume"), **names)
    wait_until_it_writes(recovered.url())
    primary.shell.succeed(command("wallets export"), **names)
    done = primary.shell.run(command("wallets import"), **names)
    assert f"{LAST} imported, 0 present, 0 conflict, 0 invalid" in done.stdout
    assert addresses_in(primary.url) == {**primary.addresses, **accident.since}
    done = primary.shell.run(command("wallets verify"), **names)
    assert f"{LAST} opened, 1 only in PostgreSQL, 0 unreadable" in done.stdout
    again = [RETURNED, LAST]
    assert primary.deposit(again) == {fid: primary.addresses[fid] for fid in again}


def test_a_lost_server_is_recovered_to_its_last_wallet_from_its_old_disk(primary, recover):
    """Its last WAL was never archived."""
    primary.postgres.kill()
    recovered = recover(primary, [*RESTORE, command("pg_wal/[0-9A-F]*")])
    wait_until_it_writes(recovered.url())
    assert addresses_in(recovered.url()) == primary.addresses
    told = primary.shell.succeed(command("keys verify"), RESTORED_URL=recovered.url())
    assert f"{LAST} opened, 0 unreadable" in told
    primary.serve(recovered.url())
    again = primary.deposit([*primary.addresses, NEWCOMER])
    assert again.pop(NEWCOMER) not in primary.addresses.values()
    assert again == primary.addresses


def wait_for_the_pause(url):
    wait_for(url, "select pg_get_wal_replay_pause_state() = 'paused'")


def wait_until_it_writes(url):
    wait_for(url, "select not pg_is_in_recovery()")


def wait_for(url, condition):
    deadline = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as owner:
        while owner.execute(condition).fetchone() != (True,):
            assert time.monotonic() < deadline, f"it does not come about: {condition}"
            time.sleep(0.05)
