-- Convert the tables of partitions.sql back to plain tables, with all their current rows. It does not touch the old
-- tables wallets_whole, …. docs/scaling.md describes the steps before and after. Run it as the owner of the tables,
-- while nothing writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/partitions_back.sql
--
-- The partitions are dropped. If the script fails, nothing has changed.
do $$
declare
    table_name text;
    new_table text;
    part record;
    before bigint;
    after bigint;
begin
    foreach table_name in array array['wallets', 'deposits', 'wallet_audit_log', 'wallet_audit_heads'] loop
        new_table := table_name || '_plain';
        execute format('lock table %I in access exclusive mode', table_name);
        if (select relkind from pg_class where oid = table_name::regclass) <> 'p' then
            raise exception '% has no partitions', table_name;
        end if;

        -- The parts of the table, as SQL with its name.
        create temporary table parts on commit drop as
        select
            case contype when 'f' then 3 else 1 end as step,
            conname as name,
            format('alter table %I add constraint %I %s', table_name, conname, pg_get_constraintdef(oid)) as definition
        from pg_constraint
        where conrelid = table_name::regclass and contype in ('p', 'u', 'f')
        union all
        select 2, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        from pg_index
        where
            indrelid = table_name::regclass
            and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
        union all
        select 4, tgname, pg_get_triggerdef(oid)
        from pg_trigger
        where tgrelid = table_name::regclass and not tgisinternal;

        -- LIKE copies columns and check constraints.
        execute format('create table %I (like %I including defaults including constraints)', new_table, table_name);
        execute format('insert into %I select * from %I', new_table, table_name);
        execute format('select count(*) from %I', table_name) into before;
        execute format('select count(*) from %I', new_table) into after;
        if after <> before then
            raise exception '% has % rows, % had %', new_table, after, table_name, before;
        end if;

        -- Otherwise the sequence would be dropped with the partitions.
        for part in
            select owner_column.attname as name, sequence.oid::regclass as sequence_name
            from pg_depend
            inner join pg_class as sequence on pg_depend.objid = sequence.oid and sequence.relkind = 'S'
            inner join pg_attribute as owner_column on pg_depend.refobjid = owner_column.attrelid and pg_depend.refobjsubid = owner_column.attnum
            where pg_depend.deptype = 'a' and pg_depend.refobjid = table_name::regclass
        loop
            execute format('alter sequence %s owned by %I.%I', part.sequence_name, new_table, part.name);
        end loop;

        execute format('drop table %I', table_name);
        execute format('alter table %I rename to %I', new_table, table_name);
        for part in select * from parts order by step, name loop
            execute part.definition;
        end loop;
        drop table parts;
        raise notice '%: % rows in one table', table_name, after;
    end loop;
end
$$;
