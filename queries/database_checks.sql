-- name: list_trading_wallets_without_key()
-- Users whose trading wallet lacks its encrypted key or a part of it. There must be none.
select fid
from wallets
where
    wallet_type = 'trading'
    and num_nulls(encrypted_private_key, iv, scheme, key_id) > 0
order by fid
limit 100;

-- name: list_wallets_of_unknown_secrets()
-- Users whose key is encrypted with a secret that is not registered. There must be none.
select wallet.fid
from wallets as wallet
left join encryption_keys as secret on wallet.key_id = secret.key_id
where
    wallet.wallet_type = 'trading'
    and secret.key_id is null
order by wallet.fid
limit 100;

-- name: list_deposits_to_other_addresses()
-- Users with a deposit that does not go to their own trading wallet. There must be none where wallets are rows.
select distinct deposit.fid
from deposits as deposit
inner join wallets as wallet
    on deposit.fid = wallet.fid and wallet.chain = 'ethereum'
where deposit.to_address <> wallet.address
order by deposit.fid
limit 100;

-- name: list_unreadable_tables(tables)
-- The tables among these that the current role may not read.
select wanted.relation_name
from unnest(:tables::text[]) as wanted (relation_name)
where not has_table_privilege(to_regclass(wanted.relation_name), 'SELECT')
order by wanted.relation_name;

-- name: list_schema_objects(relations, functions)
-- The parts of these tables, as PostgreSQL prints them without schema names: columns, constraints, indexes, triggers
-- and their functions, rules, policies, and tables that inherit from them. The definition of a disabled or invalid
-- object ends with DISABLED or INVALID. Event triggers, which belong to no table, are included.
with target as (
    select
        oid,
        relname,
        relkind,
        relpersistence,
        relrowsecurity,
        relnamespace::regnamespace || '.' as schema_prefix
    from pg_class
    where
        relname = any(:relations::text[])
        and pg_table_is_visible(oid)
)

select
    case target.relkind when 'S' then 'sequence' else 'table' end as kind,
    target.relname::text as object_name,
    concat(
        -- Report a partitioned table as a table.
        'kind ', replace(target.relkind::text, 'p', 'r'),
        case target.relpersistence when 'p' then '' else ' UNLOGGED' end,
        case when target.relrowsecurity then ' ROW LEVEL SECURITY' end
    ) as definition
from target
union all
select
    'column' as kind,
    concat(target.relname, '.', table_column.attname) as object_name,
    concat(
        format_type(table_column.atttypid, table_column.atttypmod),
        ' DEFAULT ' || replace(pg_get_expr(column_default.adbin, column_default.adrelid), target.schema_prefix, ''),
        case when table_column.attnotnull then ' NOT NULL' end
    ) as definition
from target
inner join pg_attribute as table_column
    on target.oid = table_column.attrelid and table_column.attnum > 0 and not table_column.attisdropped
left join pg_attrdef as column_default
    on table_column.attrelid = column_default.adrelid and table_column.attnum = column_default.adnum
where target.relkind <> 'S'
union all
select
    'constraint' as kind,
    table_constraint.conname::text as object_name,
    concat(
        target.relname, ' ', replace(pg_get_constraintdef(table_constraint.oid), target.schema_prefix, ''),
        case when exists (
            select 1
            from pg_trigger as table_trigger
            where table_trigger.tgconstraint = table_constraint.oid and table_trigger.tgenabled not in ('O', 'A')
        ) then ' DISABLED' end
    ) as definition
from target
inner join pg_constraint as table_constraint
    on target.oid = table_constraint.conrelid and table_constraint.contype not in ('n', 't')
union all
select
    case when table_index.indisunique then 'unique index' else 'index' end as kind,
    index_relation.relname::text as object_name,
    concat(
        replace(replace(pg_get_indexdef(table_index.indexrelid), target.schema_prefix, ''), ' ON ONLY ', ' ON '),
        case when not table_index.indisvalid or not table_index.indisready then ' INVALID' end
    ) as definition
from target
inner join pg_index as table_index
    on target.oid = table_index.indrelid
inner join pg_class as index_relation
    on table_index.indexrelid = index_relation.oid
where
    -- The index of a constraint is defined by the constraint.
    not table_index.indisvalid
    or not exists (
        select 1
        from pg_constraint as table_constraint
        where table_constraint.conindid = table_index.indexrelid and table_constraint.contype in ('p', 'u', 'x')
    )
union all
select
    'trigger' as kind,
    table_trigger.tgname::text as object_name,
    concat(
        replace(pg_get_triggerdef(table_trigger.oid), target.schema_prefix, ''),
        case when table_trigger.tgenabled not in ('O', 'A') then ' DISABLED' end
    ) as definition
from target
inner join pg_trigger as table_trigger
    on target.oid = table_trigger.tgrelid and not table_trigger.tgisinternal
union all
select
    'rule' as kind,
    rewrite_rule.rulename::text as object_name,
    replace(pg_get_ruledef(rewrite_rule.oid), target.schema_prefix, '') as definition
from target
inner join pg_rewrite as rewrite_rule
    on target.oid = rewrite_rule.ev_class
union all
select
    'policy' as kind,
    table_policy.polname::text as object_name,
    target.relname::text as definition
from target
inner join pg_policy as table_policy
    on target.oid = table_policy.polrelid
union all
select
    'child table' as kind,
    child_table.relname::text as object_name,
    target.relname::text as definition
from target
inner join pg_inherits as inheritance
    on target.oid = inheritance.inhparent
inner join pg_class as child_table
    -- Partitions are part of the table.
    on inheritance.inhrelid = child_table.oid and not child_table.relispartition
union all
select
    'event trigger' as kind,
    event_trigger.evtname::text as object_name,
    event_trigger.evtevent::text as definition
from pg_event_trigger as event_trigger
left join pg_depend as dependency
    on
        dependency.classid = 'pg_event_trigger'::regclass
        and event_trigger.oid = dependency.objid
        and dependency.deptype = 'e'
-- Without those of an extension, such as Citus.
where dependency.objid is null
union all
select
    'function' as kind,
    func.proname::text as object_name,
    replace(pg_get_functiondef(func.oid), func.pronamespace::regnamespace || '.', '') as definition
from pg_proc as func
where
    func.prokind <> 'a'
    and func.proname = any(:functions::text[])
    and pg_function_is_visible(func.oid)
    or func.oid in (
        select table_trigger.tgfoid
        from pg_trigger as table_trigger
        inner join target
            on table_trigger.tgrelid = target.oid and not table_trigger.tgisinternal
    )
order by kind, object_name, definition;

-- name: list_role_settings(relations)
-- All settings of roles and databases that apply to sessions of this database, and whether these sessions can reach our
-- tables: by a privilege on a table or a column, also through SET ROLE. PostgreSQL stores values as they were written.
with target as (
    select oid
    from pg_class
    where
        relname = any(:relations::text[])
        and relkind in ('r', 'p')
        and pg_table_is_visible(oid)
)

select
    split_part(entry.setting, '=', 1) as setting_name,
    substr(entry.setting, position('=' in entry.setting) + 1) as setting,
    coalesce(setting_role.rolname::text, 'every role') as role_name,
    role_setting.setrole = 0 or exists (
        select 1
        from pg_roles as granted_role
        cross join target
        where
            pg_has_role(role_setting.setrole, granted_role.oid, 'MEMBER')
            and (
                has_table_privilege(granted_role.oid, target.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
                or has_any_column_privilege(granted_role.oid, target.oid, 'SELECT, INSERT, UPDATE')
            )
    ) as reaches_tables
from pg_db_role_setting as role_setting
cross join unnest(role_setting.setconfig) as entry (setting)
left join pg_roles as setting_role
    on role_setting.setrole = setting_role.oid
where
    role_setting.setdatabase in (0, (
        select db.oid
        from pg_database as db
        where db.datname = current_database()
    ))
order by role_name, setting_name;

-- name: list_initial_settings(names)
-- The initial values of these settings in our sessions; times are in milliseconds.
select
    name,
    reset_val as setting
from pg_settings
where name = any(:names::text[])
order by name;

-- name: get_session()^
-- The current role, the kind of this connection, and the connection limit of our role in this database.
select
    current_user::text as role_name,
    current_setting('server_version') as postgres,
    pg_backend_pid() as backend_pid,
    coalesce(inet_client_addr() << inet '127.0.0.0/8' or inet_client_addr() = inet '::1', true) as is_local,
    coalesce((
        select session_ssl.ssl
        from pg_stat_ssl as session_ssl
        where session_ssl.pid = pg_backend_pid()
    ), false) as tls,
    least(
        current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0),
        case when own_role.rolconnlimit >= 0 and not own_role.rolsuper then own_role.rolconnlimit end,
        case when db.datconnlimit >= 0 and not own_role.rolsuper then db.datconnlimit end
    ) as connections
from pg_roles as own_role
inner join pg_database as db
    on db.datname = current_database()
where own_role.rolname = session_user;

-- name: list_privileges(relations)
-- All privileges of the current role on these tables and sequences, their schema and the database: its own, those of
-- roles that it is a member of, and those of PUBLIC. Attributes such as SUPERUSER are included.
with target as (
    select
        oid,
        relnamespace,
        relowner,
        relname::text as object_name,
        coalesce(
            relacl,
            case relkind when 'S' then acldefault('s', relowner) else acldefault('r', relowner) end
        ) as acl
    from pg_class
    where
        relname = any(:relations::text[])
        and pg_table_is_visible(oid)
),

granted as (
    select
        target.object_name,
        item.privilege_type as privilege_name,
        item.grantee
    from target
    cross join aclexplode(target.acl) as item
    union
    select
        target.object_name,
        format('%%s (%%s)', item.privilege_type, table_column.attname) as privilege_name,
        item.grantee
    from target
    inner join pg_attribute as table_column
        on target.oid = table_column.attrelid
    cross join aclexplode(table_column.attacl) as item
    union
    select
        'the schema' as object_name,
        item.privilege_type as privilege_name,
        item.grantee
    from pg_namespace as namespace
    cross join aclexplode(coalesce(namespace.nspacl, acldefault('n', namespace.nspowner))) as item
    where namespace.oid in (select target.relnamespace from target)
    union
    select
        'the database' as object_name,
        item.privilege_type as privilege_name,
        item.grantee
    from pg_database as db
    cross join aclexplode(coalesce(db.datacl, acldefault('d', db.datdba))) as item
    where db.datname = current_database()
    union
    select
        target.object_name,
        'OWNERSHIP' as privilege_name,
        target.relowner as grantee
    from target
)

select distinct
    granted.object_name,
    granted.privilege_name
from granted
where case when granted.grantee = 0 then true else pg_has_role(granted.grantee, 'MEMBER') end
union all
select
    'the role ' || granted_role.rolname as object_name,
    role_attribute.privilege_name
from pg_roles as granted_role
inner join pg_roles as own_role
    on own_role.rolname = current_user
cross join
    unnest(
        array['SUPERUSER', 'BYPASSRLS', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'MEMBERSHIP'],
        array[
            granted_role.rolsuper,
            granted_role.rolbypassrls,
            granted_role.rolcreaterole,
            granted_role.rolcreatedb,
            granted_role.rolreplication,
            starts_with(granted_role.rolname::text, 'pg_')
        ]
    ) as role_attribute (privilege_name, is_set)
where
    role_attribute.is_set
    and pg_has_role(granted_role.oid, 'MEMBER')
    -- A superuser counts as a member of every role.
    and (granted_role.oid = own_role.oid or not own_role.rolsuper)
order by object_name, privilege_name;
