"""`db doctor` reports every privilege of other roles, and a statement that revokes it."""

import re

import pytest

from tests.services.role_faults import CHANGE, DEFINER, FUTURE, READ, find_fault, role_faults

pytestmark = pytest.mark.slow

DATABASE = "do $$ begin execute format('{}', current_database()); end $$"
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
DYNAMIC = (
    "create function dynamic() returns bigint language plpgsql security definer as 'begin"
    " execute concat(''sel'', ''ect * from wallets''); return 1; end'"
)
OF_ANOTHER_ROLE = (
    "create role reporter; grant {} on wallets to reporter;"
    "grant create on schema public to reporter;"
    f"create function theirs() {DEFINER} 'select 1::bigint';"
    "alter function theirs() owner to reporter"
)
# The owner may grant itself the privileges again.
OF_A_MEMBER_OF_THE_OWNER = (
    "create role keeper; alter table deposits owner to keeper; revoke all on deposits from keeper;"
    "create role deputy in role keeper; grant create on schema public to deputy;"
    f"create function theirs() {DEFINER} 'select 1::bigint';"
    "alter function theirs() owner to deputy"
)
OF_A_SUPERUSER = (
    f"create role root superuser; create function of_root() {DEFINER} 'select 1::bigint';"
    "alter function of_root() owner to root; revoke execute on function of_root() from public;"
    "grant execute on function of_root() to web_anon"
)
# What is done, under which subject the report must say so, and how the line must begin.
PRIVILEGES = [
    *((f"grant {privilege} on api_clients to web_anon", CHANGE,
       f"web_anon may {privilege.upper()} on api_clients")
      for privilege in ("insert", "update", "delete", "truncate", "references", "trigger")),
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
    # A member of a role that has privileges.
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
    (f"create procedure let_in() language sql security definer as '{LET_IN}'", CHANGE,
     "everybody may EXECUTE on procedure let_in()"),
    # What it does through another function, or with a name that it builds, its source does not say.
    (DYNAMIC, CHANGE,
     "everybody may EXECUTE on function dynamic()"),
    (NESTED, CHANGE,
     "everybody may EXECUTE on function outer_one()"),
    *((OF_ANOTHER_ROLE.format(privilege), CHANGE, "everybody may EXECUTE on function theirs()")
      for privilege in ("select (fid)", "delete", "truncate")),
    (OF_A_MEMBER_OF_THE_OWNER, CHANGE,
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


@pytest.mark.parametrize(
    ("statement", "subject", "start"),
    PRIVILEGES,
    ids=[f"{start} - {on}" for on, _, start in PRIVILEGES],
)
def test_a_right_of_another_role_is_reported_and_its_remedy_revokes_it(
    roles, statement, subject, start
):
    assert role_faults(roles) == {}
    roles.do(statement)
    line = find_fault(role_faults(roles), subject, start)
    who, remedy = re.fullmatch(
        r"[^:]+: (?:as (\w+), )?(.+?)(?: \(granted by \w+\))?", line
    ).groups()
    roles.do(*[f"set role {who}"] * bool(who), remedy, "reset role")
    assert line not in role_faults(roles).get(subject, ())


def test_rights_that_do_not_reach_the_tables_are_not_reported(roles):
    roles.do(
        "create function harmless() returns bigint language sql as 'select count(*) from wallets'",
        "grant usage on schema public to web_anon",
        "alter role hoster createdb bypassrls",
        "create table theirs (id bigint)",
        "grant all on theirs to public",
        "create role root superuser",
        "grant all on wallets to root",
    )
    assert role_faults(roles) == {}


def test_a_view_with_security_invoker_is_not_reported(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: views have security_invoker from PostgreSQL 15 on")
    roles.do("create view mine with (security_invoker) as select * from wallets")
    roles.do("grant select on mine to web_anon")
    assert role_faults(roles) == {}
    roles.do("alter view mine set (security_invoker = false)")
    find_fault(role_faults(roles), READ, "web_anon may SELECT on mine")


def test_a_membership_without_options_grants_nothing(roles):
    if roles.connection.info.server_version < 160000:
        pytest.skip("NOT TRIED: memberships have options from PostgreSQL 16 on")
    grant = "grant web_anon to hoster with inherit false, set false"
    roles.do("grant insert on deposits to web_anon", grant)
    start = "hoster may act as web_anon"
    assert not any(line.startswith(start) for line in role_faults(roles)[CHANGE])
    for option in ("inherit", "set", "admin"):
        roles.do(f"grant web_anon to hoster with {option} true")
        assert any(line.startswith(start) for line in role_faults(roles)[CHANGE]), option
        roles.do(f"grant web_anon to hoster with {option} false")


def test_rights_inherited_by_a_role_are_reported_for_roles_that_can_set_it(roles):
    if roles.connection.info.server_version < 160000:
        pytest.skip("NOT TRIED: memberships have options from PostgreSQL 16 on")
    roles.do(
        "grant pg_write_all_data to web_anon with inherit true, set false",
        "grant web_anon to hoster with inherit false, set true",
    )
    find_fault(role_faults(roles), CHANGE, "hoster may act as pg_write_all_data through web_anon")


def test_createrole_is_reported_before_postgresql_16(roles):
    roles.do("alter role hoster createrole")
    found = role_faults(roles).get(CHANGE, ())
    older = roles.connection.info.server_version < 160000
    assert any("hoster may make itself a member of any role" in line for line in found) == older


def test_a_role_that_may_maintain_a_table_is_reported(roles):
    if roles.connection.info.server_version < 170000:
        pytest.skip("NOT TRIED: MAINTAIN is a privilege from PostgreSQL 17 on")
    roles.do("grant maintain on wallets to web_anon", "grant pg_maintain to hoster")
    found = role_faults(roles)
    find_fault(found, CHANGE, "web_anon may MAINTAIN on wallets")
    find_fault(found, CHANGE, "hoster may act as pg_maintain")
