"""A database from before 1.0.0: `db upgrade` refuses it, and its rows are brought over."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.database import new_database, open_every_wallet
from tests.documentation.pages import read, section
from tests.factories import ACCESS, BASE_ACCOUNT, FID, new_client
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.services import migrations
from wallet_api.services.deposits import DepositRequest
from wallet_api.services.diagnosis.database import examine_database

USERS = range(FID, FID + 5)
TABLES = ("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads", "api_clients")


@pytest.fixture
def new_url(server):
    with new_database(server, "brought_over") as url:
        yield url


def rows(url):
    with psycopg.connect(url) as connection:
        return {
            table: sorted(map(str, connection.execute(f"select t.* from {table} as t").fetchall()))
            for table in TABLES
        }


def test_older_migrations_are_not_mistaken_for_those_of_this_version(new_url):
    """Databases from before 1.0.0 have 26 other migrations, and none adds these columns."""
    migrations.upgrade(Secret(new_url))
    with psycopg.connect(new_url) as connection:
        connection.execute("alter table wallet_audit_log rename mac_bytes to added_by_nobody")
        connection.execute("delete from schema_migrations where version > '0026'")
    with pytest.raises(migrations.MigrationError, match=r"before 1\.0\.0"):
        migrations.upgrade(Secret(new_url))


@pytest.mark.slow
def test_the_commands_of_the_changelog_copy_the_rows(
    services, encryption, database_url, new_url, environ, server
):
    for fid in USERS:
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    services.deposits.prepare(
        FID,
        DepositRequest(asset="USDC", amount="1", base_address=None, idempotency_key="k"),
        access=ACCESS,
    )
    new_client(services.clients, "keys:read")
    before = rows(database_url)
    assert all(before.values())
    page = section(read("CHANGELOG.md"), "### Databases from before 1.0.0")
    commands = re.findall(r"^ *\$ (.+)$", page, re.MULTILINE)
    assert len(commands) == 2
    path = os.pathsep.join(
        [str(server.bindir), str(Path(sys.executable).parent), os.environ["PATH"]]
    )
    for command in commands:
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**environ, "PATH": path, "OLD_URL": database_url, "NEW_URL": new_url},
            check=True,
        )
    assert rows(new_url) == before
    with psycopg.connect(new_url) as connection:
        assert open_every_wallet(connection, encryption).keys() == set(USERS)
    pool = Database(Secret(new_url), min_size=0, max_size=1, timeout_seconds=5)
    faults = [fault for found in examine_database(pool) if found.serious for fault in found.faults]
    # The server of the tests does without.
    assert faults == ["fsync is off: commits can be lost"]
    pool.close()
