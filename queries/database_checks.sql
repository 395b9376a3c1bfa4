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
left join encryption_keys as known on wallet.key_id = known.key_id
where
    wallet.wallet_type = 'trading'
    and known.key_id is null
order by wallet.fid
limit 100;

-- name: list_deposits_to_other_addresses()
-- Users with a deposit that does not go to their own trading wallet. There must be none where wallets are rows.
select distinct made.fid
from deposits as made
inner join wallets as trading
    on made.fid = trading.fid and trading.chain = 'ethereum'
where made.to_address <> trading.address
order by made.fid
limit 100;

-- name: list_unreadable_tables(tables)
-- The tables among these that the current role may not read.
select wanted.relation_name
from unnest(:tables::text[]) as wanted (relation_name)
where not has_table_privilege(to_regclass(wanted.relation_name), 'SELECT')
order by wanted.relation_name;

-- name: list_schema_objects(relations, functions)
-- The parts of these tables, as PostgreSQL prints them without schema names: columns, constraints, indexes, triggers
-- and their functions, rules, policies, and tables that inherit from them. A definition that is not in force ends with
-- DISABLED or INVALID. Event triggers, which belong to no table, are included.
with ours as (
    select
        oid,
        relname,
        relkind,
        relpersistence,
        relrowsecurity,
        relnamespace::regnamespace || '.' as home
    from pg_class
    where
        relname = any(:relations::text[])
        and pg_table_is_visible(oid)
)

select
    case ours.relkind when 'S' then 'sequence' else 'table' end as kind,
    ours.relname::text as object_name,
    concat(
        -- Report a partitioned table as a table.
        'kind ', replace(ours.relkind::text, 'p', 'r'),
        case ours.relpersistence when 'p' then '' else ' UNLOGGED' end,
        case when ours.relrowsecurity then ' ROW LEVEL SECURITY' end
    ) as definition
from ours
union all
select
    'column' as kind,
    concat(ours.relname, '.', member.attname) as object_name,
    concat(
        format_type(member.atttypid, member.atttypmod),
        ' DEFAULT ' || replace(pg_get_expr(preset.adbin, preset.adrelid), ours.home, ''),
        case when member.attnotnull then ' NOT NULL' end
    ) as definition
from ours
inner join pg_attribute as member
    on ours.oid = member.attrelid and member.attnum > 0 and not member.attisdropped
left join pg_attrdef as preset
    on member.attrelid = preset.adrelid and member.attnum = preset.adnum
where ours.relkind <> 'S'
union all
select
    'constraint' as kind,
    demand.conname::text as object_name,
    concat(
        ours.relname, ' ', replace(pg_get_constraintdef(demand.oid), ours.home, ''),
        case when exists (
            select 1
            from pg_trigger as guard
            where guard.tgconstraint = demand.oid and guard.tgenabled not in ('O', 'A')
        ) then ' DISABLED' end
    ) as definition
from ours
inner join pg_constraint as demand
    on ours.oid = demand.conrelid and demand.contype not in ('n', 't')
union all
select
    case when entry.indisunique then 'unique index' else 'index' end as kind,
    named.relname::text as object_name,
    concat(
        replace(replace(pg_get_indexdef(entry.indexrelid), ours.home, ''), ' ON ONLY ', ' ON '),
        case when not entry.indisvalid or not entry.indisready then ' INVALID' end
    ) as definition
from ours
inner join pg_index as entry
    on ours.oid = entry.indrelid
inner join pg_class as named
    on entry.indexrelid = named.oid
where
    -- The index of a constraint is defined by the constraint.
    not entry.indisvalid
    or not exists (
        select 1
        from pg_constraint as demand
        where demand.conindid = entry.indexrelid and demand.contype in ('p', 'u', 'x')
    )
union all
select
    'trigger' as kind,
    guard.tgname::text as object_name,
    concat(
        replace(pg_get_triggerdef(guard.oid), ours.home, ''),
        case when guard.tgenabled not in ('O', 'A') then ' DISABLED' end
    ) as definition
from ours
inner join pg_trigger as guard
    on ours.oid = guard.tgrelid and not guard.tgisinternal
union all
select
    'rule' as kind,
    swap.rulename::text as object_name,
    replace(pg_get_ruledef(swap.oid), ours.home, '') as definition
from ours
inner join pg_rewrite as swap
    on ours.oid = swap.ev_class
union all
select
    'policy' as kind,
    screen.polname::text as object_name,
    ours.relname::text as definition
from ours
inner join pg_policy as screen
    on ours.oid = screen.polrelid
union all
select
    'child table' as kind,
    heir.relname::text as object_name,
    ours.relname::text as definition
from ours
inner join pg_inherits as descent
    on ours.oid = descent.inhparent
inner join pg_class as heir
    -- Partitions are part of the table.
    on descent.inhrelid = heir.oid and not heir.relispartition
union all
select
    'event trigger' as kind,
    watch.evtname::text as object_name,
    watch.evtevent::text as definition
from pg_event_trigger as watch
left join pg_depend as made_by
    on
        made_by.classid = 'pg_event_trigger'::regclass
        and watch.oid = made_by.objid
        and made_by.deptype = 'e'
-- Without those of an extension, such as Citus.
where made_by.objid is null
union all
select
    'function' as kind,
    callee.proname::text as object_name,
    replace(pg_get_functiondef(callee.oid), callee.pronamespace::regnamespace || '.', '') as definition
from pg_proc as callee
where
    callee.prokind <> 'a'
    and callee.proname = any(:functions::text[])
    and pg_function_is_visible(callee.oid)
    or callee.oid in (
        select guard.tgfoid
        from pg_trigger as guard
        inner join ours
            on guard.tgrelid = ours.oid and not guard.tgisinternal
    )
order by kind, object_name, definition;

-- name: list_role_settings(relations)
-- All settings of roles and databases that apply to sessions of this database, and whether these sessions can reach our
-- tables: by a right on a table or a column, also through SET ROLE. PostgreSQL stores the values as they were written.
with ours as (
    select oid
    from pg_class
    where
        relname = any(:relations::text[])
        and relkind in ('r', 'p')
        and pg_table_is_visible(oid)
)

select
    split_part(given.setting, '=', 1) as setting_name,
    substr(given.setting, position('=' in given.setting) + 1) as setting,
    coalesce(holder.rolname::text, 'every role') as role_name,
    kept.setrole = 0 or exists (
        select 1
        from pg_roles as acting
        cross join ours
        where
            pg_has_role(kept.setrole, acting.oid, 'MEMBER')
            and (
                has_table_privilege(acting.oid, ours.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
                or has_any_column_privilege(acting.oid, ours.oid, 'SELECT, INSERT, UPDATE')
            )
    ) as reaches_tables
from pg_db_role_setting as kept
cross join unnest(kept.setconfig) as given (setting)
left join pg_roles as holder
    on kept.setrole = holder.oid
where
    kept.setdatabase in (0, (
        select around.oid
        from pg_database as around
        where around.datname = current_database()
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

-- name: get_settings()^
-- Whether commits survive a crash of the machine, and whether this connection is encrypted.
-- synchronous_commit is the initial value of a session: ours switch it on.
select
    current_setting('fsync') = 'on' as fsync,
    (
        select given.reset_val
        from pg_settings as given
        where given.name = 'synchronous_commit'
    ) <> 'off' as synchronous_commit,
    current_setting('full_page_writes') = 'on' as full_page_writes,
    coalesce((
        select ours.ssl
        from pg_stat_ssl as ours
        where ours.pid = pg_backend_pid()
    ), false) as tls;

-- name: get_session()^
-- The current role, the kind of this connection, and the connection limit of our role in this database.
select
    current_user::text as role_name,
    current_setting('server_version') as postgres,
    pg_backend_pid() as backend_pid,
    coalesce(inet_client_addr() << inet '127.0.0.0/8' or inet_client_addr() = inet '::1', true) as is_local,
    coalesce((
        select ours.ssl
        from pg_stat_ssl as ours
        where ours.pid = pg_backend_pid()
    ), false) as tls,
    least(
        current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0),
        case when myself.rolconnlimit >= 0 and not myself.rolsuper then myself.rolconnlimit end,
        case when here.datconnlimit >= 0 and not myself.rolsuper then here.datconnlimit end
    ) as connections
from pg_roles as myself
inner join pg_database as here
    on here.datname = current_database()
where myself.rolname = session_user;

-- name: list_rights(relations)
-- All rights of the current role on these tables and sequences, their schema and the database: its own, those of roles
-- that it is a member of, and those of PUBLIC. Attributes such as SUPERUSER are included.
with ours as (
    select
        oid,
        relnamespace,
        relowner,
        relname::text as place,
        coalesce(
            relacl,
            case relkind when 'S' then acldefault('s', relowner) else acldefault('r', relowner) end
        ) as acl
    from pg_class
    where
        relname = any(:relations::text[])
        and pg_table_is_visible(oid)
),

given as (
    select
        ours.place,
        item.privilege_type as right_name,
        item.grantee
    from ours
    cross join aclexplode(ours.acl) as item
    union
    select
        ours.place,
        format('%%s (%%s)', item.privilege_type, member.attname) as right_name,
        item.grantee
    from ours
    inner join pg_attribute as member
        on ours.oid = member.attrelid
    cross join aclexplode(member.attacl) as item
    union
    select
        'the schema' as place,
        item.privilege_type as right_name,
        item.grantee
    from pg_namespace as home
    cross join aclexplode(coalesce(home.nspacl, acldefault('n', home.nspowner))) as item
    where home.oid in (select ours.relnamespace from ours)
    union
    select
        'the database' as place,
        item.privilege_type as right_name,
        item.grantee
    from pg_database as around
    cross join aclexplode(coalesce(around.datacl, acldefault('d', around.datdba))) as item
    where around.datname = current_database()
    union
    select
        ours.place,
        'OWNERSHIP' as right_name,
        ours.relowner as grantee
    from ours
)

select distinct
    given.place,
    given.right_name
from given
where case when given.grantee = 0 then true else pg_has_role(given.grantee, 'MEMBER') end
union all
select
    'the role ' || member_of.rolname as place,
    power.right_name
from pg_roles as member_of
inner join pg_roles as myself
    on myself.rolname = current_user
cross join
    unnest(
        array['SUPERUSER', 'BYPASSRLS', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'MEMBERSHIP'],
        array[
            member_of.rolsuper,
            member_of.rolbypassrls,
            member_of.rolcreaterole,
            member_of.rolcreatedb,
            member_of.rolreplication,
            starts_with(member_of.rolname::text, 'pg_')
        ]
    ) as power (right_name, held)
where
    power.held
    and pg_has_role(member_of.oid, 'MEMBER')
    -- A superuser counts as a member of every role.
    and (member_of.oid = myself.oid or not myself.rolsuper)
order by place, right_name;
