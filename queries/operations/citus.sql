-- Distribute the per-user tables over the machines of a Citus cluster, by fid. docs/scaling.md describes the steps
-- before and after. Run it on the coordinator, as the owner of the tables, while nothing writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 \
--       --file queries/operations/citus.sql --file queries/operations/citus_checks.sql
--
-- If this script fails, nothing has changed. If the second one fails, the tables are distributed incorrectly: do not
-- let the service write before it passes.
begin;

-- Our triggers only raise errors, and touch no table.
select set_config('citus.enable_unsafe_triggers', 'on', true);
-- Foreign keys to reference tables require one connection per machine.
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

create temporary table row_counts on commit drop as
select
    'wallets' as table_name,
    count(*) as row_count
from wallets
union all
select
    'deposits' as table_name,
    count(*) as row_count
from deposits
union all
select
    'wallet_audit_log' as table_name,
    count(*) as row_count
from wallet_audit_log
union all
select
    'wallet_audit_heads' as table_name,
    count(*) as row_count
from wallet_audit_heads;

-- Drop foreign keys while one table is distributed and the other is not.
alter table wallets drop constraint wallets_key_id_is_active;
alter table active_encryption_keys drop constraint active_encryption_keys_are_registered;
alter table encryption_keys drop constraint encryption_keys_succeeds_a_known_key;

-- Reference tables: a copy on each machine.
select create_reference_table('encryption_keys');
select create_reference_table('active_encryption_keys');

-- All rows of one user on one machine.
select create_distributed_table('wallets', 'fid', colocate_with => 'none');
select create_distributed_table('deposits', 'fid', colocate_with => 'wallets');
select create_distributed_table('wallet_audit_log', 'fid', colocate_with => 'wallets');
select create_distributed_table('wallet_audit_heads', 'fid', colocate_with => 'wallets');

-- schema_migrations and api_clients stay on the coordinator, to which the service connects.

alter table encryption_keys
add constraint encryption_keys_succeeds_a_known_key
foreign key (succeeds) references encryption_keys (key_id);
alter table active_encryption_keys
add constraint active_encryption_keys_are_registered
foreign key (key_id) references encryption_keys (key_id);
alter table wallets
add constraint wallets_key_id_is_active
foreign key (key_id) references active_encryption_keys (key_id);

-- Citus distributes refuse_change() with the triggers; this function is only called by statements.
select create_distributed_function('time_of_entry(timestamptz)');

do $$
declare
    relation regclass;
    expected bigint;
    actual bigint;
begin
    for relation, expected in select table_name::regclass, row_count from row_counts loop
        execute format('select count(*) from %s', relation) into actual;
        if actual <> expected then
            raise exception '% has % rows, and had %', relation, actual, expected;
        end if;
        raise notice '%: % rows', relation, actual;
    end loop;
end
$$;

commit;
