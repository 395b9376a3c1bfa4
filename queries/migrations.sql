-- name: get_state(rights, places)^
-- Whether this database was ever upgraded (if not, the table that list_applied() reads is not there), whether its
-- server is a standby, whether transactions of this session take no writes for any reason, and which of these rights
-- ("UPDATE (address)" on "wallets") the current role does not have. A place that is not there is a missing migration.
select
    to_regclass('schema_migrations') is not null as upgraded,
    pg_is_in_recovery() as standby,
    current_setting('transaction_read_only') = 'on' as read_only,
    array(
        select concat(needed.right_name, ' on ', needed.place)
        from unnest(:rights::text[], :places::text[]) as needed (right_name, place)
        where
            not case
                -- A function has its parameters in brackets.
                when needed.place like '%%(%%)'
                    then has_function_privilege(to_regprocedure(needed.place), needed.right_name)
                -- nextval() takes either.
                when needed.right_name = 'USAGE'
                    then has_sequence_privilege(to_regclass(needed.place), 'USAGE, UPDATE')
                when needed.right_name like '%% (%%)'
                    then has_column_privilege(
                        to_regclass(needed.place),
                        (
                            select member.attnum
                            from pg_attribute as member
                            where
                                to_regclass(needed.place) = member.attrelid
                                and member.attname = substring(needed.right_name, '\((.+)\)')
                        ),
                        split_part(needed.right_name, ' ', 1)
                    )
                else has_table_privilege(to_regclass(needed.place), needed.right_name)
            end
    ) as missing_rights;

-- name: list_applied()
-- The migrations that a database has that was upgraded.
select version
from schema_migrations
order by version;

-- name: get_backend_pid()$
-- Which process of the server answers. Behind a pooler it is not the one that the client was told when it connected.
select pg_backend_pid() as pid;

-- name: list_settings(names)
-- What this session has these settings set to, in PostgreSQL's own units.
select
    name,
    setting
from pg_settings
where name = any(:names::text[])
order by name;

-- name: try_lock()$
-- Take the lock that keeps two upgrades apart, if it is free. Held until unlock() or the session ends.
-- Polled: an upgrade that blocked here would deadlock with another one's CREATE INDEX CONCURRENTLY,
-- which waits for every older snapshot.
select pg_try_advisory_lock(7251304811) as locked;

-- name: unlock()$
-- Give the lock back.
select pg_advisory_unlock(7251304811) as unlocked;

-- name: revoke_other_rights()
-- Revoke what roles other than the owner, wallet_api_runtime and readers can do to our tables, and return what was
-- found. No row: nobody had anything. A row that comes again at the next call could not be revoked.
select
    found.role_name,
    found.relation_name
from revoke_other_rights(
    '{
        active_encryption_keys, api_clients, deposits, encryption_keys, schema_migrations,
        wallet_audit_heads, wallet_audit_log, wallets
    }'::regclass[]
) as found;
