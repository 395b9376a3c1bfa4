-- name: list_exempt_roles()
-- Roles whose rights are not reported: superusers, the owner of the tables, and the current role.
select exempt.rolname as role_name
from pg_roles as exempt
where
    exempt.rolsuper
    or exempt.rolname in (current_user, session_user)
    or exempt.oid = (
        select ours.relowner
        from pg_class as ours
        where ours.oid = to_regclass('wallets')
    );

-- name: list_grants(relations, allowed)
-- Rights that are granted on these tables, their partitions, views over them, their schema, the database, and
-- security definer functions (not of extensions) whose owner can access one of these tables, because the source of a
-- function does not show what it does through other functions or dynamic SQL. One row per role, place and grantor,
-- with the statement that revokes it. "changes" is false if the right only reads: for a function, if its source names
-- one of these tables and no statement that writes.
-- The rights that wallet_api_runtime needs ("INSERT on wallets") and those of owners are left out.
with recursive ours as (
    select
        relation.oid,
        relation.relnamespace
    from pg_class as relation
    where
        relation.relname = any(:relations::text[])
        and pg_table_is_visible(relation.oid)
),

within_reach as (
    select ours.oid
    from ours
    union
    select part.relid as oid
    from ours
    cross join pg_partition_tree(ours.oid) as part
    union
    select swap.ev_class as oid
    from within_reach
    inner join pg_depend as need
        on
            within_reach.oid = need.refobjid
            and need.refclassid = 'pg_class'::regclass
            and need.classid = 'pg_rewrite'::regclass
    inner join pg_rewrite as swap
        on need.objid = swap.oid
),

place as (
    select
        relation.oid,
        relation.relowner as owned_by,
        relation.relacl as acl,
        relation.oid::regclass::text as place_name,
        case relation.relkind when 'S' then 'sequence' else 'table' end || ' ' || relation.oid::regclass as named_as
    from within_reach
    inner join pg_class as relation
        on within_reach.oid = relation.oid
    where
        -- A security invoker view grants no access.
        not coalesce(relation.reloptions && array[
            'security_invoker=true', 'security_invoker=on', 'security_invoker=yes', 'security_invoker=1'
        ], false)
),

privileged as (
    select
        callee.oid,
        callee.proowner,
        callee.proacl,
        pg_get_functiondef(callee.oid) !~* concat('\m(', array_to_string(:relations::text[], '|'), ')\M')
        or pg_get_functiondef(callee.oid) ~* '\m(insert|update|delete|truncate|merge|copy|execute)\M' as changes
    from pg_proc as callee
    where
        callee.prosecdef
        and callee.prokind in ('f', 'p')
        and exists (
            select 1
            from place
            where
                pg_has_role(callee.proowner, place.owned_by, 'MEMBER')
                or has_table_privilege(callee.proowner, place.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                or has_any_column_privilege(callee.proowner, place.oid, 'SELECT, INSERT, UPDATE')
        )
        and not exists (
            select 1
            from pg_depend as made_by
            where
                made_by.classid = 'pg_proc'::regclass
                and made_by.objid = callee.oid
                and made_by.deptype = 'e'
        )
),

given as (
    select
        place.place_name,
        place.named_as,
        place.owned_by,
        item.privilege_type as right_name,
        item.grantee,
        item.grantor,
        item.privilege_type <> 'SELECT' as changes
    from place
    cross join aclexplode(place.acl) as item
    union all
    select
        place.place_name,
        place.named_as,
        place.owned_by,
        format('%%s (%%I)', item.privilege_type, member.attname) as right_name,
        item.grantee,
        item.grantor,
        item.privilege_type <> 'SELECT' as changes
    from place
    inner join pg_attribute as member
        on place.oid = member.attrelid
    cross join aclexplode(member.attacl) as item
    union all
    -- An object created there could shadow one that our statements name.
    select
        'the schema' as place_name,
        format('schema %%I', home.nspname) as named_as,
        home.nspowner as owned_by,
        item.privilege_type as right_name,
        item.grantee,
        item.grantor,
        true as changes
    from pg_namespace as home
    cross join aclexplode(home.nspacl) as item
    where
        home.oid in (select ours.relnamespace from ours)
        and item.privilege_type = 'CREATE'
    union all
    select
        'the database' as place_name,
        format('database %%I', around.datname) as named_as,
        around.datdba as owned_by,
        item.privilege_type as right_name,
        item.grantee,
        item.grantor,
        true as changes
    from pg_database as around
    cross join aclexplode(around.datacl) as item
    where
        around.datname = current_database()
        and item.privilege_type = 'CREATE'
    union all
    select
        'function ' || callee.oid::regprocedure as place_name,
        'function ' || callee.oid::regprocedure as named_as,
        callee.proowner as owned_by,
        item.privilege_type as right_name,
        item.grantee,
        item.grantor,
        callee.changes
    from privileged as callee
    cross join aclexplode(coalesce(callee.proacl, acldefault('f', callee.proowner))) as item
)

select
    bool_or(given.changes) as changes,
    case given.grantee when 0 then 'everybody' else pg_get_userbyid(given.grantee)::text end as role_name,
    format(
        'may %%s on %%s',
        string_agg(given.right_name, ', ' order by given.right_name),
        given.place_name
    ) as ability,
    concat(
        case when given.grantor <> given.owned_by then format('as %%s, ', given.grantor::regrole) end,
        format(
            'revoke %%s on %%s from %%s',
            string_agg(given.right_name, ', ' order by given.right_name),
            given.named_as,
            case given.grantee when 0 then 'public' else given.grantee::regrole::text end
        )
    ) as remedy
from given
where
    given.grantee <> given.owned_by
    and not (
        given.grantee is not distinct from to_regrole('wallet_api_runtime')::oid
        and concat(given.right_name, ' on ', given.place_name) = any(:allowed::text[])
    )
group by given.grantee, given.grantor, given.owned_by, given.place_name, given.named_as
order by role_name, ability;

-- name: list_owners(relations, functions)
-- The owners of these tables, their partitions and these functions, of their schema, and of the database. Each of them
-- can drop our tables, or replace functions that our statements call.
with ours as (
    select
        relation.oid,
        relation.relowner,
        relation.relnamespace,
        relation.relkind
    from pg_class as relation
    where
        relation.relname = any(:relations::text[])
        and pg_table_is_visible(relation.oid)
),

held as (
    select
        ours.oid::regclass::text as place_name,
        case ours.relkind when 'S' then 'sequence' else 'table' end || ' ' || ours.oid::regclass as named_as,
        ours.relowner as owned_by
    from ours
    union
    select
        part.relid::text as place_name,
        'table ' || part.relid as named_as,
        relation.relowner as owned_by
    from ours
    cross join pg_partition_tree(ours.oid) as part
    inner join pg_class as relation
        on part.relid = relation.oid
    union
    select
        'function ' || callee.oid::regprocedure as place_name,
        'function ' || callee.oid::regprocedure as named_as,
        callee.proowner as owned_by
    from pg_proc as callee
    where
        callee.proname = any(:functions::text[])
        and pg_function_is_visible(callee.oid)
    union
    select
        'the schema' as place_name,
        format('schema %%I', home.nspname) as named_as,
        -- The default of PostgreSQL 15 and newer.
        case home.nspowner when 'pg_database_owner'::regrole then around.datdba else home.nspowner end as owned_by
    from pg_namespace as home
    inner join pg_database as around
        on around.datname = current_database()
    where home.oid in (select ours.relnamespace from ours)
    union
    select
        'the database' as place_name,
        format('database %%I', around.datname) as named_as,
        around.datdba as owned_by
    from pg_database as around
    where around.datname = current_database()
)

select
    true as changes,
    pg_get_userbyid(held.owned_by)::text as role_name,
    'owns ' || held.place_name as ability,
    format('alter %%s owner to %%s', held.named_as, ours.relowner::regrole) as remedy
from held
inner join ours
    on ours.oid = to_regclass('wallets')
order by role_name, ability;

-- name: list_memberships(roles)
-- Roles that can act as one of these roles or as a superuser, and the membership to revoke. Direct members of
-- wallet_api_runtime are left out, because the service connects as one; their own members are not. Since PostgreSQL 16
-- each membership has options (INHERIT, SET, ADMIN); ADMIN is enough to grant oneself the others.
with recursive link as (
    select
        edge.member as holder,
        edge.roleid as role_id,
        edge.grantor,
        edge.admin_option as is_admin,
        edge.admin_option or coalesce((to_jsonb(edge) ->> 'set_option')::boolean, true) as can_set,
        edge.admin_option or coalesce((to_jsonb(edge) ->> 'inherit_option')::boolean, true) as can_inherit
    from pg_auth_members as edge
),

-- SET ROLE follows memberships that all have SET. The role that it reaches may inherit the rights of others.
reach as (
    select
        link.holder,
        link.role_id,
        link.role_id as first_step,
        link.grantor,
        link.is_admin or link.can_set as by_set
    from link
    where link.can_set or link.can_inherit
    union
    select
        reach.holder,
        link.role_id,
        reach.first_step,
        reach.grantor,
        link.is_admin or (reach.by_set and link.can_set) as by_set
    from reach
    inner join link
        on reach.role_id = link.holder
    where (reach.by_set and link.can_set) or link.can_inherit
),

strong as (
    select
        wanted.oid,
        wanted.rolname
    from pg_roles as wanted
    where
        wanted.rolsuper
        or wanted.rolname = any(:roles::text[])
)

select distinct
    strong.rolname::text as acts_as,
    pg_get_userbyid(reach.holder)::text as role_name,
    concat(
        'may act as ', strong.rolname,
        case when reach.first_step <> reach.role_id then ' through ' || pg_get_userbyid(reach.first_step) end
    ) as ability,
    format(
        'revoke %%s from %%s (granted by %%s)',
        reach.first_step::regrole,
        reach.holder::regrole,
        pg_get_userbyid(reach.grantor)
    ) as remedy
from reach
inner join strong
    on reach.role_id = strong.oid
where not (strong.rolname = 'wallet_api_runtime' and reach.first_step = strong.oid)
order by role_name, ability, remedy;

-- name: list_role_attributes()
-- Role attributes that give access to our rows without a right on a table. REPLICATION reads every row. Before
-- PostgreSQL 16, CREATEROLE can grant itself membership in any role except superusers.
select
    false as changes,
    holder.rolname::text as role_name,
    'may copy every row (REPLICATION)' as ability,
    format('alter role %%I noreplication', holder.rolname) as remedy
from pg_roles as holder
where holder.rolreplication
union all
select
    true as changes,
    holder.rolname::text as role_name,
    'may make itself a member of any role (CREATEROLE)' as ability,
    format('alter role %%I nocreaterole', holder.rolname) as remedy
from pg_roles as holder
where
    holder.rolcreaterole
    and current_setting('server_version_num')::integer < 160000
order by role_name, ability;

-- name: list_replication_sources(relations)
-- Publications of these tables, and logical replication slots, which send rows elsewhere.
select
    false as changes,
    format('publication %%I', feed.pubname) as role_name,
    'sends ' || feed.tablename as ability,
    case
        when exists (
            select 1
            from pg_publication_rel as member
            inner join pg_publication as mine
                on member.prpubid = mine.oid
            where
                mine.pubname = feed.pubname
                and member.prrelid = to_regclass(format('%%I.%%I', feed.schemaname, feed.tablename))
        ) then format('alter publication %%I drop table %%I.%%I', feed.pubname, feed.schemaname, feed.tablename)
        else format('drop publication %%I', feed.pubname)
    end as remedy
from pg_publication_tables as feed
where
    feed.tablename = any(:relations::text[])
    and pg_table_is_visible(to_regclass(format('%%I.%%I', feed.schemaname, feed.tablename)))
union all
select
    false as changes,
    format('replication slot %%I', slot.slot_name) as role_name,
    'sends every change of this database' as ability,
    format('select pg_drop_replication_slot(%%L)', slot.slot_name) as remedy
from pg_replication_slots as slot
where slot.database = current_database()
order by role_name, ability;

-- name: list_parameter_rights()
-- Roles that may set parameters reserved for superusers, or change the configuration with ALTER SYSTEM, which can run
-- programs. The owner of our tables is left out. Since PostgreSQL 15.
select
    true as changes,
    case item.grantee when 0 then 'everybody' else pg_get_userbyid(item.grantee)::text end as role_name,
    format('may %%s on parameter %%s', item.privilege_type, given.parname) as ability,
    format(
        'revoke %%s on parameter %%s from %%s',
        item.privilege_type,
        given.parname,
        case item.grantee when 0 then 'public' else item.grantee::regrole::text end
    ) as remedy
from pg_parameter_acl as given
cross join aclexplode(given.paracl) as item
inner join pg_class as ours
    on ours.oid = to_regclass('wallets')
left join pg_roles as holder
    on item.grantee = holder.oid
where
    item.grantee <> ours.relowner
    and not coalesce(holder.rolsuper, false)
order by role_name, ability;

-- name: list_default_rights(functions)
-- The rights that the owner's default privileges grant on new tables, sequences and functions, until an upgrade revokes
-- them, and those granted on our functions, which remain. (PUBLIC may execute a new function in any case.)
with callee as (
    select
        oid,
        proowner,
        proacl
    from pg_proc
    where
        proname = any(:functions::text[])
        and pg_function_is_visible(oid)
        and not prosecdef
)

select
    bool_or(item.privilege_type <> 'SELECT') as changes,
    case item.grantee when 0 then 'everybody' else pg_get_userbyid(item.grantee)::text end as role_name,
    format(
        'will get %%s on every new %%s',
        string_agg(item.privilege_type, ', ' order by item.privilege_type),
        kind.named_as
    ) as ability,
    concat(
        format('alter default privileges for role %%s', preset.defaclrole::regrole),
        case when preset.defaclnamespace <> 0 then ' in schema ' || preset.defaclnamespace::regnamespace end,
        format(' revoke all on %%ss from ', kind.named_as),
        case item.grantee when 0 then 'public' else item.grantee::regrole::text end
    ) as remedy
from pg_class as ours
inner join pg_default_acl as preset
    on ours.relowner = preset.defaclrole and preset.defaclnamespace in (0, ours.relnamespace)
inner join (values ('r', 'table'), ('S', 'sequence'), ('f', 'function')) as kind (letter, named_as)
    on preset.defaclobjtype::text = kind.letter
cross join aclexplode(preset.defaclacl) as item
where
    ours.oid = to_regclass('wallets')
    and item.grantee <> preset.defaclrole
    and not (preset.defaclobjtype = 'f' and item.grantee = 0)
group by preset.defaclrole, preset.defaclnamespace, kind.named_as, item.grantee
union all
select
    true as changes,
    pg_get_userbyid(item.grantee)::text as role_name,
    'may EXECUTE on function ' || callee.oid::regprocedure as ability,
    format('revoke execute on function %%s from %%s', callee.oid::regprocedure, item.grantee::regrole) as remedy
from callee
cross join aclexplode(callee.proacl) as item
where
    item.grantee not in (0, callee.proowner)
    and item.grantee is distinct from to_regrole('wallet_api_runtime')::oid
order by role_name, ability;
