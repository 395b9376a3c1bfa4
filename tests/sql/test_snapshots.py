"""The parameter types, columns and plan of each query: a changed query shows here.

`make snapshots` writes tests/sql/snapshots anew; the diff belongs to the pull request.
"""

from pathlib import Path

import pytest

from tests.sql.queries import FILL, SUBJECTS, describe, queries

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Queries that the repositories send only to this release of PostgreSQL and newer ones.
NEEDS = {"role_checks.list_parameter_rights": 15}


@pytest.fixture
def filled(sql):
    sql.prepare_threshold = None
    for statement in FILL.strip().rstrip(";").split(";\n"):
        sql.execute(statement)
    sql.execute("set plan_cache_mode = force_generic_plan")
    # What the queries on staged wallets find in their transaction.
    staging = queries("wallet_batches")["create_staging"].sql
    sql.execute(staging.replace(" on commit drop", ""))
    sql.execute("analyze staged_wallets")
    return sql


def sections(text):
    """Return the section of each query in a snapshot, by the query's name."""
    return {section.splitlines()[0]: section for section in text.strip().split("\n\n")}


def test_every_query_is_as_its_snapshot_says(filled, request: pytest.FixtureRequest):
    release = filled.info.server_version // 10_000
    left_out = {query for query, needed in NEEDS.items() if release < needed}
    found = {
        subject: {
            name: describe(filled, query)
            for name, query in queries(subject).items()
            if f"{subject}.{name}" not in left_out
        }
        for subject in SUBJECTS
    }
    if request.config.getoption("--write"):
        assert not left_out, "snapshots need a newer PostgreSQL"
        for stale in SNAPSHOTS.glob("*.txt"):
            stale.unlink()
        for subject, texts in found.items():
            (SNAPSHOTS / f"{subject}.txt").write_text("\n\n".join(texts.values()) + "\n")
    kept = {path.stem: sections(path.read_text()) for path in SNAPSHOTS.glob("*.txt")}
    for query in left_out:
        subject, name = query.split(".")
        del kept[subject][name]
    assert found == kept
    if left_out:
        pytest.skip(f"PostgreSQL {release} IS TOO OLD: {', '.join(left_out)} WAS NOT TRIED.")


def test_every_query_of_the_request_path_is_answered_by_an_index(filled):
    # Asked once per process, per start or per upgrade, of tables with a handful of rows; by
    # commands that look at every wallet; and for figures that count every wallet.
    exempt = {
        "api_clients.list_clients",
        "stats.count_users",
        "encryption_keys.list_keys",
        "encryption_keys.hold_active",
        "encryption_keys.retire",
        "encryption_keys.count_wallets",
        "migrations.list_applied",
        "wallets.any_sealed",
        "wallet_batches.insert_staged",
        "wallet_batches.count_all",
        "wallet_batches.count_to_reseal",
        "wallet_batches.list_shared_addresses",
    }
    # Commands ask these of the whole database.
    for subject in sorted(set(SUBJECTS) - {"database_checks", "audit_checks", "role_checks"}):
        for name, query in queries(subject).items():
            if f"{subject}.{name}" not in exempt:
                assert "Seq Scan" not in describe(filled, query), f"{subject}.{name}"
