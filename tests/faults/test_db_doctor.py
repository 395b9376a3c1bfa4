"""`wallet-api db doctor`, for operators and their programs."""

import json
import os
import re
import shutil

import pytest

from tests.commands import Running, kept_environ
from tests.database import new_database
from wallet_api.crypto.secret import Secret
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations


@pytest.fixture
def doctor(tmp_path_factory):
    """Run `wallet-api db doctor` as an operator does."""

    def command(url, *options):
        environ = kept_environ({"DATABASE_URL": url})
        folder = tmp_path_factory.mktemp("command")
        return Running(("db", "doctor", *options), environ, folder).finish()

    return command


def test_the_command_fails_for_a_fault_and_reports_it_as_json(doctor, sql, database_url):
    sql.execute("drop trigger wallets_are_never_deleted on wallets")
    done = doctor(database_url, "--json")
    found = {finding["subject"]: finding["faults"] for finding in json.loads(done.out)}
    assert found["every trigger is present and enabled"] == [
        "trigger wallets_are_never_deleted is missing"
    ]
    assert done.status == 1


def test_a_database_that_was_never_upgraded_lacks_every_migration(doctor, server):
    with new_database(server, f"empty_{os.getpid()}") as url:
        done = doctor(url)
    assert done.status == 1
    assert "0001 is not applied" in done.out


def test_advice_does_not_fail_the_command(doctor, durable_url):
    done = doctor(durable_url)
    assert done.status == 0, done.out
    assert "fine    fsync is on" in done.out
    assert "advice  the role has no more privileges than it needs" in done.out
    excess = r"^        DELETE, .* on wallets \(queries/operations/roles.sql\)$"
    assert re.search(excess, done.out, re.MULTILINE)
    assert "FAULT" not in done.out


@pytest.fixture
def durable_url(tmp_path_factory):
    """A migrated database on a server that keeps what it commits."""
    with LocalPostgres(tmp_path_factory.mktemp("durable"), durable=True) as postgres:
        migrations.upgrade(Secret(postgres.url()))
        yield postgres.url()
    shutil.rmtree(postgres.home)
