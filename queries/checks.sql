-- name: list_trading_wallets_without_key()
-- Trading wallets whose key is not sealed completely. There must be none.
select fid
from wallets
where
    wallet_type = 'trading'
    and num_nulls(encrypted_private_key, iv, scheme, key_id) > 0
order by fid
limit 100;

-- name: list_wallets_of_unknown_secrets()
-- Wallets that are sealed under a secret which this database does not know. There must be none.
select sealed.fid
from wallets as sealed
left join encryption_keys as known on sealed.key_id = known.key_id
where
    sealed.wallet_type = 'trading'
    and known.key_id is null
order by sealed.fid
limit 100;

-- name: list_deposits_to_other_addresses()
-- Users with a deposit that does not go to their own trading wallet. There must be none, wherever wallets are rows.
select distinct made.fid
from deposits as made
inner join wallets as trading
    on made.fid = trading.fid and trading.chain = 'ethereum'
where made.to_address <> trading.address
order by made.fid
limit 100;

-- name: list_triggers()
-- Our triggers, and whether each is in force for everybody (not for replicas alone, nor switched off).
select
    guard.tgname as guard_name,
    guard.tgenabled in ('O', 'A') as in_force
from pg_trigger as guard
inner join pg_class as guarded
    on guard.tgrelid = guarded.oid
where
    not guard.tgisinternal
    and guarded.relname in ('wallets', 'wallet_audit_log', 'deposits', 'encryption_keys', 'api_clients')
    and guarded.relnamespace = current_schema()::regnamespace
order by guard.tgname;

-- name: list_invalid_indexes()
-- Indexes whose building was broken off: they cost writes and answer nothing.
select indexrelid::regclass::text as index_name
from pg_index
where not indisvalid
order by index_name;

-- name: list_unvalidated_constraints()
-- Constraints that hold for new rows only.
select conname as constraint_name
from pg_constraint
where
    not convalidated
    and connamespace = current_schema()::regnamespace
order by conname;

-- name: get_settings()^
-- Whether what is committed survives the machine, and whether this connection is encrypted.
select
    current_setting('fsync') = 'on' as fsync,
    current_setting('synchronous_commit') <> 'off' as synchronous_commit,
    current_setting('full_page_writes') = 'on' as full_page_writes,
    coalesce((
        select ours.ssl
        from pg_stat_ssl as ours
        where ours.pid = pg_backend_pid()
    ), false) as tls;

-- name: list_excess_rights()
-- What the current role can do to which table, and should not be able to.
select
    wanted.relation_name,
    wanted.right_name
from (
    values
    ('wallets', 'DELETE'),
    ('wallets', 'TRUNCATE'),
    ('wallet_audit_log', 'UPDATE'),
    ('wallet_audit_log', 'DELETE'),
    ('wallet_audit_log', 'TRUNCATE'),
    ('deposits', 'DELETE'),
    ('deposits', 'TRUNCATE'),
    ('encryption_keys', 'UPDATE'),
    ('encryption_keys', 'DELETE'),
    ('encryption_keys', 'TRUNCATE'),
    ('api_clients', 'INSERT'),
    ('api_clients', 'DELETE'),
    ('api_clients', 'TRUNCATE')
) as wanted (relation_name, right_name)
where has_table_privilege(wanted.relation_name, wanted.right_name)
order by wanted.relation_name, wanted.right_name;
