-- Spread the tables of users over the machines of a Citus cluster, by fid. docs/scaling.md says what to do before and
-- after. Run it on the coordinator, as the owner of the tables, while nobody writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file queries/citus.sql
--
-- If it fails before the commit, nothing has changed. If a check fails behind it, the tables are spread, but not as
-- they should be: do not let the service write before it passes.
begin;

-- Ours only refuse, and touch no table.
select set_config('citus.enable_unsafe_triggers', 'on', true);
-- Foreign keys to tables of which each machine has a copy want one connection to each machine.
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

create temporary table rows_before_spreading as
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

commit;

-- What is so now? In a transaction of its own, because other connections look at the shards.
do $$
declare
    place regclass;
    wanted bigint;
    found bigint;
begin
    if (
        select array_agg(table_name::text order by table_name::text)
        from citus_tables
        where citus_table_type = 'distributed' and distribution_column = 'fid'
    ) is distinct from array['deposits', 'wallet_audit_heads', 'wallet_audit_log', 'wallets'] then
        raise exception 'not every table of users is distributed by fid: select * from citus_tables';
    end if;
    if (select count(distinct colocation_id) from citus_tables where citus_table_type = 'distributed') <> 1 then
        raise exception 'what one user has is not on one machine: select * from citus_tables';
    end if;
    if (
        select array_agg(table_name::text order by table_name::text)
        from citus_tables
        where citus_table_type = 'reference'
    ) is distinct from array['active_encryption_keys', 'encryption_keys'] then
        raise exception 'the tables of secrets are not on every machine: select * from citus_tables';
    end if;

    for place in select table_name from citus_tables loop
        -- Citus keeps triggers on truncate on the coordinator, where it refuses the statement for all shards.
        select count(*) into wanted
        from pg_trigger
        where tgrelid = place and not tgisinternal and (tgtype & 32) = 0;
        select count(*) into found
        from run_command_on_shards(
            place,
            $command$ select count(*) from pg_trigger where tgrelid = '%s'::regclass and not tgisinternal $command$
        ) as shard
        where not (shard.success and shard.result = wanted::text);
        if found > 0 then
            raise exception '% of the shards of % have other triggers than it', found, place;
        end if;

        select count(*) into wanted
        from pg_constraint
        where conrelid = place and contype = 'f';
        select count(*) into found
        from run_command_on_shards(
            place,
            $command$ select count(*) from pg_constraint where conrelid = '%s'::regclass and contype = 'f' $command$
        ) as shard
        where not (shard.success and shard.result = wanted::text);
        if found > 0 then
            raise exception '% of the shards of % have other foreign keys than it', found, place;
        end if;
    end loop;

    if (
        select count(*)
        from pg_constraint
        where
            contype = 'f'
            and conrelid in ('wallets'::regclass, 'active_encryption_keys'::regclass, 'encryption_keys'::regclass)
    ) <> 3 then
        raise exception 'a foreign key is missing';
    end if;
    if exists (
        select 1
        from run_command_on_workers($command$ select 'time_of_entry(timestamptz)'::regprocedure $command$) as worker
        where not worker.success
    ) then
        raise exception 'time_of_entry() is not on every machine';
    end if;

    for place, wanted in select before.place::regclass, before.held from rows_before_spreading as before loop
        execute format('select count(*) from %s', place) into found;
        if found <> wanted then
            raise exception '% has % rows, and had %', place, found, wanted;
        end if;
        raise notice '%: % rows', place, found;
    end loop;
    if (select max(id) from wallets) > (select last_value from wallets_id_seq) then
        raise exception 'wallets_id_seq begins anew';
    end if;
end
$$;
