"""`db doctor` reports every right of other roles, and a statement that takes it away."""

import re
import shutil

import psycopg
import pytest

from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database import sql as loader
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database

CHANGE = "no other role can change these tables"
READ = "no other role can read these tables"
FUTURE = "default privileges grant nothing on our objects"
ROLES = (
    "create role web_anon",
    "create role authenticator login noinherit in role web_anon",
    "create role hoster login",
)
DATABASE = "do $$ begin execute format('{}', current_database()); end $$"
DEFINER = "returns bigint language sql security definer as"
LET_IN = "insert into api_clients select * from api_clients returning 1::bigint"
INDIRECT = (
    "grant web_anon to hoster; grant hoster to authenticator; revoke web_anon from authenticator"
)
AS_HOSTER = "grant insert on deposits to hoster with grant option; set role hoster;"
VIEWS = (
    "create view all_wallets as select * from wallets;"
    "create view some_wallets as select * from all_wallets"
)
NESTED = (
    "create function inner_one() returns bigint language sql as 'select count(*) from wallets';"
    f"create function outer_one() {DEFINER} 'select inner_one()'"
)
OF_A_READER = (
    "create role reporter; grant select (fid) on wallets to reporter;"
    "grant create on schema public to reporter;"
    f"create function theirs() {DEFINER} 'select 1::bigint';"
    "alter function theirs() owner to reporter"
)
OF_A_SUPERUSER = (
    f"create role root superuser; create function of_root() {DEFINER} 'select 1::bigint';"
    "alter function of_root() owner to root; revoke execute on function of_root() from public;"
    "grant execute on function of_root() to web_anon"
)
# What is done, under which subject the report must say so, and how the line must begin.
RIGHTS = [
    *((f"grant {right} on api_clients to web_anon", CHANGE,
       f"web_anon may {right.upper()} on api_clients")
      for right in ("insert", "update", "delete", "truncate", "references", "trigger")),
    ("grant insert (id), update (name) on api_clients to web_anon", CHANGE,
     "web_anon may INSERT (id), UPDATE (name) on api_clients"),
    ("grant all on schema_migrations to web_anon", CHANGE,
     "web_anon may DELETE, INSERT, "),
    ("grant select, insert on wallets to web_anon", CHANGE,
     "web_anon may INSERT, SELECT on wallets"),
    ("grant select on wallets to web_anon", READ, "web_anon may SELECT on wallets"),
    ("grant select (fid) on wallets to web_anon", READ, "web_anon may SELECT (fid) on wallets"),
    ("grant usage on sequence wallets_id_seq to web_anon", CHANGE,
     "web_anon may USAGE on wallets_id_seq"),
    ("grant select on sequence wallets_id_seq to web_anon", READ,
     "web_anon may SELECT on wallets_id_seq"),
    ("grant insert on wallets to public", CHANGE, "everybody may INSERT on wallets"),
    ("grant update (key_id) on wallets to public", CHANGE,
     "everybody may UPDATE (key_id) on wallets"),
    ("grant usage on sequence wallets_id_seq to public", CHANGE,
     "everybody may USAGE on wallets_id_seq"),
    ("grant select on deposits to public", READ, "everybody may SELECT on deposits"),
    ("grant create on schema public to public", CHANGE, "everybody may CREATE on the schema"),
    ("grant create on schema public to web_anon", CHANGE, "web_anon may CREATE on the schema"),
    (DATABASE.format("grant create on database %I to web_anon"), CHANGE,
     "web_anon may CREATE on the database"),
    # A member of a role that has rights.
    ("grant insert on deposits to web_anon", CHANGE, "authenticator may act as web_anon"),
    ("grant select on deposits to web_anon", READ, "authenticator may act as web_anon"),
    (f"grant insert on deposits to web_anon; {INDIRECT}", CHANGE,
     "authenticator may act as web_anon through hoster"),
    # Another grantor.
    (f"{AS_HOSTER} grant insert on deposits to web_anon; reset role", CHANGE,
     "web_anon may INSERT on deposits: as hoster, revoke INSERT"),
    # The owner, a superuser, the service.
    ("create role keeper; alter table wallets owner to keeper; grant keeper to web_anon", CHANGE,
     "web_anon may act as keeper"),
    ("create role root superuser; grant root to web_anon", CHANGE, "web_anon may act as root"),
    ("grant web to hoster", CHANGE, "hoster may act as wallet_api_runtime through web"),
    ("grant delete on wallets to wallet_api_runtime", CHANGE,
     "wallet_api_runtime may DELETE on wallets"),
    ("grant update (key_id) on wallets to web", CHANGE, "web may UPDATE (key_id) on wallets"),
    # Who owns what our tables are in.
    ("alter table deposits owner to hoster", CHANGE, "hoster owns deposits"),
    ("alter function time_of_entry owner to hoster", CHANGE,
     "hoster owns function time_of_entry("),
    ("alter schema public owner to hoster", CHANGE, "hoster owns the schema"),
    (DATABASE.format("alter database %I owner to hoster"), CHANGE, "hoster owns the database"),
    # Roles and attributes that need no grant.
    *((f"grant {role} to hoster", READ, f"hoster may act as {role}")
      for role in ("pg_read_all_data", "pg_read_server_files")),
    *((f"grant {role} to hoster", CHANGE, f"hoster may act as {role}")
      for role in ("pg_write_all_data", "pg_write_server_files", "pg_execute_server_program")),
    ("alter role hoster replication", READ, "hoster may copy every row (REPLICATION)"),
    # What reads our tables for others.
    ("create view all_wallets as select * from wallets; grant select on all_wallets to web_anon",
     READ, "web_anon may SELECT on all_wallets"),
    (f"{VIEWS}; grant select on some_wallets to web_anon", READ,
     "web_anon may SELECT on some_wallets"),
    ("create view clients as select * from api_clients; grant insert on clients to web_anon",
     CHANGE, "web_anon may INSERT on clients"),
    ("create materialized view kept as select * from wallets; grant select on kept to web_anon",
     READ, "web_anon may SELECT on kept"),
    (f"create function count_them() {DEFINER} 'select count(*) from wallets'", READ,
     "everybody may EXECUTE on function count_them()"),
    (f"create function let_me_in() {DEFINER} '{LET_IN}'", CHANGE,
     "everybody may EXECUTE on function let_me_in()"),
    # What it does through another function, or with a name that it builds, its source does not say.
    (NESTED, CHANGE,
     "everybody may EXECUTE on function outer_one()"),
    (OF_A_READER, CHANGE,
     "everybody may EXECUTE on function theirs()"),
    (OF_A_SUPERUSER, CHANGE,
     "web_anon may EXECUTE on function of_root()"),
    ("create publication feed for table wallets", READ, "publication feed sends wallets"),
    ("create publication feed for all tables", READ, "publication feed sends wallets"),
    # Default privileges, here and anywhere.
    ("alter default privileges in schema public grant all on tables to web_anon", FUTURE,
     "web_anon will get DELETE, INSERT, "),
    ("alter default privileges grant select on tables to web_anon", FUTURE,
     "web_anon will get SELECT on every new table"),
    ("alter default privileges grant usage on sequences to public", FUTURE,
     "everybody will get USAGE on every new sequence"),
    ("alter default privileges grant execute on functions to web_anon", FUTURE,
     "web_anon will get EXECUTE on every new function"),
    ("grant execute on function time_of_entry to web_anon", FUTURE,
     "web_anon may EXECUTE on function time_of_entry("),
]  # fmt: skip


@pytest.fixture
def roles(session):
    """Return a session with the service's roles and three other roles."""
    session.do((loader.QUERIES / "operations/roles.sql").read_text(), *ROLES)
    session.do("create role web login in role wallet_api_runtime")
    return session


def of_roles(session, *trusted):
    found = session.faults(*trusted)
    return {name: found[name] for name in (CHANGE, READ, FUTURE) if name in found}


def line_of(found, subject, start):
    (line,) = [fault for fault in found[subject] if fault.startswith(start)]
    return line


@pytest.mark.parametrize(
    ("statement", "subject", "start"), RIGHTS, ids=[f"{start} - {on}" for on, _, start in RIGHTS]
)
def test_a_right_of_another_role_is_reported_and_its_remedy_takes_it_away(
    roles, statement, subject, start
):
    assert of_roles(roles) == {}
    roles.do(statement)
    line = line_of(of_roles(roles), subject, start)
    who, remedy = re.fullmatch(
        r"[^:]+: (?:as (\w+), )?(.+?)(?: \(granted by \w+\))?", line
    ).groups()
    roles.do(*[f"set role {who}"] * bool(who), remedy, "reset role")
    assert line not in of_roles(roles).get(subject, ())


def test_nothing_is_reported_of_what_cannot_reach_our_rows(roles):
    roles.do(
        "create function harmless() returns bigint language sql as 'select count(*) from wallets'",
        "grant usage on schema public to web_anon",
        "alter role hoster createdb bypassrls",
        "create table theirs (id bigint)",
        "grant all on theirs to public",
        "create role root superuser",
        "grant all on wallets to root",
    )
    assert of_roles(roles) == {}


def test_a_view_that_asks_for_its_readers_rights_is_not_reported(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: views have security_invoker from PostgreSQL 15 on")
    roles.do("create view mine with (security_invoker) as select * from wallets")
    roles.do("grant select on mine to web_anon")
    assert of_roles(roles) == {}
    roles.do("alter view mine set (security_invoker = false)")
    line_of(of_roles(roles), READ, "web_anon may SELECT on mine")


def test_a_membership_without_any_option_gives_nothing(roles):
    if roles.connection.info.server_version < 160000:
        pytest.skip("NOT TRIED: memberships have options from PostgreSQL 16 on")
    grant = "grant web_anon to hoster with inherit false, set false"
    roles.do("grant insert on deposits to web_anon", grant)
    start = "hoster may act as web_anon"
    assert not any(line.startswith(start) for line in of_roles(roles)[CHANGE])
    for option in ("inherit", "set", "admin"):
        roles.do(f"grant web_anon to hoster with {option} true")
        assert any(line.startswith(start) for line in of_roles(roles)[CHANGE]), option
        roles.do(f"grant web_anon to hoster with {option} false")


def test_rights_that_only_set_role_reaches_may_be_inherited_there(roles):
    if roles.connection.info.server_version < 160000:
        pytest.skip("NOT TRIED: memberships have options from PostgreSQL 16 on")
    roles.do(
        "grant pg_write_all_data to web_anon with inherit true, set false",
        "grant web_anon to hoster with inherit false, set true",
    )
    line_of(of_roles(roles), CHANGE, "hoster may act as pg_write_all_data through web_anon")


def test_who_may_create_roles_can_become_any_before_postgresql_16(roles):
    roles.do("alter role hoster createrole")
    found = of_roles(roles).get(CHANGE, ())
    older = roles.connection.info.server_version < 160000
    assert any("hoster may make itself a member of any role" in line for line in found) == older


@pytest.mark.parametrize("right", ["alter system", "set"])
@pytest.mark.parametrize("parameter", ["archive_command", "session_replication_role"])
@pytest.mark.parametrize("role", ["hoster", "public", "web"])
def test_who_may_set_a_parameter_of_a_superuser_is_reported(roles, right, parameter, role):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have rights from PostgreSQL 15 on")
    roles.do(f"grant {right} on parameter {parameter} to {role}", "set role web")
    who = "everybody" if role == "public" else role
    ability = f"{who} may {right.upper()} on parameter {parameter}"
    line = line_of(of_roles(roles), CHANGE, ability)
    roles.do("reset role", line.partition(": ")[2])
    assert of_roles(roles) == {}


def test_the_owner_a_superuser_and_a_trusted_role_may_set_parameters(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have rights from PostgreSQL 15 on")
    roles.do(
        "create role root superuser",
        "create role keeper",
        "alter table wallets owner to keeper",
        "grant set on parameter archive_command to root, keeper, hoster",
    )
    found = [line for line in of_roles(roles)[CHANGE] if " on parameter " in line]
    assert [line.split()[0] for line in found] == ["hoster"]
    found = of_roles(roles, "hoster").get(CHANGE, ())
    assert not any(" on parameter " in line for line in found)


def test_a_member_of_a_role_that_may_set_a_parameter_is_reported(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have rights from PostgreSQL 15 on")
    roles.do("grant set on parameter session_replication_role to web_anon")
    line_of(of_roles(roles), CHANGE, "authenticator may act as web_anon")


def test_a_definer_function_of_a_role_that_cannot_reach_our_tables_is_not_reported(roles):
    roles.do(
        f"create function theirs() {DEFINER} 'select 1::bigint'",
        "grant create on schema public to hoster",
        "alter function theirs() owner to hoster",
        "revoke create on schema public from hoster",
    )
    assert of_roles(roles) == {}


def test_who_may_maintain_a_table_is_reported(roles):
    if roles.connection.info.server_version < 170000:
        pytest.skip("NOT TRIED: MAINTAIN is a right from PostgreSQL 17 on")
    roles.do("grant maintain on wallets to web_anon", "grant pg_maintain to hoster")
    found = of_roles(roles)
    line_of(found, CHANGE, "web_anon may MAINTAIN on wallets")
    line_of(found, CHANGE, "hoster may act as pg_maintain")


@pytest.mark.parametrize(
    "statement",
    ["grant select on wallets to hoster", "grant pg_read_all_data to hoster"],
)
def test_a_reader_is_a_fault_unless_the_operator_says_that_he_trusts_it(roles, statement):
    roles.do(statement)
    (found,) = [one for one in examine_database(roles) if one.subject == READ]
    assert found.serious
    assert [line.startswith("hoster may ") for line in found.faults] == [True]
    (found,) = [one for one in examine_database(roles, ["hoster"]) if one.subject == READ]
    assert found.faults == ()


def test_a_publication_is_trusted_by_what_it_is_reported_as(roles):
    roles.do("create publication feed for table wallets")
    assert of_roles(roles, "publication feed") == {}


def test_a_trusted_role_is_not_reported_and_its_members_are(roles):
    roles.do("grant select on wallets to web_anon")
    found = of_roles(roles, "web_anon")
    assert [line.partition(":")[0] for line in found.pop(READ)] == [
        "authenticator may act as web_anon"
    ]
    assert found == {}
    assert of_roles(roles, "web_anon", "authenticator") == {}


def test_what_the_service_can_see_is_enough_to_report_the_others(roles):
    roles.do("grant insert on api_clients to web_anon, web", "set role web")
    line_of(of_roles(roles), CHANGE, "web_anon may INSERT on api_clients")
    # Its own rights are compared with what it needs.
    assert not any(line.startswith("web may") for line in of_roles(roles)[CHANGE])


def test_partitions_are_tables_of_ours(roles):
    roles.do(
        "insert into active_encryption_keys select key_id from encryption_keys",
        (loader.QUERIES / "operations/partitions.sql").read_text(),
        (loader.QUERIES / "operations/roles.sql").read_text(),
        "grant insert on wallets_7 to web_anon",
        "alter table wallets_8 owner to hoster",
    )
    found = of_roles(roles)
    line_of(found, CHANGE, "web_anon may INSERT on wallets_7")
    line_of(found, CHANGE, "hoster owns wallets_8")


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
