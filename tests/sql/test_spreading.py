"""The rules under which the tables can be spread over many machines by fid.

They are read from the catalog, the migrations and the queries. Each is also broken on
purpose, to see that it is found.
"""

import re
from pathlib import Path

import pytest

from tests.sql.test_snapshots import SUBJECTS, queries
from wallet_api.migrations import MIGRATIONS

PER_USER = ("deposits", "wallet_audit_heads", "wallet_audit_log", "wallets")
PACKAGE = Path(__file__).resolve().parents[2] / "wallet_api"

# Each gives a row for whatever breaks its rule. A table of users is one that has a fid.
RULES = {
    "fid is a bigint that is never null": """
        select format('%s.%s', attrelid::regclass, attname)
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid
        where
            relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attname = 'fid'
            and not (atttypid = 'bigint'::regtype and attnotnull)
    """,
    "every table of users has a primary key": """
        select holder.attrelid::regclass::text
        from pg_attribute as holder
        inner join pg_class on holder.attrelid = pg_class.oid
        where
            relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attname = 'fid'
            and not exists (
                select from pg_constraint where conrelid = holder.attrelid and contype = 'p'
            )
    """,
    "fid is in everything unique of a table of users": """
        select indexrelid::regclass::text
        from pg_index
        inner join pg_attribute on indrelid = attrelid and attname = 'fid'
        inner join pg_class on indrelid = pg_class.oid
        where
            relnamespace = 'public'::regnamespace and (indisunique or indisexclusion)
            and not attnum = any(indkey)
    """,
    "a foreign key to a table of users has fid on both sides": """
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
    "what a trigger calls touches no table": """
        select distinct proname::text
        from pg_trigger
        inner join pg_proc on tgfoid = pg_proc.oid
        where not tgisinternal and prosrc ~* '(select|insert|update|delete|perform|execute) '
    """,
}
BREAKS = {
    "fid is a bigint that is never null": ("create table t (fid int primary key)", "t.fid"),
    "every table of users has a primary key": ("create table t (fid bigint not null)", "t"),
    "fid is in everything unique of a table of users": (
        "create unique index one_user_only on wallets (lower(address))",
        "one_user_only",
    ),
    "a foreign key to a table of users has fid on both sides": (
        "create table t (whose bigint constraint elsewhere references wallet_audit_heads (fid))",
        "elsewhere",
    ),
    "no identity columns": ("create table t (id int generated always as identity)", "t.id"),
    "every sequence is a bigint": ("create sequence s as integer", "s"),
    "what a trigger calls touches no table": (
        """
        create function count_it() returns trigger language plpgsql as
        'begin update t set n = n + 1; return new; end';
        create trigger counted after insert on wallets for each row execute function count_it();
        """,
        "count_it",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_schema_obeys(sql, rule):
    assert sql.execute(RULES[rule]).fetchall() == []
    statement, culprit = BREAKS[rule]
    sql.execute(statement)
    assert (culprit,) in sql.execute(RULES[rule]).fetchall()


def test_the_tables_of_users_are_these(sql):
    found = sql.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'fid' order by table_name"
    ).fetchall()
    assert tuple(name for (name,) in found) == PER_USER


def faults_of_migration(text):
    """Name what in a migration would break on many machines."""
    text = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE)
    unsafe = "set local citus.enable_unsafe_triggers = on;"
    if re.search(r"\bcreate (or replace |constraint )*trigger\b", text) and unsafe not in text:
        yield "a trigger without the setting that Citus wants"
    if re.search(r"\bgenerated\b.*\bas identity\b|\b(small|big)?serial\b", text):
        yield "an identity column"
    if re.search(r"\bpublic\.", text):
        yield "a table by its schema"


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=lambda path: path.name)
def test_every_migration_obeys(path):
    assert list(faults_of_migration(path.read_text())) == []


@pytest.mark.parametrize(
    "text",
    [
        "create trigger t before update on wallets for each row execute function f();",
        "-- set local citus.enable_unsafe_triggers = on;\ncreate or replace trigger t",
        "create table t (id bigint generated by default as identity)",
        "create table t (id bigserial)",
        "alter table public.wallets add column n bigint",
    ],
)
def test_a_migration_that_does_not_is_found(text):
    assert len(list(faults_of_migration(text))) == 1


SLOW_OR_REFUSED = {
    "a data-modifying CTE": r"\bwith\b.*\bas (materialized )?\(\s*(insert|update|delete|merge)\b",
    # Citus brings to a list what is joined to it, and that is everybody's rows.
    "a whole table joined to a list": rf"\bunnest\(.*\bleft join ({'|'.join(PER_USER)})\b",
    "a fid that changes": r"\bset\s+(\w+ = [^,]+, )*fid =",
    "a table by its schema": r"\bpublic\.",
}


def faults_of_query(text):
    """Name what in a statement would be slow, wrong or refused on many machines."""
    for fault, pattern in SLOW_OR_REFUSED.items():
        if re.search(pattern, text, re.DOTALL):
            yield fault
    # Citus can lock rows of one user, and of a table of which each machine has a copy.
    one_place = "%(fid)s" in text or re.search(r"\bfrom active_encryption_keys\b", text)
    if re.search(r"\bfor (no key )?(update|share|key share)\b", text) and not one_place:
        yield "a lock without fid"
    for action in re.findall(
        r"\bdo update\s+set\b(.*?)(?:\bwhere\b|\breturning\b|$)", text, re.DOTALL
    ):
        if re.search(r"= (?!excluded\.)", action):
            yield "an update on conflict that is not of what was excluded"
    for values in re.findall(r"\bvalues\s*\((.*)\)", text, re.DOTALL):
        if "select" in values:
            yield "a subquery in values"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_query_obeys(subject):
    for name, query in queries(subject).items():
        assert list(faults_of_query(query.sql)) == [], name


@pytest.mark.parametrize(
    "text",
    [
        "with made as (insert into wallets (fid) values (1) returning fid) select fid from made",
        "select fid from wallets where key_id = %(key_id)s::text for update",
        "insert into t (fid) values (1) on conflict (fid) do update set at = now()",
        "insert into t (fid, n) values (1, (select max(n) from t))",
        "update wallets set fid = %(fid)s::bigint",
        "select fid from public.wallets",
        "select w.id from unnest(%(fids)s) as f (fid) left join wallets as w on f.fid = w.fid",
    ],
)
def test_a_query_that_does_not_is_found(text):
    assert len(list(faults_of_query(text))) == 1


def test_only_an_upgrade_takes_advisory_locks_and_nothing_is_serializable():
    locking = {
        subject
        for subject in SUBJECTS
        if any("advisory" in query.sql for query in queries(subject).values())
    }
    assert locking == {"migrations"}
    callers = {path.name for path in PACKAGE.rglob("*.py") if ".try_lock(" in path.read_text()}
    assert callers == {"migrations.py"}
    assert not any(
        re.search("isolation level serializable|IsolationLevel", path.read_text())
        for path in PACKAGE.rglob("*.py")
    )
