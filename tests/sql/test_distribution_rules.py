"""The rules of tests/sql/distribution.py, each broken in every way that we know."""

import pytest

from tests.sql.distribution import (
    EARLY_TRIGGER,
    LOCAL,
    REFUSED,
    RULES,
    TOP_LEVEL,
    UNBOUNDED,
    UNNAMED,
    faults_of,
    faults_when_distributed,
)

ON_CONFLICT = "insert into t (fid) values (%(fid)s::bigint) on conflict (fid) do update set "
SETTING = "set local citus.enable_unsafe_triggers = on;"
TRIGGER = "create trigger t before update on wallets for each row execute function f();"
# Of each rule what breaks it, and no other, in many ways; then what comes near, and breaks none.
TRIALS = {
    "a data-modifying CTE": (
        [
            "with a as (insert into t (fid) values (1) returning fid) select fid from a",
            "with a as (delete from t returning fid) update u set n = 1 from a where u.fid = a.fid",
            "with a (fid) as not materialized (delete from t returning fid) select fid from a",
            "with a as (with b as (select 1) insert into t (fid) values (1)) select fid from a",
            "WITH a AS MATERIALIZED (\n/* why */ UPDATE t SET n = 1 RETURNING n) SELECT n FROM a",
            "do $$ begin with a as (delete from t returning n) select n from a into b; end $$",
        ],
        [
            "with a as (select fid from t) delete from t where fid in (select fid from a)",
            "create table t (n bigint references u (n) on delete restrict on update restrict)",
            "select has_table_privilege('t', 'INSERT') and action in ('update', 'delete from t')",
        ],
    ),
    "a lock without fid": (
        [
            "select fid from wallets where key_id = %(key_id)s::text for update",
            "select %(fid)s::bigint, n from wallets where address = %(address)s::text for update",
            "select n from wallets where fid > %(fid)s::bigint for update",
            "select n from wallets where fid = any(%(fids)s::bigint[]) for no key update",
            "select n from wallets where fid = %(fid)s::bigint or n = 1 for update",
            "select n from wallets where not fid = %(fid)s::bigint for update",
            "select n from wallets where fid = %(fid)s::bigint + n for update",
            "select n from wallets where n in (select n from active_encryption_keys) for update",
            "select n from (select n from wallets for update) as w where fid = %(fid)s::bigint",
            "select v.n from v inner join w on v.n = w.n where v.fid = %(fid)s::bigint for update",
            "SELECT n FROM wallets WHERE n = 1 FOR\nUPDATE",
            "select n from wallets for -- why\n key  share",
        ],
        [
            "select n from wallets where n = 1 and fid = %(fid)s::bigint order by n\nfor update",
            "select w.n from wallets as w where (a or b) and w.fid = %(fid)s::bigint for share",
            "select a.n from active_encryption_keys as a where a.n = 1 or a.n = 2 for key share",
            "select fid as wait_for from wallets where reason = 'for update'",
        ],
    ),
    "an update on conflict that is not of what was excluded": (
        [
            ON_CONFLICT + "at = now()",
            ON_CONFLICT + "at=now()",
            ON_CONFLICT + "at =\n    now()",
            ON_CONFLICT + "n = excluded.n, at = coalesce(excluded.at, now())",
            ON_CONFLICT + "at = excluded.at + (now() - excluded.at)",
            ON_CONFLICT + "(n, at) = (excluded.n, now())",
            ON_CONFLICT + "n = excluded.n where t.at < now()",
            ON_CONFLICT + "n = excluded.n where t.at < current_timestamp",
            ON_CONFLICT.upper() + "N = EXCLUDED.N, AT = CURRENT_TIMESTAMP",
        ],
        [
            ON_CONFLICT + "n = excluded.n,\n at=excluded.at where t.n <> excluded.n",
            ON_CONFLICT + "n = excluded.n returning coalesce(t.at, now()) as at",
            "insert into t (fid, at) values (1, now()) on conflict (fid) do nothing",
        ],
    ),
    "a whole table joined to a list": (
        [
            "select w.id from unnest(%(fids)s) as f (fid) left join wallets as w on f.fid = w.fid",
            "select d.id from (select unnest(%(f)s) as fid) as f\nLEFT JOIN\ndeposits as d on true",
        ],
        [
            "select w.id from unnest(%(fids)s) as f (fid) inner join wallets as w on f.fid = w.fid",
            "with w as (table wallets) select w.id from unnest(%(f)s) as f left join w on true",
        ],
    ),
    "a subquery in values": (
        [
            "insert into t (fid, n) values (1, (select max(n) from t))",
            "insert into t (fid, n) values (1, (table t2))",
            "insert into t (fid, n)\nvalues\n(1, 2), (1, coalesce((\nSELECT 1), 2))",
            "insert into t (fid, n) values (1, array(with a as (select 1) select 1))",
        ],
        ["insert into t (fid, n) values (1, ((2 + 3) * 4)), (2, f('select'))"],
    ),
    "a fid that changes": (
        [
            "update wallets set fid = %(fid)s::bigint",
            "update wallets\nset\n    address = excluded.address,\n    fid = 7",
            "update wallets set address = coalesce(a, b), fid=7 where fid = %(fid)s::bigint",
            "update wallets set (fid, address) = (7, a)",
            'UPDATE wallets SET address = a IS DISTINCT FROM b, (n, "fid") = (SELECT 1, 2)',
            ON_CONFLICT + "fid = excluded.fid",
        ],
        [
            "update wallets set (n, address) = (fid, a) where fid = %(fid)s::bigint and n = 1",
            "update wallets set n = 1 from t where t.n = f(n, fid) and t.fid = wallets.fid",
        ],
    ),
    "an insert of a select from no table": (
        [
            "insert into t as made (fid) select 1 as fid where exists (select from u)",
            "INSERT INTO t AS made (fid)\nSELECT %(fid)s::bigint AS fid ON CONFLICT DO NOTHING",
        ],
        [
            "insert into t as made (fid) select u.fid from u",
            "insert into t (fid) values (1)",
            "select extract(year from n), (select 1)",
        ],
    ),
    UNNAMED: (
        [
            "insert into t select fid from u",
            "insert into t (fid) select fid from u",
            "insert into t as kept select fid from u",
            "insert into t as kept (select fid from u)",
            "insert into t (fid) with a as (select 1) select 1 from a",
            "INSERT INTO t VALUES (1)",
        ],
        [
            "insert into t as kept (fid) select fid from u returning kept.fid",
            "insert into t (fid) values (1)",
        ],
    ),
    "a table by its schema": (
        [
            "select fid from public.wallets",
            'select fid from "public".wallets',
            "alter table PUBLIC . wallets add column n bigint",
            "select fid from ours.wallets where chain = 'ours'",
            "select wallets.wallets.fid from wallets",
            "select 1 as ours, (select max(n) as ours from ours.wallets) as n",
            "select fid from wallets where n = pg_catalog.lower('a')",
            "grant select on public.wallets to public",
            "create table t (id bigint default nextval('public.wallets_id_seq'))",
            "select 'ours.wallets'::regclass",
        ],
        [
            "select w.fid, t.n from wallets as w inner join t on w.fid = t.fid where t.n < 1.5",
            "select extract(epoch from w.at), w.n is distinct from w.m from wallets as w",
            "alter sequence s owned by wallets.id; select 'wallet.created', 'public.wallets'",
            "set local lock_timeout = '5s'; revoke all on wallets from public",
        ],
    ),
    "an identity column": (
        [
            "create table t (id bigint generated by default as identity)",
            "CREATE TABLE t (id bigint GENERATED ALWAYS\nAS IDENTITY)",
            "alter table t add column id bigserial",
        ],
        ["create table t (n bigint generated always as (m + 1) stored, serial_number text)"],
    ),
    "a lock on a whole table": (
        ["lock table t in share mode", "LOCK t", "do $$ begin lock  table t; end $$"],
        ["set lock_timeout = '5s'", "select n as lock from t"],
    ),
    "a merge": (
        ["merge\ninto t using u on t.fid = u.fid when matched then update set n = 1"],
        ["select n as merge from t"],
    ),
    "an advisory lock": (["select PG_Advisory_xact_lock(1)"], ["select 'an advisory lock'"]),
    "an isolation level": (
        [
            "set transaction isolation level\nserializable",
            "select set_config('transaction_isolation', 'repeatable read', true)",
        ],
        ["-- serializable\nselect 1"],
    ),
    "a lock timeout that does not reach the machines": (
        [
            "select set_config('lock_timeout', '1s', true)",
            "SELECT Set_Config ( 'lock_timeout', %(limit)s::text, true) as a",
        ],
        ["set local lock_timeout = '1s'", "select set_config('statement_timeout', '1s', true)"],
    ),
    "SQL in a string, where no rule sees it": (
        [
            "do $$ begin execute format('create trigger %I', t); end $$",
            "create function f() returns trigger language plpgsql as 'begin return new; end'",
            "do 'begin end'",
        ],
        ["grant execute on function f to r", f"{SETTING} {TRIGGER}"],
    ),
    EARLY_TRIGGER: (
        [
            TRIGGER,
            TRIGGER.upper(),
            TRIGGER.replace(" ", "  "),
            TRIGGER.replace("create", "create or replace"),
            TRIGGER.replace("create", "create\nconstraint"),
            f"{TRIGGER}\n{SETTING}",
            f"-- {SETTING}\n{TRIGGER}",
            f"select 1; -- {SETTING}\n{TRIGGER}",
            f"/* {SETTING} */ {TRIGGER}",
            f"/* /* */ {SETTING} */ {TRIGGER}",
            f"select '{SETTING}'; {TRIGGER}",
            f"{SETTING} set citus.enable_unsafe_triggers = off; {TRIGGER}",
        ],
        [f"-- why\n{SETTING.upper()}\n{TRIGGER}{TRIGGER}", f"set citus{SETTING[15:]} {TRIGGER}"],
    ),
}


def test_every_rule_is_tried():
    assert set(TRIALS) == {*RULES, EARLY_TRIGGER}


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, (bad, _) in TRIALS.items() for text in bad]
)
def test_a_violation_of_a_rule_is_found(rule, text):
    assert list(faults_of(text)) == [rule]


@pytest.mark.parametrize("text", [text for _, good in TRIALS.values() for text in good])
def test_similar_valid_sql_is_not_reported(text):
    assert faults_of(text) == {}


LIMITS = "set local lock_timeout = '5s';\n"
IN_TURN = "set local citus.multi_shard_modify_mode = 'sequential';"
PASS_ON = "set local citus.propagate_set_commands = 'local';"
SHARDS = f"{IN_TURN} {PASS_ON} set local lock_timeout = '5s';"
CHECK = "alter table deposits add constraint c check (amount > 0) not valid;"
MADE = "create table t (fid bigint not null, n bigint, constraint t_pkey primary key (fid));"
SPREAD = "perform create_distributed_table('t', 'fid', colocate_with => 'wallets');"


def in_do(statements, first=SHARDS):
    return f"{LIMITS} do $$\nbegin\n{first}\n{statements}\nend\n$$;"


# As seen on Citus 13.2.2: what breaks each rule, and then what it runs.
AFTER_SPREADING = {
    TOP_LEVEL: (
        [
            LIMITS + CHECK,
            LIMITS + CHECK.upper(),
            LIMITS + "alter table only deposits validate constraint c;",
            LIMITS + "alter table if exists deposits add column memo text, add column n bigint;",
            LIMITS + "create index i on deposits (created_at);",
            LIMITS + "create unique index if not exists i on deposits (fid, created_at);",
            LIMITS + "drop index idx_deposits_created_at;",
            LIMITS
            + "create trigger t before delete on deposits for each row execute function f();",
            LIMITS + "create or replace trigger t before delete on deposits for each row "
            "execute function f();",
            LIMITS + "drop trigger t on deposits;",
            LIMITS + "alter trigger t on deposits rename to u;",
            LIMITS + "alter index idx_deposits_created_at rename to i;",
            in_do(CHECK) + CHECK,
        ],
        [
            CHECK,
            "create index concurrently i on deposits (created_at);",
            in_do(CHECK + CHECK),
            in_do(CHECK) + in_do("alter table deposits validate constraint c;"),
            LIMITS + "create function f() returns trigger language plpgsql as $$ begin end $$;",
            LIMITS + "create table t (id text); alter table t add column n text;"
            "create index i on t (n);",
            f"{LIMITS} {in_do('')}\n-- migrate:down\n{LIMITS} {CHECK}",
        ],
    ),
    REFUSED: (
        [
            in_do("alter table deposits drop constraint c, add constraint c check (n > 0);"),
            in_do("alter table deposits add column n text, add constraint c check (n > 'a');"),
            in_do("alter table deposits add check (n > 0), add check (m > 0);"),
            in_do("alter table deposits rename constraint c to d;"),
            in_do("alter table deposits add column n bigint not null default nextval('s');"),
            CHECK.replace(" not valid", ", add constraint d check (n > 0)"),
            in_do("alter table deposits add column memo text check (memo > 'a');"),
            in_do("alter table deposits add column if not exists n text unique;"),
            in_do("alter table deposits alter column fid set statistics 500;"),
            "alter sequence wallets_id_seq increment by 2;",
            in_do("alter sequence if exists wallets_id_seq owned by wallets.id;"),
        ],
        [
            "create sequence s as bigint; alter sequence s owned by t.id;",
            in_do("alter table deposits add column key_id text references encryption_keys;"),
            in_do("alter table deposits validate constraint c, validate constraint d;"),
            in_do("alter table deposits add column n text, add column m numeric(78, 0);"),
            in_do("alter table deposits add constraint c check (n in (1, 2, 3));"),
            LIMITS
            + "create table t (id text); alter table t add check (n > 0), add check (m > 0);",
        ],
    ),
    UNBOUNDED: (
        [
            in_do(CHECK, first=""),
            in_do(CHECK, first=LIMITS),
            in_do(CHECK, first=IN_TURN),
            in_do(CHECK, first=IN_TURN + PASS_ON),
            in_do(CHECK, first=PASS_ON + LIMITS),
            in_do(CHECK, first=PASS_ON + IN_TURN + LIMITS),
            in_do(CHECK, first=CHECK + SHARDS),
        ],
        [in_do("perform f();", first="")],
    ),
    LOCAL: (
        [
            MADE,
            MADE.upper(),
            MADE.replace("create", "create unlogged"),
            MADE.replace("table", "table if not exists"),
            MADE + in_do(SPREAD.replace("'t'", "'other'"), first=""),
            MADE + in_do("perform create_distributed_table('t', 'fid');", first=""),
            "create table t (id bigint, fid bigint not null);",
        ],
        [
            MADE + in_do(SPREAD, first=""),
            MADE.replace("table", "table if not exists") + in_do(SPREAD, first=""),
            "create table t (id text, fid_of_somebody bigint);",
            "create index concurrently i on wallets (fid);",
        ],
    ),
}


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, (bad, _) in AFTER_SPREADING.items() for text in bad]
)
def test_statements_that_citus_refuses_or_runs_on_one_machine_are_found(rule, text):
    assert list(faults_when_distributed(text)) == [rule]


@pytest.mark.parametrize("text", [text for _, good in AFTER_SPREADING.values() for text in good])
def test_statements_that_citus_runs_are_not_reported(text):
    assert faults_when_distributed(text) == {}
