-- Convert the per-user tables to 16 hash partitions each; docs/scaling.md says when, and what it costs.
-- Run it as the owner of the tables, while nothing writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/partitions.sql
--
-- The old tables are kept as wallets_whole, …, until you drop them. The names of constraints, indexes and triggers
-- move to the new tables.
do $$
declare
    subject text;
    whole text;
    partition text;
    made record;
    before bigint;
    after bigint;
begin
    foreach subject in array array[
        'wallets', 'deposits', 'wallet_audit_log', 'wallet_audit_heads', 'wallet_policies', 'user_policies',
        'signing_accounts', 'wallet_spends'
    ] loop
        whole := subject || '_whole';
        execute format('lock table %I in access exclusive mode', subject);

        -- The parts of the table, as SQL with its current name.
        create temporary table parts on commit drop as
        select 1 as step, conname as name, 'constraint' as kind, pg_get_constraintdef(oid) as definition, false as on_truncate
        from pg_constraint
        where conrelid = subject::regclass and contype in ('p', 'u')
        union all
        select 2, indexrelid::regclass::text, 'index', pg_get_indexdef(indexrelid), false
        from pg_index
        where
            indrelid = subject::regclass
            and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
        union all
        select 3, conname, 'constraint', pg_get_constraintdef(oid), false
        from pg_constraint
        where conrelid = subject::regclass and contype = 'f'
        union all
        select 4, tgname, 'trigger', pg_get_triggerdef(oid), (tgtype & 32) > 0
        from pg_trigger
        where tgrelid = subject::regclass and not tgisinternal;

        execute format('alter table %I rename to %I', subject, whole);
        for made in select * from parts where kind = 'constraint' loop
            execute format('alter table %I rename constraint %I to %I', whole, made.name, made.name || '_whole');
        end loop;
        for made in select * from parts where kind = 'index' loop
            execute format('alter index %I rename to %I', made.name, made.name || '_whole');
        end loop;

        -- LIKE copies columns and check constraints.
        execute format('create table %I (like %I including defaults including constraints) partition by hash (fid)', subject, whole);
        for remainder in 0..15 loop
            execute format(
                'create table %I partition of %I for values with (modulus 16, remainder %s)',
                subject || '_' || remainder, subject, remainder
            );
        end loop;

        -- Rows first: building an index is faster than maintaining it.
        execute format('insert into %I select * from %I', subject, whole);
        for made in select * from parts order by step, name loop
            if made.kind = 'constraint' then
                execute format('alter table %I add constraint %I %s', subject, made.name, made.definition);
            else
                execute made.definition;
            end if;
            -- A partition inherits row triggers, but could be truncated by its own name.
            for partition in
                select inhrelid::regclass::text from pg_inherits where inhparent = subject::regclass and made.on_truncate
            loop
                execute format(
                    'create trigger %I before truncate on %s for each statement execute function refuse_change()',
                    made.name, partition
                );
            end loop;
        end loop;
        drop table parts;

        -- Otherwise the sequence would be dropped with the old table.
        for made in
            select held.attname as name, sequence.oid::regclass as place
            from pg_depend
            inner join pg_class as sequence on pg_depend.objid = sequence.oid and sequence.relkind = 'S'
            inner join pg_attribute as held on pg_depend.refobjid = held.attrelid and pg_depend.refobjsubid = held.attnum
            where pg_depend.deptype = 'a' and pg_depend.refobjid = whole::regclass
        loop
            execute format('alter sequence %s owned by %I.%I', made.place, subject, made.name);
        end loop;

        execute format('select count(*) from %I', whole) into before;
        execute format('select count(*) from %I', subject) into after;
        if after <> before then
            raise exception '% has % rows, % had %', subject, after, whole, before;
        end if;
        raise notice '%: % rows in 16 partitions', subject, after;
    end loop;
end
$$;
