"""`db doctor` reports readers of the tables, except those that the operator trusts."""

import shutil

import psycopg
import pytest

from tests.services.role_faults import CHANGE, READ, find_fault, role_faults
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database import sql as loader
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database


@pytest.mark.parametrize(
    "statement",
    ["grant select on wallets to hoster", "grant pg_read_all_data to hoster"],
)
def test_a_reader_is_a_fault_unless_the_operator_trusts_it(roles, statement):
    roles.do(statement)
    (found,) = [one for one in examine_database(roles) if one.subject == READ]
    assert found.serious
    assert [line.startswith("hoster may ") for line in found.faults] == [True]
    (found,) = [one for one in examine_database(roles, ["hoster"]) if one.subject == READ]
    assert found.faults == []


def test_a_publication_is_trusted_by_the_name_in_its_report(roles):
    roles.do("create publication feed for table wallets")
    assert role_faults(roles, "publication feed") == {}


def test_a_trusted_role_is_not_reported_but_its_members_are(roles):
    roles.do("grant select on wallets to web_anon")
    found = role_faults(roles, "web_anon")
    assert [line.partition(":")[0] for line in found.pop(READ)] == [
        "authenticator may act as web_anon"
    ]
    assert found == {}
    assert role_faults(roles, "web_anon", "authenticator") == {}


@pytest.mark.slow
def test_a_logical_replication_slot_is_reported(tmp_path):
    settings = {"wal_level": "logical"}
    with LocalPostgres(tmp_path, durable=False, settings=settings) as postgres:
        migrations.upgrade(Secret(postgres.url()))
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("select pg_create_logical_replication_slot('feed', 'pgoutput')")
        database = Database(Secret(postgres.url()), min_size=0, max_size=1, timeout_seconds=5)
        database.open()
        (found,) = [found for found in examine_database(database) if found.subject == READ]
        database.close()
    assert [line.partition(":")[0] for line in found.faults] == [
        "replication slot feed sends every change of this database"
    ]
    shutil.rmtree(postgres.home)


def test_the_runtime_role_can_report_the_rights_of_other_roles(roles):
    roles.do("grant insert on api_clients to web_anon, web", "set role web")
    find_fault(role_faults(roles), CHANGE, "web_anon may INSERT on api_clients")
    # Its own privileges are compared with what it needs.
    assert not any(line.startswith("web may") for line in role_faults(roles)[CHANGE])


def test_partitions_are_examined_like_tables(roles):
    roles.do(
        "insert into active_encryption_keys select key_id from encryption_keys",
        (loader.QUERIES / "operations/partitions.sql").read_text(),
        (loader.QUERIES / "operations/roles.sql").read_text(),
        "grant insert on wallets_7 to web_anon",
        "alter table wallets_8 owner to hoster",
    )
    found = role_faults(roles)
    find_fault(found, CHANGE, "web_anon may INSERT on wallets_7")
    find_fault(found, CHANGE, "hoster owns wallets_8")
