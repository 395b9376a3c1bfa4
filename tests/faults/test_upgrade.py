"""`wallet-api db …` as a deployment runs it: in separate, concurrent processes."""

import os
import subprocess
import sys
import time

import psycopg
import pytest

from tests.commands import Running, kept_environ
from tests.database import new_database
from tests.factories import JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.running_service import ROOT
from wallet_api.services.migrations import expected_versions

pytestmark = pytest.mark.slow


@pytest.fixture
def empty_url(server):
    with new_database(server, "empty") as url:
        yield url


@pytest.fixture
def command(tmp_path_factory):
    """Start `wallet-api …` as a deploy does: command(url, "db", "upgrade")."""

    def start(url, *arguments):
        environ = kept_environ({"DATABASE_URL": url})
        return Running(arguments, environ, tmp_path_factory.mktemp("command"))

    return start


def test_three_racing_upgrades_all_succeed_and_each_migration_is_applied_once(command, empty_url):
    racing = [command(empty_url, "db", "upgrade", "--json") for _ in range(3)]
    done = [process.finish() for process in racing]
    assert [one.status for one in done] == [0, 0, 0], done
    applied = [version for one in done for version in one.figures["applied"]]
    assert sorted(applied) == sorted(expected_versions())


def test_an_upgrade_waits_for_the_lock_without_holding_a_snapshot(command, empty_url):
    """A blocking lock would deadlock with another upgrade's create index concurrently."""
    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(7251304811)")
        waiting = command(empty_url, "db", "upgrade")
        polling = (
            "select count(*) from pg_stat_activity"
            " where query like '%%try_lock%%' and pid <> pg_backend_pid()"
        )
        while other.execute(polling).fetchone() == (0,):
            time.sleep(0.05)
        blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        assert other.execute(blocked).fetchone() == (0,)
        other.execute("create table something (id bigint)")
        other.execute("create index concurrently an_index on something (id)")
        assert waiting.is_running()
        other.execute("select pg_advisory_unlock(7251304811)")
        assert waiting.finish(30).status == 0


def test_status_has_a_nonzero_exit_status_when_migrations_are_missing(command, empty_url):
    before = command(empty_url, "db", "status", "--json").finish()
    assert before.figures["missing"] == sorted(expected_versions())
    assert before.status == 1
    assert "Applied 0001" in command(empty_url, "db", "upgrade").finish().out
    assert "Nothing to do" in command(empty_url, "db", "upgrade").finish().out
    after = command(empty_url, "db", "status").finish()
    assert "MISSING" not in after.out
    assert after.status == 0


def test_the_schema_in_the_url_is_upgraded(command, empty_url):
    with psycopg.connect(empty_url, autocommit=True) as owner:
        owner.execute("create schema app")
        upgrade = command(f"{empty_url}?options=-csearch_path%3Dapp", "db", "upgrade")
        done = upgrade.finish()
        assert done.status == 0
        assert done.err.splitlines()[0] == "Applying 0001_create_wallets."
        assert "Applied 0001" in done.out
        tables = "select distinct schemaname from pg_tables where tableowner = current_user"
        schemas = owner.execute(f"{tables} and schemaname !~ '^(pg_|information)'").fetchall()
    assert schemas == [("app",)]


def test_the_flask_command_reports_all_faults_in_one_message_too():
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "ENCRYPTION_SECRET": SECRET,
        "JWT_SECRET": JWT_SECRET,
    }
    finished = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("Error: the database cannot be reached: ")
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "DATABASE_URL is not set"),
        ("mysql://nowhere/none", "DATABASE_URL must begin with postgresql://"),
        ("postgresql://u:a-password-to-hide@127.0.0.1:1/none", "the database cannot be reached: "),
    ],
)
def test_a_fault_is_a_short_message_without_traceback_or_password(command, url, sentence):
    LEAKS.secrets.add("a-password-to-hide")
    done = command(url, "db", "upgrade").finish()
    assert done.status == 1
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert "a-password-to-hide" not in done.out + done.err
