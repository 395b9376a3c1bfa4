-- name: read_state()^
-- The state of the write-ahead log: whether commits wait for a standby, the position in bytes, the timeline, the next
-- transaction id, and the database. Position and timeline are null on a standby. Sent once per connection.
select
    current_setting('synchronous_standby_names') <> '' and not pg_is_in_recovery() as has_standby,
    case
        when not pg_is_in_recovery() then pg_current_wal_lsn() - '0/0'::pg_lsn
    end as wal_position,
    case
        when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8)
    end as timeline,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_transaction,
    (
        select db.oid
        from pg_database as db
        where db.datname = current_database()
    ) as database_oid;

-- name: wait()^
-- Write a message of a few bytes: its commit waits for the standby, and so for everything before it. Every transaction
-- before the oldest one that runs is part of that. The message is null on a standby, which cannot wait for another.
-- It waits for nothing while no standby is configured.
select
    current_setting('synchronous_standby_names') <> '' as has_standby,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_running,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_transaction,
    case
        when not pg_is_in_recovery() then pg_logical_emit_message(true, 'wallet-api', '')
    end as message;

-- name: position()^
-- The position of the write-ahead log in bytes, after the writes of this transaction.
select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal_position;
