"""The examination of a database: it finds what is wrong, and names it."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ACCESS, BASE_ACCOUNT, FID
from tests.service import ROOT
from wallet_api import migrations
from wallet_api.crypto.secret import Secret
from wallet_api.local_postgres import LocalPostgres
from wallet_api.services.doctor import TRIGGERS, Doctor


@pytest.fixture
def faults(database):
    """Return what is wrong, by subject."""

    def examine():
        return {found.subject: found.faults for found in Doctor(database).examine() if found.faults}

    return examine


# What the tests' server and its owner are like.
USUAL = {
    "fsync is on",
    "the connection is encrypted",
    "the role has no more rights than it needs",
}


def test_of_a_sound_database_nothing_but_this_server_is_found_fault_with(services, faults):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert faults().keys() == USUAL


def test_the_triggers_it_looks_for_are_those_that_there_are(sql):
    found = sql.execute("select tgname from pg_trigger where not tgisinternal").fetchall()
    assert {name for (name,) in found} == TRIGGERS


NOT_DURABLE = """
    do $$ begin
        execute format('alter database %I set synchronous_commit = off', current_database());
    end $$
"""
BROKEN_OFF = """
    update pg_index set indisvalid = false
    where indexrelid = 'idx_deposits_created_at'::regclass
"""
WITHOUT_KEY = """
    update wallets set encrypted_private_key = null, iv = null, scheme = null, key_id = null
"""
ELSEWHERE = f"""
    insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id)
    values ({FID}, gen_random_uuid(), 'ETH', 1, '{BASE_ACCOUNT}', '{BASE_ACCOUNT}', 1)
"""
WRONG = {
    "migrations are current": (
        ["delete from schema_migrations where version = '0018'"],
        "0018 is not applied",
    ),
    "synchronous_commit is on": ([NOT_DURABLE], "synchronous_commit is off: commits can be lost"),
    "every trigger is in force": (
        ["alter table wallets disable trigger wallets_are_never_deleted"],
        "wallets_are_never_deleted is not",
    ),
    "every constraint is validated": (
        ["alter table deposits add constraint late check (amount > 1) not valid"],
        "late",
    ),
    "every index is valid": (
        ["set allow_system_table_mods = on", BROKEN_OFF],
        "idx_deposits_created_at",
    ),
    "every trading wallet has a key": (
        ["alter table wallets drop constraint wallets_trading_wallet_has_a_key", WITHOUT_KEY],
        f"FID {FID}",
    ),
    "every secret is known": (
        ["update wallets set key_id = repeat('0', 16)"],
        f"FID {FID}",
    ),
    "deposits go to their user's wallet": ([ELSEWHERE], f"FID {FID}"),
}


@pytest.mark.parametrize("subject", WRONG)
def test_what_is_wrong_is_named(services, sql, database_url, subject):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    statements, fault = WRONG[subject]
    # As somebody would who is above every trigger.
    sql.execute("set session_replication_role = replica")
    for statement in statements:
        sql.execute(statement)
    command = [sys.executable, "-m", "wallet_api", "db", "doctor"]
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": database_url}
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    found = {finding["subject"]: finding["faults"] for finding in json.loads(done.stdout)}
    assert fault in found[subject]
    # fsync is off on the tests' server, which is a fault by itself.
    assert done.returncode == 1


def test_what_is_advice_does_not_fail_the_command(durable_url):
    command = [sys.executable, "-m", "wallet_api", "db", "doctor"]
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": durable_url}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "fine    fsync is on" in done.stdout
    assert "advice  the role has no more rights than it needs" in done.stdout
    assert "        DELETE on wallets (queries/roles.sql)" in done.stdout
    assert "FAULT" not in done.stdout


@pytest.fixture
def durable_url(tmp_path_factory):
    """A migrated database on a server that keeps what it commits."""
    with LocalPostgres(tmp_path_factory.mktemp("durable"), durable=True) as postgres:
        migrations.upgrade(Secret(postgres.url()))
        yield postgres.url()
    shutil.rmtree(postgres.home)
