-- Convert the tables of partitions.sql back to plain tables, with all their current rows. It does not touch the old
-- tables wallets_whole, …. docs/scaling.md describes the steps before and after. Run it as the owner of the tables,
-- while nothing writes:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/partitions_back.sql
--
-- The partitions are dropped. If the script fails, nothing has changed.
do $$
declare
    subject text;
    plain text;
    made record;
    before bigint;
    after bigint;
begin
    foreach subject in array array[
        'wallets', 'deposits', 'wallet_audit_log', 'wallet_audit_heads', 'wallet_policies', 'user_policies',
        'signing_accounts', 'wallet_spends'
    ] loop
        plain := subject || '_plain';
        execute format('lock table %I in access exclusive mode', subject);
        if (select relkind from pg_class where oid = subject::regclass) <> 'p' then
            raise exception '% has no partitions', subject;
        end if;

        -- The parts of the table, as SQL with its name.
        create temporary table parts on commit drop as
        select
            case contype when 'f' then 3 else 1 end as step,
            conname as name,
            format('alter table %I add constraint %I %s', subject, conname, pg_get_constraintdef(oid)) as definition
        from pg_constraint
        where conrelid = subject::regclass and contype in ('p', 'u', 'f')
        union all
        select 2, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        from pg_index
        where
            indrelid = subject::regclass
            and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
        union all
        select 4, tgname, pg_get_triggerdef(oid)
        from pg_trigger
        where tgrelid = subject::regclass and not tgisinternal;

        -- LIKE copies columns and check constraints.
        execute format('create table %I (like %I including defaults including constraints)', plain, subject);
        execute format('insert into %I select * from %I', plain, subject);
        execute format('select count(*) from %I', subject) into before;
        execute format('select count(*) from %I', plain) into after;
        if after <> before then
            raise exception '% has % rows, % had %', plain, after, subject, before;
        end if;

        -- Otherwise the sequence would be dropped with the partitions.
        for made in
            select held.attname as name, sequence.oid::regclass as place
            from pg_depend
            inner join pg_class as sequence on pg_depend.objid = sequence.oid and sequence.relkind = 'S'
            inner join pg_attribute as held on pg_depend.refobjid = held.attrelid and pg_depend.refobjsubid = held.attnum
            where pg_depend.deptype = 'a' and pg_depend.refobjid = subject::regclass
        loop
            execute format('alter sequence %s owned by %I.%I', made.place, plain, made.name);
        end loop;

        execute format('drop table %I', subject);
        execute format('alter table %I rename to %I', plain, subject);
        for made in select * from parts order by step, name loop
            execute made.definition;
        end loop;
        drop table parts;
        raise notice '%: % rows in one table', subject, after;
    end loop;
end
$$;
