-- Check that the tables are distributed over a Citus cluster as by citus.sql, and raise each difference.
-- Run it on the coordinator, as the owner of the tables, after shards were moved, or a machine or a
-- table was added:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file queries/operations/citus_checks.sql
do $$
declare
    relation regclass;
    expected bigint;
    actual bigint;
    missing text;
begin
    -- Every table with a fid is a per-user table: a migration that created one had to distribute it.
    select string_agg(per_user.relname, ', ' order by per_user.relname) into missing
    from pg_class as per_user
    inner join pg_attribute as fid_column on per_user.oid = fid_column.attrelid and fid_column.attname = 'fid'
    left join citus_tables as distributed_table
        on
            per_user.oid = distributed_table.table_name
            and distributed_table.citus_table_type = 'distributed'
            and distributed_table.distribution_column = 'fid'
    where
        per_user.relkind in ('r', 'p')
        and not per_user.relispartition
        and per_user.relpersistence <> 't'
        and pg_table_is_visible(per_user.oid)
        -- With shards on the coordinator, they are in the schema of the tables.
        and not relation_is_a_known_shard(per_user.oid)
        and distributed_table.table_name is null;
    if missing is not null then
        raise exception 'not distributed by fid: %', missing;
    end if;
    if (select count(distinct colocation_id) from citus_tables where citus_table_type = 'distributed') <> 1 then
        raise exception 'the rows of one user are not on one machine: select * from citus_tables';
    end if;
    if (
        select array_agg(table_name::text order by table_name::text)
        from citus_tables
        where citus_table_type = 'reference'
    ) is distinct from array['active_encryption_keys', 'encryption_keys'] then
        raise exception 'the tables of secrets are not on every machine: select * from citus_tables';
    end if;

    for relation in select table_name from citus_tables where citus_table_type in ('distributed', 'reference') loop
        -- Triggers on truncate exist on the shards only if they existed when the table was distributed. In either case
        -- the coordinator's own trigger rejects the statement for all shards.
        select count(*) into expected
        from pg_trigger
        where tgrelid = relation and not tgisinternal and (tgtype & 32) = 0 and tgenabled <> 'D';
        select count(*) into actual
        from run_command_on_shards(
            relation,
            $command$
                select count(*)
                from pg_trigger
                where tgrelid = '%s'::regclass and not tgisinternal and (tgtype & 32) = 0 and tgenabled <> 'D'
            $command$
        ) as shard
        where not (shard.success and shard.result = expected::text);
        if actual > 0 then
            raise exception '% of the shards of % have other triggers than it', actual, relation;
        end if;

        select count(*) into expected
        from pg_constraint
        where conrelid = relation and contype = 'f';
        select count(*) into actual
        from run_command_on_shards(
            relation,
            $command$ select count(*) from pg_constraint where conrelid = '%s'::regclass and contype = 'f' $command$
        ) as shard
        where not (shard.success and shard.result = expected::text);
        if actual > 0 then
            raise exception '% of the shards of % have other foreign keys than it', actual, relation;
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

    -- Each machine has a range of its own, from 2^48 times its number, for rows that are inserted through it.
    if (
        select max(id) from wallets where id < 281474976710656
    ) >= (
        select last_value + is_called::integer from wallets_id_seq
    ) then
        raise exception 'wallets_id_seq restarted below the ids in use';
    end if;

    -- Settings of the coordinator's session do not apply to the sessions that it opens on other machines.
    select
        string_agg(
            format('on %s %s', node.nodename, case when machine.success then machine.result else 'unknown' end), '; '
            order by node.nodeid
        ) into missing
    from run_command_on_all_nodes(
        $command$
            select string_agg(concat(login.rolname, ' has no ', required.setting), ', ' order by required.setting)
            from pg_roles as login
            cross join unnest(array[
                'lock_timeout=2s', 'idle_in_transaction_session_timeout=10s',
                'citus.propagate_set_commands=local', 'citus.node_connection_timeout=1s'
            ]) as required (setting)
            where
                login.rolcanlogin
                and not login.rolsuper
                and pg_has_role(login.oid, 'wallet_api_runtime', 'USAGE')
                and not exists (
                    select
                    from pg_db_role_setting as role_setting
                    where role_setting.setrole = login.oid and required.setting = any(role_setting.setconfig)
                )
        $command$
    ) as machine
    inner join pg_dist_node as node on machine.nodeid = node.nodeid
    where not machine.success or machine.result <> '';
    if missing is not null then
        raise exception 'settings of the role of the service are missing: %', missing;
    end if;
    -- Citus would send the whole text of each migration to every machine, with its first SET LOCAL.
    if current_setting('citus.propagate_set_commands', true) <> 'none' then
        raise exception 'the owner of the tables must not have citus.propagate_set_commands: reset it';
    end if;
end
$$;
