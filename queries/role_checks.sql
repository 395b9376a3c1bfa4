-- name: list_exempt_roles()
-- Roles whose privileges are not reported: superusers, the owner of the tables, and the current role.
select exempt.rolname as role_name
from pg_roles as exempt
where
    exempt.rolsuper
    or exempt.rolname in (current_user, session_user)
    or exempt.oid = (
        select wallets_table.relowner
        from pg_class as wallets_table
        where wallets_table.oid = to_regclass('wallets')
    );

-- name: list_grants(relations, allowed)
-- Privileges that are granted on these tables, their partitions, views over them, their schema, the database, and
-- security definer functions (not of extensions) whose owner can access one of these tables, because the source of a
-- function does not show what it does through other functions or dynamic SQL. One row per role, place and grantor,
-- with the statement that revokes it. "changes" is false if the privilege only reads: for a function, if its source
-- names one of these tables and no statement that writes.
-- The privileges that wallet_api_runtime needs ("INSERT on wallets") and those of owners are omitted.
with recursive target as (
    select
        relation.oid,
        relation.relnamespace
    from pg_class as relation
    where
        relation.relname = any(:relations::text[])
        and pg_table_is_visible(relation.oid)
),

dependent as (
    select target.oid
    from target
    union
    select partition_tree.relid as oid
    from target
    cross join pg_partition_tree(target.oid) as partition_tree
    union
    select rewrite_rule.ev_class as oid
    from dependent
    inner join pg_depend as dependency
        on
            dependent.oid = dependency.refobjid
            and dependency.refclassid = 'pg_class'::regclass
            and dependency.classid = 'pg_rewrite'::regclass
    inner join pg_rewrite as rewrite_rule
        on dependency.objid = rewrite_rule.oid
),

exposed as (
    select
        relation.oid,
        relation.relowner as owner_id,
        relation.relacl as acl,
        relation.oid::regclass::text as object_name,
        case relation.relkind when 'S' then 'sequence' else 'table' end || ' ' || relation.oid::regclass as object_sql
    from dependent
    inner join pg_class as relation
        on dependent.oid = relation.oid
    where
        -- A security invoker view grants no access.
        not coalesce(relation.reloptions && array[
            'security_invoker=true', 'security_invoker=on', 'security_invoker=yes', 'security_invoker=1'
        ], false)
),

definer_function as (
    select
        func.proowner,
        func.proacl,
        -- REVOKE ... ON FUNCTION does not accept a procedure.
        case func.prokind when 'p' then 'procedure ' else 'function ' end || func.oid::regprocedure as object_sql,
        pg_get_functiondef(func.oid) !~* concat('\m(', array_to_string(:relations::text[], '|'), ')\M')
        or pg_get_functiondef(func.oid) ~* '\m(insert|update|delete|truncate|merge|copy|execute)\M' as changes
    from pg_proc as func
    where
        func.prosecdef
        and func.prokind in ('f', 'p')
        and exists (
            select 1
            from exposed
            where
                pg_has_role(func.proowner, exposed.owner_id, 'MEMBER')
                or has_table_privilege(func.proowner, exposed.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                or has_any_column_privilege(func.proowner, exposed.oid, 'SELECT, INSERT, UPDATE')
        )
        and not exists (
            select 1
            from pg_depend as dependency
            where
                dependency.classid = 'pg_proc'::regclass
                and dependency.objid = func.oid
                and dependency.deptype = 'e'
        )
),

granted as (
    select
        exposed.object_name,
        exposed.object_sql,
        exposed.owner_id,
        item.privilege_type as privilege_name,
        item.grantee,
        item.grantor,
        item.privilege_type <> 'SELECT' as changes
    from exposed
    cross join aclexplode(exposed.acl) as item
    union all
    select
        exposed.object_name,
        exposed.object_sql,
        exposed.owner_id,
        format('%%s (%%I)', item.privilege_type, table_column.attname) as privilege_name,
        item.grantee,
        item.grantor,
        item.privilege_type <> 'SELECT' as changes
    from exposed
    inner join pg_attribute as table_column
        on exposed.oid = table_column.attrelid
    cross join aclexplode(table_column.attacl) as item
    union all
    -- An object created there could shadow one that our statements name.
    select
        'the schema' as object_name,
        format('schema %%I', namespace.nspname) as object_sql,
        namespace.nspowner as owner_id,
        item.privilege_type as privilege_name,
        item.grantee,
        item.grantor,
        true as changes
    from pg_namespace as namespace
    cross join aclexplode(namespace.nspacl) as item
    where
        namespace.oid in (select target.relnamespace from target)
        and item.privilege_type = 'CREATE'
    union all
    select
        'the database' as object_name,
        format('database %%I', db.datname) as object_sql,
        db.datdba as owner_id,
        item.privilege_type as privilege_name,
        item.grantee,
        item.grantor,
        true as changes
    from pg_database as db
    cross join aclexplode(db.datacl) as item
    where
        db.datname = current_database()
        and item.privilege_type = 'CREATE'
    union all
    select
        func.object_sql as object_name,
        func.object_sql,
        func.proowner as owner_id,
        item.privilege_type as privilege_name,
        item.grantee,
        item.grantor,
        func.changes
    from definer_function as func
    cross join aclexplode(coalesce(func.proacl, acldefault('f', func.proowner))) as item
)

select
    bool_or(granted.changes) as changes,
    case granted.grantee when 0 then 'everybody' else pg_get_userbyid(granted.grantee)::text end as role_name,
    format(
        'may %%s on %%s',
        string_agg(granted.privilege_name, ', ' order by granted.privilege_name),
        granted.object_name
    ) as ability,
    concat(
        case when granted.grantor <> granted.owner_id then format('as %%s, ', granted.grantor::regrole) end,
        format(
            'revoke %%s on %%s from %%s',
            string_agg(granted.privilege_name, ', ' order by granted.privilege_name),
            granted.object_sql,
            case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end
        )
    ) as remedy
from granted
where
    granted.grantee <> granted.owner_id
    and not (
        granted.grantee is not distinct from to_regrole('wallet_api_runtime')::oid
        and concat(granted.privilege_name, ' on ', granted.object_name) = any(:allowed::text[])
    )
group by granted.grantee, granted.grantor, granted.owner_id, granted.object_name, granted.object_sql
order by role_name, ability;

-- name: list_owners(relations, functions)
-- The owners of these tables, their partitions and these functions, of their schema, and of the database. Each of them
-- can drop our tables, or replace functions that our statements call.
with target as (
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

owned as (
    select
        target.oid::regclass::text as object_name,
        case target.relkind when 'S' then 'sequence' else 'table' end || ' ' || target.oid::regclass as object_sql,
        target.relowner as owner_id
    from target
    union
    select
        partition_tree.relid::text as object_name,
        'table ' || partition_tree.relid as object_sql,
        relation.relowner as owner_id
    from target
    cross join pg_partition_tree(target.oid) as partition_tree
    inner join pg_class as relation
        on partition_tree.relid = relation.oid
    union
    select
        'function ' || func.oid::regprocedure as object_name,
        'function ' || func.oid::regprocedure as object_sql,
        func.proowner as owner_id
    from pg_proc as func
    where
        func.proname = any(:functions::text[])
        and pg_function_is_visible(func.oid)
    union
    select
        'the schema' as object_name,
        format('schema %%I', namespace.nspname) as object_sql,
        -- The default of PostgreSQL 15 and newer.
        case namespace.nspowner when 'pg_database_owner'::regrole then db.datdba else namespace.nspowner end as owner_id
    from pg_namespace as namespace
    inner join pg_database as db
        on db.datname = current_database()
    where namespace.oid in (select target.relnamespace from target)
    union
    select
        'the database' as object_name,
        format('database %%I', db.datname) as object_sql,
        db.datdba as owner_id
    from pg_database as db
    where db.datname = current_database()
)

select
    true as changes,
    pg_get_userbyid(owned.owner_id)::text as role_name,
    'owns ' || owned.object_name as ability,
    format('alter %%s owner to %%s', owned.object_sql, target.relowner::regrole) as remedy
from owned
inner join target
    on target.oid = to_regclass('wallets')
order by role_name, ability;

-- name: list_memberships(roles)
-- Roles that can act as one of these roles or as a superuser, and the membership to revoke. Direct members of
-- wallet_api_runtime are omitted, because the service connects as one; their own members are not. Since PostgreSQL 16
-- each membership has options (INHERIT, SET, ADMIN); ADMIN is enough to grant oneself the others.
with recursive membership as (
    select
        auth_member.member as member_id,
        auth_member.roleid as role_id,
        auth_member.grantor,
        auth_member.admin_option as is_admin,
        auth_member.admin_option or coalesce((to_jsonb(auth_member) ->> 'set_option')::boolean, true) as can_set,
        auth_member.admin_option or coalesce((to_jsonb(auth_member) ->> 'inherit_option')::boolean, true) as can_inherit
    from pg_auth_members as auth_member
),

-- SET ROLE follows memberships that all have SET. The role that it reaches may inherit the privileges of others.
role_path as (
    select
        membership.member_id,
        membership.role_id,
        membership.role_id as granted_role_id,
        membership.grantor,
        membership.is_admin or membership.can_set as by_set
    from membership
    where membership.can_set or membership.can_inherit
    union
    select
        role_path.member_id,
        membership.role_id,
        role_path.granted_role_id,
        role_path.grantor,
        membership.is_admin or (role_path.by_set and membership.can_set) as by_set
    from role_path
    inner join membership
        on role_path.role_id = membership.member_id
    where (role_path.by_set and membership.can_set) or membership.can_inherit
),

powerful as (
    select
        candidate.oid,
        candidate.rolname
    from pg_roles as candidate
    where
        candidate.rolsuper
        or candidate.rolname = any(:roles::text[])
)

select distinct
    powerful.rolname::text as acts_as,
    pg_get_userbyid(role_path.member_id)::text as role_name,
    concat(
        'may act as ', powerful.rolname,
        case
            when role_path.granted_role_id <> role_path.role_id
                then ' through ' || pg_get_userbyid(role_path.granted_role_id)
        end
    ) as ability,
    format(
        'revoke %%s from %%s (granted by %%s)',
        role_path.granted_role_id::regrole,
        role_path.member_id::regrole,
        pg_get_userbyid(role_path.grantor)
    ) as remedy
from role_path
inner join powerful
    on role_path.role_id = powerful.oid
where not (powerful.rolname = 'wallet_api_runtime' and role_path.granted_role_id = powerful.oid)
order by role_name, ability, remedy;

-- name: list_role_attributes()
-- Role attributes that give access to our rows without a privilege on a table. REPLICATION reads every row. Before
-- PostgreSQL 16, CREATEROLE can grant itself membership in any role except superusers.
select
    false as changes,
    powerful.rolname::text as role_name,
    'may copy every row (REPLICATION)' as ability,
    format('alter role %%I noreplication', powerful.rolname) as remedy
from pg_roles as powerful
where powerful.rolreplication
union all
select
    true as changes,
    powerful.rolname::text as role_name,
    'may make itself a member of any role (CREATEROLE)' as ability,
    format('alter role %%I nocreaterole', powerful.rolname) as remedy
from pg_roles as powerful
where
    powerful.rolcreaterole
    and current_setting('server_version_num')::integer < 160000
order by role_name, ability;

-- name: list_replication_sources(relations)
-- Publications of these tables, and logical replication slots, which send rows elsewhere.
select
    false as changes,
    format('publication %%I', published.pubname) as role_name,
    'sends ' || published.tablename as ability,
    case
        when
            exists (
                select 1
                from pg_publication_rel as listed
                inner join pg_publication as pub
                    on listed.prpubid = pub.oid
                where
                    pub.pubname = published.pubname
                    and listed.prrelid = to_regclass(format('%%I.%%I', published.schemaname, published.tablename))
            )
            then format(
                'alter publication %%I drop table %%I.%%I',
                published.pubname, published.schemaname, published.tablename
            )
        else format('drop publication %%I', published.pubname)
    end as remedy
from pg_publication_tables as published
where
    published.tablename = any(:relations::text[])
    and pg_table_is_visible(to_regclass(format('%%I.%%I', published.schemaname, published.tablename)))
union all
select
    false as changes,
    format('replication slot %%I', slot.slot_name) as role_name,
    'sends every change of this database' as ability,
    format('select pg_drop_replication_slot(%%L)', slot.slot_name) as remedy
from pg_replication_slots as slot
where slot.database = current_database()
order by role_name, ability;

-- name: list_parameter_privileges()
-- Roles that may set parameters reserved for superusers, or change the configuration with ALTER SYSTEM, which can run
-- programs. The owner of our tables is omitted. Since PostgreSQL 15.
select
    true as changes,
    case item.grantee when 0 then 'everybody' else pg_get_userbyid(item.grantee)::text end as role_name,
    format('may %%s on parameter %%s', item.privilege_type, parameter_acl.parname) as ability,
    format(
        'revoke %%s on parameter %%s from %%s',
        item.privilege_type,
        parameter_acl.parname,
        case item.grantee when 0 then 'public' else item.grantee::regrole::text end
    ) as remedy
from pg_parameter_acl as parameter_acl
cross join aclexplode(parameter_acl.paracl) as item
inner join pg_class as wallets_table
    on wallets_table.oid = to_regclass('wallets')
left join pg_roles as grantee_role
    on item.grantee = grantee_role.oid
where
    item.grantee <> wallets_table.relowner
    and not coalesce(grantee_role.rolsuper, false)
order by role_name, ability;

-- name: list_default_privileges(functions)
-- What the owner's default privileges grant on new tables, sequences and functions, until an upgrade revokes it, and
-- what is granted on our functions, which remain. (PUBLIC may execute a new function in any case.)
with func as (
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
        object_kind.kind_name
    ) as ability,
    concat(
        format('alter default privileges for role %%s', default_acl.defaclrole::regrole),
        case when default_acl.defaclnamespace <> 0 then ' in schema ' || default_acl.defaclnamespace::regnamespace end,
        format(' revoke all on %%ss from ', object_kind.kind_name),
        case item.grantee when 0 then 'public' else item.grantee::regrole::text end
    ) as remedy
from pg_class as wallets_table
inner join pg_default_acl as default_acl
    on
        wallets_table.relowner = default_acl.defaclrole
        and default_acl.defaclnamespace in (0, wallets_table.relnamespace)
inner join (values ('r', 'table'), ('S', 'sequence'), ('f', 'function')) as object_kind (letter, kind_name)
    on default_acl.defaclobjtype::text = object_kind.letter
cross join aclexplode(default_acl.defaclacl) as item
where
    wallets_table.oid = to_regclass('wallets')
    and item.grantee <> default_acl.defaclrole
    and not (default_acl.defaclobjtype = 'f' and item.grantee = 0)
group by default_acl.defaclrole, default_acl.defaclnamespace, object_kind.kind_name, item.grantee
union all
select
    true as changes,
    pg_get_userbyid(item.grantee)::text as role_name,
    'may EXECUTE on function ' || func.oid::regprocedure as ability,
    format('revoke execute on function %%s from %%s', func.oid::regprocedure, item.grantee::regrole) as remedy
from func
cross join aclexplode(func.proacl) as item
where
    item.grantee not in (0, func.proowner)
    and item.grantee is distinct from to_regrole('wallet_api_runtime')::oid
order by role_name, ability;
