-- Convert the per-user tables to 16 hash partitions each; docs/scaling.md says when, and what it costs.
-- Run it as the owner of the tables, while nothing writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/partitions.sql
--
-- The old tables are kept as wallets_whole, …, until you drop them. The names of constraints, indexes and triggers
-- move to the new tables.
do $$
declare
    table_name text;
    old_table text;
    partition text;
    part record;
    before bigint;
    after bigint;
begin
    foreach table_name in array array['wallets', 'deposits', 'wallet_audit_log', 'wallet_audit_heads'] loop
        old_table := table_name || '_whole';
        execute format('lock table %I in access exclusive mode', table_name);

        -- The parts of the table, as SQL with its current name.
        create temporary table parts on commit drop as
        select 1 as step, conname as name, 'constraint' as kind, pg_get_constraintdef(oid) as definition, false as on_truncate
        from pg_constraint
        where conrelid = table_name::regclass and contype in ('p', 'u')
        union all
        select 2, indexrelid::regclass::text, 'index', pg_get_indexdef(indexrelid), false
        from pg_index
        where
            indrelid = table_name::regclass
            and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
        union all
        select 3, conname, 'constraint', pg_get_constraintdef(oid), false
        from pg_constraint
        where conrelid = table_name::regclass and contype = 'f'
        union all
        select 4, tgname, 'trigger', pg_get_triggerdef(oid), (tgtype & 32) > 0
        from pg_trigger
        where tgrelid = table_name::regclass and not tgisinternal;

        execute format('alter table %I rename to %I', table_name, old_table);
        for part in select * from parts where kind = 'constraint' loop
            execute format('alter table %I rename constraint %I to %I', old_table, part.name, part.name || '_whole');
        end loop;
        for part in select * from parts where kind = 'index' loop
            execute format('alter index %I rename to %I', part.name, part.name || '_whole');
        end loop;

        -- LIKE copies columns and check constraints.
        execute format('create table %I (like %I including defaults including constraints) partition by hash (fid)', table_name, old_table);
        for remainder in 0..15 loop
            execute format(
                'create table %I partition of %I for values with (modulus 16, remainder %s)',
                table_name || '_' || remainder, table_name, remainder
            );
        end loop;

        -- Rows first: building an index is faster than maintaining it.
        execute format('insert into %I select * from %I', table_name, old_table);
        for part in select * from parts order by step, name loop
            if part.kind = 'constraint' then
                execute format('alter table %I add constraint %I %s', table_name, part.name, part.definition);
            else
                execute part.definition;
            end if;
            -- A partition inherits row triggers, but could be truncated by its own name.
            for partition in
                select inhrelid::regclass::text from pg_inherits where inhparent = table_name::regclass and part.on_truncate
            loop
                execute format(
                    'create trigger %I before truncate on %s for each statement execute function refuse_change()',
                    part.name, partition
                );
            end loop;
        end loop;
        drop table parts;

        -- Otherwise the sequence would be dropped with the old table.
        for part in
            select owner_column.attname as name, sequence.oid::regclass as sequence_name
            from pg_depend
            inner join pg_class as sequence on pg_depend.objid = sequence.oid and sequence.relkind = 'S'
            inner join pg_attribute as owner_column on pg_depend.refobjid = owner_column.attrelid and pg_depend.refobjsubid = owner_column.attnum
            where pg_depend.deptype = 'a' and pg_depend.refobjid = old_table::regclass
        loop
            execute format('alter sequence %s owned by %I.%I', part.sequence_name, table_name, part.name);
        end loop;

        execute format('select count(*) from %I', old_table) into before;
        execute format('select count(*) from %I', table_name) into after;
        if after <> before then
            raise exception '% has % rows, % had %', table_name, after, old_table, before;
        end if;
        raise notice '%: % rows in 16 partitions', table_name, after;
    end loop;
end
$$;
