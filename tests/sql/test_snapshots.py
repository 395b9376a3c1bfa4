"""The parameter types, columns and plan of each query: a changed query shows here.

`make snapshots` writes tests/sql/snapshots anew; the diff belongs to the pull request.
"""

import re
import shutil
from pathlib import Path

import psycopg
import pytest

from tests.sql.queries import FILES, FILL, describe, queries, subject_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Queries that the repositories send only to this release of PostgreSQL and newer ones.
NEEDS = {"role_checks.list_parameter_privileges": 15}
# Older releases plan some queries differently, and print plans in another form.
PLANS_SINCE = 18


@pytest.fixture(scope="module")
def filled(clone):
    """Yield a connection to one database for both tests, which change nothing."""
    with clone("filled") as url, psycopg.connect(url, autocommit=True) as sql:
        sql.prepare_threshold = None
        for statement in FILL.strip().rstrip(";").split(";\n"):
            sql.execute(statement)
        sql.execute("set plan_cache_mode = force_generic_plan")
        # What the queries on staged wallets find in their transaction.
        staging = queries("wallets/batches")["create_staging"].sql
        sql.execute(staging.replace(" on commit drop", ""))
        sql.execute("analyze staged_wallets")
        yield sql


def comparable(snapshot, file, release):
    """Return the part of a snapshot that a server of this release must reproduce."""
    sections = snapshot.strip().split("\n\n")
    kept = [
        s for s in sections if release >= NEEDS.get(f"{subject_of(file)}.{s.splitlines()[0]}", 0)
    ]
    text = "\n\n".join(kept)
    return text if release >= PLANS_SINCE else re.sub(r"\n  \|.*", "", text)


def test_every_query_equals_its_snapshot(filled, request: pytest.FixtureRequest):
    release = filled.info.server_version // 10_000
    found = {
        file: "\n\n".join(
            describe(filled, query)
            for name, query in queries(file).items()
            if release >= NEEDS.get(f"{subject_of(file)}.{name}", 0)
        )
        + "\n"
        for file in FILES
    }
    if request.config.getoption("--write"):
        assert release >= PLANS_SINCE, "snapshots need a newer PostgreSQL"
        shutil.rmtree(SNAPSHOTS)
        for file, text in found.items():
            path = SNAPSHOTS / f"{file}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    kept = {
        str(path.relative_to(SNAPSHOTS).with_suffix("")): path.read_text()
        for path in SNAPSHOTS.rglob("*.txt")
    }
    assert {file: comparable(text, file, release) for file, text in found.items()} == {
        file: comparable(text, file, release) for file, text in kept.items()
    }
    if release < PLANS_SINCE:
        pytest.skip(f"PostgreSQL {release}: THE PLANS OF THE SNAPSHOTS WERE NOT COMPARED.")


def test_every_query_of_the_request_path_is_answered_by_an_index(filled):
    # Asked once per process, connection or upgrade, of tables with a handful of rows; by
    # commands that look at every wallet; and for figures that count every wallet.
    exempt = {
        "stats.count_users",
        "encryption_keys.list_keys",
        "encryption_keys.lock_active",
        "encryption_keys.retire",
        "encryption_keys.count_wallets",
        "migrations.list_applied",
        "wallets.any_encrypted_key",
        "wallets.insert_staged",
        "wallets.count_to_reencrypt",
        "wallets.list_shared_addresses",
    }
    # Commands ask these of the whole database.
    for file in sorted(set(FILES) - {"database_checks", "audit/checks", "role_checks"}):
        for name, query in queries(file).items():
            statement = f"{subject_of(file)}.{name}"
            if statement not in exempt:
                assert "Seq Scan" not in describe(filled, query), statement
