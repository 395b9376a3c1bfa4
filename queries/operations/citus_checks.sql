-- Check that the tables are spread over a Citus cluster as citus.sql spreads them; raise what is
-- not. Run it on the coordinator, as the owner of the tables, after shards were moved or a machine
-- was added:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file queries/operations/citus_checks.sql
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

    if (select max(id) from wallets) > (select last_value from wallets_id_seq) then
        raise exception 'wallets_id_seq begins anew';
    end if;
end
$$;
