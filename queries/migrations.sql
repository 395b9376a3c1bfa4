-- name: get_state(privileges, objects)^
-- Whether this database was ever upgraded (otherwise the table that list_applied() reads does not exist), whether its
-- server is a standby, whether transactions of this session are read-only, and which of these privileges
-- ("UPDATE (address)" on "wallets") the current role lacks. Objects that do not exist are ignored: a missing migration.
select
    to_regclass('schema_migrations') is not null as upgraded,
    pg_is_in_recovery() as standby,
    current_setting('transaction_read_only') = 'on' as read_only,
    array(
        select concat(needed.privilege_name, ' on ', needed.object_name)
        from unnest(:privileges::text[], :objects::text[]) as needed (privilege_name, object_name)
        where
            not case
                -- A function has its parameters in parentheses.
                when needed.object_name like '%%(%%)'
                    then has_function_privilege(to_regprocedure(needed.object_name), needed.privilege_name)
                -- nextval() accepts either privilege.
                when needed.privilege_name = 'USAGE'
                    then has_sequence_privilege(to_regclass(needed.object_name), 'USAGE, UPDATE')
                when needed.privilege_name like '%% (%%)'
                    then has_column_privilege(
                        to_regclass(needed.object_name),
                        (
                            select table_column.attnum
                            from pg_attribute as table_column
                            where
                                to_regclass(needed.object_name) = table_column.attrelid
                                and table_column.attname = substring(needed.privilege_name, '\((.+)\)')
                        ),
                        split_part(needed.privilege_name, ' ', 1)
                    )
                else has_table_privilege(to_regclass(needed.object_name), needed.privilege_name)
            end
    ) as missing_privileges;

-- name: list_applied()
-- The migrations that were applied to this database.
select version
from schema_migrations
order by version;

-- name: has_compact_audit_columns()$
-- Whether the audit log has the columns that migration 0006 adds. Databases from before 1.0.0 have another migration
-- with this number.
select exists(
    select 1
    from pg_attribute as table_column
    where
        to_regclass('wallet_audit_log') = table_column.attrelid
        and table_column.attname = 'mac_bytes'
) as has_columns;

-- name: list_settings(names)
-- The values of these settings in this session, in PostgreSQL's own units.
select
    name,
    setting
from pg_settings
where name = any(:names::text[])
order by name;

-- name: try_lock()$
-- Take the lock of an upgrade, if it is free. Held until unlock() or the end of the session.
-- Polled: an upgrade that blocked here would deadlock with another one's CREATE INDEX CONCURRENTLY,
-- which waits for every older snapshot.
select pg_try_advisory_lock(7251304811) as locked;

-- name: unlock()$
-- Release the lock.
select pg_advisory_unlock(7251304811) as unlocked;

-- name: revoke_other_rights()
-- Revoke the privileges of roles other than the owner, wallet_api_runtime and readers on our tables, and return them.
-- No row: there were none. A row that the next call returns again could not be revoked.
select
    found.role_name,
    found.relation_name
from revoke_other_rights(
    '{
        active_encryption_keys, api_clients, deposits, encryption_keys, policies, schema_migrations,
        service_policies, signing_accounts, user_policies, wallet_audit_heads, wallet_audit_log,
        wallet_policies, wallet_spends, wallets
    }'::regclass[]
) as found;
