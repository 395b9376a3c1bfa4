"""Default privileges of other roles on new tables; upgrades and roles.sql revoke them."""

import re
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import errors

from wallet_api.crypto.secret import Secret
from wallet_api.database import sql as loader
from wallet_api.services import migrations

pytestmark = pytest.mark.slow

ROLES_SQL = (loader.QUERIES / "operations/roles.sql").read_text()
PARTITIONS_SQL = (loader.QUERIES / "operations/partitions.sql").read_text()
OURS = (
    *("wallets", "wallet_audit_log", "wallet_audit_heads", "deposits", "encryption_keys"),
    *("active_encryption_keys", "api_clients", "schema_migrations"),
)
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
CLIENT = """
    insert into api_clients (id, name, token_hash, scopes)
    values (repeat('a', 16), 'intruder', repeat('b', 64), array['keys:read'])
"""
WALLET = """
    insert into wallets (fid, chain, wallet_type, address)
    values (1, 'base-account', 'base-account', '0x' || repeat('ab', 20))
"""
LEFT = "Could not revoke the privileges of {}: `wallet-api db doctor` reports who granted them."
# What a role with all privileges on tables does with them.
ATTACKS = (
    CLIENT,
    "select encrypted_private_key from wallets",
    "select token_hash from api_clients",
    "select actor from wallet_audit_log",
    "update wallets set address = '0x' || repeat('ab', 20)",
    WALLET,
    "insert into encryption_keys (key_id) values (repeat('a', 16))",
    "insert into schema_migrations (version) values ('9999')",
    "create table web_anon.mine (id text references api_clients)",
    "create trigger mine before insert on deposits for each row execute function refuse_change()",
    "select nextval('wallets_id_seq')",
    "select setval('wallet_audit_log_id_seq', 1)",
)


@pytest.fixture
def hosted(server):
    """An empty database of a hoster. Its owner is not a superuser, and a data API has two roles."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute("create role hosted_owner login createrole password 'a password'")
        for name in ("web_anon", "reporter", "backup"):
            admin.execute(f"create role {name} login password 'a password'")
        admin.execute("create database hosted owner hosted_owner")

        def url(role):
            return re.sub("//.*@", f"//{role}:a%20password@", server.url("hosted"))

        def upgrade():
            told = []
            migrations.upgrade(Secret(url("hosted_owner")), told.append)
            return [line for line in told if not line.startswith("Applying ")]

        with psycopg.connect(server.url("hosted"), autocommit=True) as hoster:
            hoster.execute("create schema authorization web_anon")
            # As PostgreSQL 15 and newer make it.
            hoster.execute("alter schema public owner to hosted_owner")
        with psycopg.connect(url("hosted_owner"), autocommit=True) as owner:
            yield SimpleNamespace(owner=owner, url=url, upgrade=upgrade)
        admin.execute("drop database hosted (force)")
        for name in ("wallet_api_runtime", "web", "web_anon", "reporter", "backup", "hosted_owner"):
            admin.execute(f"drop role if exists {name}")


def held(hosted, role):
    """Return what a role can do with our tables, their partitions and their sequences."""
    found = hosted.owner.execute(
        """
            select concat(privilege_name, ' on ', relname)
            from pg_class
            cross join unnest(%s::text[]) as privilege_name
            where
                relnamespace = 'public'::regnamespace
                and (
                    relkind in ('r', 'p') and has_table_privilege(%s, pg_class.oid, privilege_name)
                    or relkind in ('r', 'p') and privilege_name in ('SELECT', 'INSERT', 'UPDATE')
                    and has_any_column_privilege(%s, pg_class.oid, privilege_name)
                    or relkind = 'S' and privilege_name in ('SELECT', 'UPDATE')
                    and has_sequence_privilege(%s, pg_class.oid, privilege_name)
                    or relkind = 'S' and privilege_name = 'TRIGGER'
                    and has_sequence_privilege(%s, pg_class.oid, 'USAGE')
                )
            """,
        [list(PRIVILEGES), role, role, role, role],
    ).fetchall()
    return {privilege for (privilege,) in found}


def succeeding(hosted, role):
    """Return which attacks succeed, each in a transaction that is rolled back."""
    succeeded = []
    with psycopg.connect(hosted.url(role), autocommit=True) as connection:
        for attack in ATTACKS:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(attack)
                succeeded.append(attack)
            except errors.InsufficientPrivilege:
                pass
            except errors.IntegrityError:
                # It was allowed, and another guard refused it.
                succeeded.append(attack)
    return succeeded


@pytest.mark.parametrize("where", ["", "in schema public"])
@pytest.mark.parametrize("grantee", ["web_anon", "public"])
def test_default_privileges_leave_no_rights_after_an_upgrade(hosted, where, grantee):
    for kind in ("tables", "sequences"):
        hosted.owner.execute(f"alter default privileges {where} grant all on {kind} to {grantee}")
    told = hosted.upgrade()
    assert held(hosted, "web_anon") == set()
    assert succeeding(hosted, "web_anon") == []
    (line,) = told
    start = f"Revoked the privileges of {grantee} on public.active_encryption_keys, "
    assert line.startswith(start)
    assert hosted.upgrade() == []


def test_an_upgrade_revokes_rights_that_an_older_release_left(hosted):
    hosted.upgrade()
    # The hoster's default privileges may be gone, and what they granted is not.
    hosted.owner.execute("grant all on all tables in schema public to web_anon")
    hosted.owner.execute("grant all on all sequences in schema public to web_anon")
    assert succeeding(hosted, "web_anon") == list(ATTACKS)
    hosted.upgrade()
    assert succeeding(hosted, "web_anon") == []
    assert held(hosted, "web_anon") == set()


def test_the_roles_script_revokes_them_too(hosted):
    """Restoring a dump creates the tables again, and no upgrade follows."""
    hosted.upgrade()
    hosted.owner.execute("grant all on all tables in schema public to web_anon, public")
    hosted.owner.execute("grant all on all sequences in schema public to web_anon, public")
    hosted.owner.execute("grant create on schema public to web_anon")
    hosted.owner.execute("grant create on database hosted to web_anon, public")
    hosted.owner.execute(ROLES_SQL)
    assert held(hosted, "web_anon") == set()
    for create in ("create table public.mine (id bigint)", "create schema hosted_owner"):
        with (
            psycopg.connect(hosted.url("web_anon"), autocommit=True) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(create)


def test_partitions_are_revoked_as_well(hosted):
    hosted.upgrade()
    hosted.owner.execute("alter default privileges grant all on tables to web_anon")
    for script in (PARTITIONS_SQL, ROLES_SQL):
        with hosted.owner.transaction():
            hosted.owner.execute(script)
    assert held(hosted, "web_anon") == set()


WRITES = [
    *(
        f"grant {privilege} on deposits to reporter"
        for privilege in PRIVILEGES
        if privilege != "SELECT"
    ),
    "grant update (status) on deposits to reporter",
    "grant insert (fid) on wallets to reporter",
    "grant select, insert on wallets to reporter with grant option",
]


@pytest.mark.parametrize("grant", WRITES)
def test_a_role_with_any_other_privilege_than_reading_loses_all_privileges(hosted, grant):
    hosted.upgrade()
    hosted.owner.execute("grant select on all tables in schema public to reporter")
    hosted.owner.execute(grant)
    hosted.upgrade()
    assert held(hosted, "reporter") == set()


READS = [
    "grant select on all tables in schema public to reporter",
    "grant select on all sequences in schema public to reporter",
    "grant select (fid, address) on wallets to reporter",
    "grant pg_read_all_data to reporter",
]


@pytest.mark.parametrize("grant", READS)
def test_a_role_that_only_reads_keeps_its_privileges(hosted, server, grant):
    hosted.upgrade()
    with psycopg.connect(server.url("hosted"), autocommit=True) as admin:
        admin.execute(grant)
    before = held(hosted, "reporter")
    assert before
    assert hosted.upgrade() == []
    hosted.owner.execute(ROLES_SQL)
    assert held(hosted, "reporter") == before


def test_a_role_that_reads_new_tables_by_default_can_still_dump_them(hosted):
    hosted.owner.execute("alter default privileges grant select on tables to backup")
    hosted.owner.execute("alter default privileges grant usage, select on sequences to backup")
    hosted.upgrade()
    found = held(hosted, "backup")
    assert {f"SELECT on {name}" for name in (*OURS, "wallets_id_seq")} < found
    # USAGE, which draws numbers, is gone.
    assert all(privilege.startswith("SELECT on ") for privilege in found)


def test_the_runtime_role_keeps_its_rights_through_an_upgrade(hosted):
    hosted.upgrade()
    hosted.owner.execute(ROLES_SQL)
    hosted.owner.execute("create role web login in role wallet_api_runtime")
    before = held(hosted, "web")
    hosted.owner.execute("alter default privileges grant all on tables to web_anon")
    hosted.owner.execute("grant all on wallets to web_anon")
    hosted.upgrade()
    assert held(hosted, "web") == before
    assert "INSERT on wallets" in before


def test_rights_granted_by_a_revoked_role_are_revoked_too(hosted):
    hosted.upgrade()
    hosted.owner.execute("grant select, insert on wallets to reporter with grant option")
    with psycopg.connect(hosted.url("reporter"), autocommit=True) as reporter:
        reporter.execute("grant insert on wallets to web_anon")
    hosted.upgrade()
    assert held(hosted, "web_anon") == held(hosted, "reporter") == set()


def test_grants_of_another_grantor_are_not_reported_as_revoked(hosted):
    hosted.upgrade()
    hosted.owner.execute("grant select on wallets to reporter with grant option")
    with psycopg.connect(hosted.url("reporter"), autocommit=True) as reporter:
        reporter.execute("grant select on wallets to public")
    assert hosted.upgrade() == [LEFT.format("public on public.wallets")]


def test_a_table_of_another_owner_is_reported_and_the_upgrade_continues(hosted, server):
    hosted.upgrade()
    with psycopg.connect(server.url("hosted"), autocommit=True) as admin:
        admin.execute("alter table deposits owner to reporter")
        admin.execute("grant insert on deposits, wallets to web_anon")
    assert hosted.upgrade() == [
        "Revoked the privileges of web_anon on public.wallets.",
        LEFT.format("web_anon on public.deposits"),
    ]


def test_names_that_need_quotes_are_quoted(hosted, server):
    odd = '"web; drop table wallets --"'
    hosted.upgrade()
    with psycopg.connect(server.url("hosted"), autocommit=True) as admin:
        admin.execute(f"create role {odd}")
        admin.execute(f"grant all on wallets to {odd}")
        hosted.upgrade()
        admin.execute(f"drop role {odd}")


def test_tables_of_others_in_the_same_schema_keep_their_privileges(hosted):
    hosted.owner.execute("alter default privileges grant all on tables to web_anon")
    hosted.owner.execute("create table theirs (id bigint)")
    hosted.upgrade()
    hosted.owner.execute(ROLES_SQL)
    assert {privilege.rpartition(" ")[2] for privilege in held(hosted, "web_anon")} == {"theirs"}


def test_every_table_is_in_the_lists_of_revoked_privileges(sql):
    found = sql.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    tables = sorted(name for (name,) in found)
    for script in ("operations/roles.sql", "migrations.sql"):
        ((named),) = re.findall(
            r"'\{\s*([\w\s,]+?)\s*\}'::regclass\[\]", (loader.QUERIES / script).read_text()
        )
        assert re.split(r",\s*", named) == tables, script


def test_no_function_is_security_definer(sql):
    """So that EXECUTE, which PUBLIC has on a new function, gives no privileges."""
    found = sql.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    ).fetchall()
    assert found == []
