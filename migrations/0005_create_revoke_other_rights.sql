-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Revoke what other roles can do to these tables, their partitions and their sequences, and return
-- what was found. Default privileges grant rights on every new table, also to roles that nobody
-- chose for it. `wallet-api db upgrade` calls this function after the migrations, and
-- queries/operations/roles.sql calls it too. Owners and wallet_api_runtime keep their rights. A role
-- that can only read these tables keeps that, for backups and reports
-- (docs/decisions/rights-of-other-roles.md). A right that another role granted, or on a table that
-- the caller does not own, is returned but not revoked.
create function revoke_other_rights(tables regclass[])
returns table (role_name text, relation_name text)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    is_ours boolean;
    kind text;
    rights text;
begin
    for role_name, relation_name, is_ours, kind, rights in
        with place as (
            select
                relation.oid,
                relation.relowner,
                relation.relkind = 'S' as is_sequence,
                relation.relacl as acl
            from pg_class as relation
            where
                relation.oid = any(tables)
                or relation.oid in (
                    select part.relid
                    from unnest(tables) as root (oid)
                    cross join pg_partition_tree(root.oid) as part
                )
                or relation.relkind = 'S'
                and relation.oid in (
                    select owned.objid
                    from pg_depend as owned
                    where
                        owned.classid = 'pg_class'::regclass
                        and owned.refclassid = 'pg_class'::regclass
                        and owned.refobjid = any(tables)
                        and owned.deptype in ('a', 'i')
                )
        ),

        granted as (
            select place.oid, place.relowner, place.is_sequence, item.grantee, item.privilege_type
            from place
            cross join aclexplode(place.acl) as item
            union
            select place.oid, place.relowner, place.is_sequence, item.grantee, item.privilege_type
            from place
            inner join pg_attribute as member
                on place.oid = member.attrelid
            cross join aclexplode(member.attacl) as item
        ),

        other as (
            select
                granted.*,
                -- Nobody means everybody, not even for reading.
                granted.grantee = 0 or exists (
                    select from granted as also
                    where
                        also.grantee = granted.grantee
                        and not also.is_sequence
                        and also.privilege_type <> 'SELECT'
                ) as all_of_it
            from granted
            where
                granted.grantee not in (select place.relowner from place)
                and granted.grantee is distinct from to_regrole('wallet_api_runtime')::oid
        )

        select distinct
            case other.grantee when 0 then 'public' else other.grantee::regrole::text end,
            other.oid::regclass::text,
            pg_has_role(other.relowner, 'USAGE'),
            case when other.is_sequence then 'sequence' else 'table' end,
            case when other.all_of_it then 'all' else 'usage, update' end
        from other
        where other.all_of_it or other.is_sequence and other.privilege_type <> 'SELECT'
    loop
        if is_ours then
            execute format('revoke %s on %s %s from %s cascade', rights, kind, relation_name, role_name);
        end if;
        return next;
    end loop;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
