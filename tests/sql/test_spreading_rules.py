"""The rules of tests/sql/spreading.py, each broken on purpose in all ways that came to mind."""

import pytest

from tests.sql.spreading import EARLY_TRIGGER, RULES, UNNAMED, faults_of

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
def test_what_breaks_a_rule_is_found(rule, text):
    assert list(faults_of(text)) == [rule]


@pytest.mark.parametrize("text", [text for _, good in TRIALS.values() for text in good])
def test_what_comes_near_is_not(text):
    assert faults_of(text) == {}
