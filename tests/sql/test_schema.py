"""schema.sql and catalog.json equal what the migrations create. `make schema` writes both."""

import json
import re

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.database import new_database
from tests.sql.schema import SCHEMA, dump
from wallet_api.database import Connection
from wallet_api.database.sql_files import CATALOG, MIGRATIONS, QUERIES
from wallet_api.repositories.database_checks import DatabaseCheckRepository


def test_schema_sql_equals_the_migrations(server, database_url, request: pytest.FixtureRequest):
    dumped = dump(server.bindir, database_url)
    if request.config.getoption("--write"):
        SCHEMA.write_text(dumped)
    assert SCHEMA.read_text() == dumped


RELATIONS = """
    select relname::text as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S')
"""
FUNCTIONS = """
    select proname::text as name from pg_proc where pronamespace = 'public'::regnamespace
"""
PRIVILEGES_ON_FUNCTIONS = """
    select item.privilege_type as name, granted.oid::regprocedure::text as place
    from pg_proc as granted
    cross join aclexplode(granted.proacl) as item
    where item.grantee = 'wallet_api_runtime'::regrole
"""


def catalog(connection: Connection) -> str:
    """Return what `db doctor` expects, one object or privilege a line. Run it in a transaction."""

    def names(query: str) -> list[str]:
        return [row["name"] for row in connection.execute(query.encode())]

    for script in ("roles", "clients"):
        connection.execute((QUERIES / f"operations/{script}.sql").read_bytes())
    checks = DatabaseCheckRepository(connection)
    relations = names(RELATIONS)
    ours = [name for name in relations if name != "schema_migrations"]
    schema = checks.list_schema_objects(ours, names(FUNCTIONS))
    privileges = [
        (row["name"], row["place"]) for row in connection.execute(PRIVILEGES_ON_FUNCTIONS)
    ]
    connection.execute("set local role wallet_api_runtime")
    privileges += checks.list_privileges(relations)
    sections = {"schema": sorted(schema), "privileges": sorted(privileges)}
    texts = (
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        for name, rows in sections.items()
    )
    return "{\n" + ",\n".join(texts) + "\n}\n"


def test_catalog_json_equals_the_migrations_and_roles(database_url, request: pytest.FixtureRequest):
    with (
        Connection.connect(database_url, autocommit=True, row_factory=dict_row) as connection,
        connection.transaction(force_rollback=True),
    ):
        found = catalog(connection)
    if request.config.getoption("--write"):
        CATALOG.write_text(found)
    assert CATALOG.read_text() == found


def test_a_restored_dump_is_dumped_identically(server):
    """Otherwise `db doctor` would report a restored backup as altered."""
    with new_database(server, "restored_schema") as url:
        with psycopg.connect(url) as connection:
            connection.execute(SCHEMA.read_text().encode())
        dumped = dump(server.bindir, url)
    assert dumped == SCHEMA.read_text()


def test_migrations_are_numbered_without_gaps_and_named_by_verb_and_object():
    names = sorted(path.name for path in MIGRATIONS.iterdir() if path.suffix == ".sql")
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z]+(_[a-z]+)+\.sql", name) for name in names)


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=lambda path: path.name)
def test_every_migration_sets_timeouts_and_has_no_down(path):
    text = path.read_text()
    # An index is built concurrently, outside of a transaction, and without a timeout.
    concurrently = "-- migrate:up transaction:false" in text
    assert bool(re.search("^(create|drop) index concurrently", text, re.MULTILINE)) == concurrently
    assert ("set local lock_timeout" in text) != concurrently
    assert ("set local statement_timeout" in text) != concurrently
    assert "raise exception 'migrations are forward only'" in text.split("-- migrate:down")[1]
