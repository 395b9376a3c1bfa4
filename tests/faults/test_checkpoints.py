"""Checkpoints of the audit log with a synchronous standby and with a prepared transaction."""

import threading
from datetime import timedelta

import psycopg
import pytest

from tests.factories import ACCESS, POSTGRES, append_events
from tests.faults.servers import Server
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.errors import DatabaseUnavailable
from wallet_api.models import AuditEvent
from wallet_api.repositories.audit.checks import AuditCheckRepository
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

pytestmark = pytest.mark.faults

A_REFUSAL = AuditEvent(fid=1, chain="ethereum", action="key.refused", access=ACCESS)


@pytest.fixture(autouse=True)
def immediate(monkeypatch):
    """Cover the time until now, and wait for a second only."""
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    monkeypatch.setattr(audit_checkpoints, "_WRITERS_SECONDS", 1.0)


class Log:
    """The audit log of one server, and a command's way to it."""

    def __init__(self, url, encryption):
        self.database = Database(Secret(url), min_size=0, max_size=4, timeout_seconds=10)
        self.database.open()
        self._encryption = encryption
        self._verification = AuditVerification(
            self.database, encryption, unchained_before=None, storage=POSTGRES
        )

    def append(self):
        """Append an entry, in a transaction of its own."""

        def work(connection):
            with connection.transaction():
                append_events(connection, self._encryption, A_REFUSAL)

        self.database.run(work)

    def checkpoint(self):
        return self._verification.take_checkpoint(lambda _: None)

    def faults(self, against=None):
        reports = []
        self._verification.verify(reports.append, against=against)
        return [report.fault for report in reports if report.outcome is EntryOutcome.FAULTY]


@pytest.fixture
def log_on(encryption):
    logs = []

    def make(server, name):
        # The secret's tables are not looked at: nothing is encrypted here.
        logs.append(Log(server.url(name), encryption))
        return logs[-1]

    yield make
    for log in logs:
        log.database.close()


def test_a_checkpoint_does_not_include_a_commit_that_waits_for_the_standby(pair, log_on):
    log = log_on(pair.primary, pair.name)
    log.append()
    pair.standby.crash()
    appending = threading.Thread(target=log.append)
    appending.start()
    pair.waiting()
    with pytest.raises(DatabaseUnavailable) as refused:
        log.checkpoint()
    assert "may append to the audit log has been open" in refused.value.reason
    assert log.faults() == []
    pair.standby.start()
    pair.synchronous()
    appending.join()
    checkpoint = log.checkpoint()
    assert sum(checkpoint.entries) == 2
    assert log.faults(checkpoint) == []


def append_in_vain(log):
    """Append an entry whose wait for the standby is canceled, and that is not acknowledged."""
    with pytest.raises(DatabaseUnavailable):
        log.append()


def test_a_checkpoint_includes_nothing_that_a_failover_can_lose(pair, log_on):
    """An entry is visible although no standby has it, once the wait of its commit is canceled."""
    log = log_on(pair.primary, pair.name)
    log.append()
    pair.standby.crash()
    appending = threading.Thread(target=append_in_vain, args=[log])
    appending.start()
    pair.primary.administer(f"select pg_cancel_backend({pair.waiting()})")
    count = "select count(*) from wallet_audit_log"
    while pair.primary.query(pair.name, count) == [(1,)]:
        pass
    with pytest.raises(DatabaseUnavailable):
        log.checkpoint()
    pair.standby.start()
    pair.synchronous()
    appending.join()
    checkpoint = log.checkpoint()
    pair.primary.crash()
    pair.standby.administer("select pg_promote()")
    assert log_on(pair.standby, pair.name).faults(checkpoint) == []


def test_a_standby_neither_takes_nor_compares_checkpoints(pair, log_on):
    """It may lack entries that the primary has committed. Its own log can be verified."""
    primary, standby = log_on(pair.primary, pair.name), log_on(pair.standby, pair.name)
    primary.append()
    pair.standby.administer("select pg_wal_replay_pause()")
    primary.append()
    checkpoint = primary.checkpoint()
    assert standby.faults() == []
    for work in (standby.checkpoint, lambda: standby.faults(checkpoint)):
        with pytest.raises(DatabaseUnavailable) as refused:
            work()
        assert refused.value.reason.startswith("this is a standby")
    pair.standby.administer("select pg_wal_replay_resume()")


@pytest.mark.parametrize("restarts", [False, True])
def test_a_checkpoint_waits_for_a_prepared_transaction(
    keep, migrated, log_on, tmp_path, monkeypatch, restarts
):
    """It has no process, and after a restart of the server another identity."""
    server = keep(Server(tmp_path / "one", max_prepared_transactions="1"))
    name = migrated(server)
    log = log_on(server, name)
    log.append()
    with psycopg.connect(server.url(name), autocommit=True) as other:
        other.execute("begin")
        other.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, created_at)"
            " values (1, 2, 'ethereum', 'key.read', 'a', 'r', time_of_entry(clock_timestamp()))"
        )
        other.execute("prepare transaction 'one'")
    looks = []
    list_writers = AuditCheckRepository.list_writers

    def followed_by_a_restart(self):
        looks.append(list_writers(self))
        if restarts and len(looks) == 1:
            server.crash()
            server.start()
        # Until the second look, however long the restart takes.
        monkeypatch.setattr(audit_checkpoints, "_WRITERS_SECONDS", 60.0 if len(looks) == 1 else 0.0)
        return looks[-1]

    monkeypatch.setattr(AuditCheckRepository, "list_writers", followed_by_a_restart)
    with pytest.raises(DatabaseUnavailable) as refused:
        log.checkpoint()
    assert "may append to the audit log has been open" in refused.value.reason
    assert {len(writers) for writers in looks} == {1}
    assert (looks[0] != looks[-1]) == restarts
    server.query(name, "rollback prepared 'one'")
    assert sum(log.checkpoint().entries) == 1
