"""The rules that let the tables be distributed over many machines by fid.

They are read from the catalog, the migrations and the queries. A test also breaks each rule
and checks that it is found.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sql.distribution import (
    IN_A_STRING,
    PER_USER,
    faults_of,
    faults_when_distributed,
    without_do,
)
from tests.sql.queries import FILES, queries, subject_of
from wallet_api.database.sql_files import MIGRATIONS

PACKAGE = Path(__file__).resolve().parents[2] / "wallet_api"

# Each returns a row for each object that breaks its rule. A per-user table has a fid.
RULES = {
    "fid is a bigint that is never null": """
        select format('%s.%s', attrelid::regclass, attname)
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid
        where
            relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attname = 'fid'
            and not (atttypid = 'bigint'::regtype and attnotnull)
    """,
    "every per-user table has a primary key": """
        select holder.attrelid::regclass::text
        from pg_attribute as holder
        inner join pg_class on holder.attrelid = pg_class.oid
        where
            relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attname = 'fid'
            and not exists (
                select from pg_constraint where conrelid = holder.attrelid and contype = 'p'
            )
    """,
    "every unique index of a per-user table contains fid": """
        select indexrelid::regclass::text
        from pg_index
        inner join pg_attribute on indrelid = attrelid and attname = 'fid'
        inner join pg_class on indrelid = pg_class.oid
        where
            relnamespace = 'public'::regnamespace and (indisunique or indisexclusion)
            and not attnum = any(indkey)
    """,
    "a foreign key to a per-user table has fid on both sides": """
        select conname::text
        from pg_constraint
        inner join pg_attribute as named on confrelid = named.attrelid and named.attname = 'fid'
        left join pg_attribute as naming on conrelid = naming.attrelid and naming.attname = 'fid'
        where
            contype = 'f' and connamespace = 'public'::regnamespace
            and array_position(confkey, named.attnum)
            is distinct from array_position(conkey, naming.attnum)
    """,
    "no identity columns": """
        select format('%s.%s', attrelid::regclass, attname)
        from pg_attribute
        where attidentity <> ''
    """,
    "every sequence is a bigint": """
        select sequencename::text
        from pg_sequences
        where schemaname = 'public' and data_type <> 'bigint'::regtype
    """,
    "trigger functions access no table": """
        select distinct proname::text
        from pg_trigger
        inner join pg_proc on tgfoid = pg_proc.oid
        where
            not tgisinternal
            and prosrc ~* '\\m(select|insert|update|delete|merge|perform|execute)\\M'
    """,
}
BREAKS = {
    "fid is a bigint that is never null": ("create table t (fid int primary key)", "t.fid"),
    "every per-user table has a primary key": ("create table t (fid bigint not null)", "t"),
    "every unique index of a per-user table contains fid": (
        "create unique index one_user_only on wallets (lower(address))",
        "one_user_only",
    ),
    "a foreign key to a per-user table has fid on both sides": (
        "create table t (whose bigint constraint elsewhere references wallet_audit_heads (fid))",
        "elsewhere",
    ),
    "no identity columns": ("create table t (id int generated always as identity)", "t.id"),
    "every sequence is a bigint": ("create sequence s as integer", "s"),
    "trigger functions access no table": (
        """
        create function count_it() returns trigger language plpgsql as
        'begin update
        t set n = n + 1; return new; end';
        create trigger counted after insert on wallets for each row execute function count_it();
        """,
        "count_it",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_schema_follows_the_rules(sql, rule):
    assert sql.execute(RULES[rule]).fetchall() == []
    statement, culprit = BREAKS[rule]
    sql.execute(statement)
    assert (culprit,) in sql.execute(RULES[rule]).fetchall()


def test_the_per_user_tables_are_these(sql):
    found = sql.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'fid' order by table_name"
    ).fetchall()
    assert tuple(name for (name,) in found) == PER_USER


# Allowed faults, and why.
EXCEPTIONS = {
    # Upgrades wait for each other, and no request does.
    "migrations.try_lock": ["an advisory lock"],
    "migrations.unlock": ["an advisory lock"],
    # It sets search_path itself, and must call PostgreSQL's own functions under any.
    "session_settings.apply": ["a table by its schema"],
    # A role's name cannot be a parameter. The string is a REVOKE, which touches no row.
    "0005_create_revoke_other_rights.sql": [IN_A_STRING],
}


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=lambda path: path.name)
def test_every_migration_follows_the_rules(path):
    found = faults_of(path.read_text())
    assert list(found) == EXCEPTIONS.get(path.name, []), found


# The last one of release 1.0.0: up to it, migrations create what citus.sql distributes.
LAST_BEFORE_DISTRIBUTION = "0005_create_revoke_other_rights.sql"


def after_distribution():
    assert (MIGRATIONS / LAST_BEFORE_DISTRIBUTION).exists()
    paths = sorted(MIGRATIONS.glob("*.sql"))
    return {path.name: path.read_text() for path in paths if path.name > LAST_BEFORE_DISTRIBUTION}


def test_every_migration_runs_on_distributed_tables():
    found = {name: faults_when_distributed(text) for name, text in after_distribution().items()}
    assert not any(found.values()), found


def test_squawk_finds_no_fault_inside_do_blocks():
    """It does not read what is in a string."""
    squawk = Path(sys.executable).with_name("squawk")
    bad = "do $$\nbegin\n    alter table deposits add column n bigint not null;\nend\n$$;"

    def is_refused(name, text):
        command = [squawk, "--stdin-filepath", name]
        return subprocess.run(
            command, input=without_do(text), capture_output=True, text=True, check=False
        ).returncode

    assert is_refused("9999_bad.sql", bad)
    assert not [name for name, text in after_distribution().items() if is_refused(name, text)]


@pytest.mark.parametrize("file", FILES)
def test_every_query_follows_the_rules(file):
    for name, query in queries(file).items():
        found = faults_of(query.sql)
        assert list(found) == EXCEPTIONS.get(f"{subject_of(file)}.{name}", []), (name, found)


def test_only_an_upgrade_takes_advisory_locks_and_nothing_is_serializable():
    callers = {path.name for path in PACKAGE.rglob("*.py") if ".try_lock(" in path.read_text()}
    assert callers == {"migrations.py"}
    assert not any(
        re.search("isolation level serializable|IsolationLevel", path.read_text())
        for path in PACKAGE.rglob("*.py")
    )
