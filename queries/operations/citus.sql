-- Spread the tables of users over the machines of a Citus cluster, by fid. docs/scaling.md says what to do before and
-- after. Run it on the coordinator, as the owner of the tables, while nobody writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 \
--       --file queries/operations/citus.sql --file queries/operations/citus_checks.sql
--
-- If this script fails, nothing has changed. If the second one does, the tables are spread, but not as they should be:
-- do not let the service write before it passes.
begin;

-- Ours only refuse, and touch no table.
select set_config('citus.enable_unsafe_triggers', 'on', true);
-- Foreign keys to tables of which each machine has a copy want one connection to each machine.
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

create temporary table rows_before_spreading on commit drop as
select
    'wallets' as place,
    count(*) as held
from wallets
union all
select
    'deposits' as place,
    count(*) as held
from deposits
union all
select
    'wallet_audit_log' as place,
    count(*) as held
from wallet_audit_log
union all
select
    'wallet_audit_heads' as place,
    count(*) as held
from wallet_audit_heads;

-- Away while the tables at their ends are of two kinds.
alter table wallets drop constraint wallets_key_id_is_active;
alter table active_encryption_keys drop constraint active_encryption_keys_are_registered;
alter table encryption_keys drop constraint encryption_keys_succeeds_a_known_key;

-- A copy on each machine.
select create_reference_table('encryption_keys');
select create_reference_table('active_encryption_keys');

-- All that one user has, on one machine.
select create_distributed_table('wallets', 'fid', colocate_with => 'none');
select create_distributed_table('deposits', 'fid', colocate_with => 'wallets');
select create_distributed_table('wallet_audit_log', 'fid', colocate_with => 'wallets');
select create_distributed_table('wallet_audit_heads', 'fid', colocate_with => 'wallets');

-- schema_migrations and api_clients stay where they are: on the coordinator, which the service asks.

alter table encryption_keys
add constraint encryption_keys_succeeds_a_known_key
foreign key (succeeds) references encryption_keys (key_id);
alter table active_encryption_keys
add constraint active_encryption_keys_are_registered
foreign key (key_id) references encryption_keys (key_id);
alter table wallets
add constraint wallets_key_id_is_active
foreign key (key_id) references active_encryption_keys (key_id);

-- refuse_change() goes along with the triggers; this one is called by statements alone.
select create_distributed_function('time_of_entry(timestamptz)');

do $$
declare
    place regclass;
    wanted bigint;
    found bigint;
begin
    for place, wanted in select before.place::regclass, before.held from rows_before_spreading as before loop
        execute format('select count(*) from %s', place) into found;
        if found <> wanted then
            raise exception '% has % rows, and had %', place, found, wanted;
        end if;
        raise notice '%: % rows', place, found;
    end loop;
end
$$;

commit;
