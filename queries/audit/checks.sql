-- name: list_page(after_fid, after_id, size)
-- The next entries after a (fid, id), in the order of the primary key, which answers it: each user's entries are in the
-- order of the chain. No rows: there are no more. Start with (0, 0).
select
    fid,
    id,
    chain,
    action,
    actor,
    ip,
    reason,
    recipient,
    address,
    details::text,
    created_at,
    coalesce(replace(request_uuid::text, '-', ''), request_id) as request_id,
    coalesce(encode(key_id_bytes, 'hex'), key_id) as key_id,
    coalesce(encode(mac_bytes, 'hex'), mac) as mac
from wallet_audit_log
where (fid, id) > (:after_fid::bigint, :after_id::bigint)
order by fid, id
limit :size::bigint;

-- name: list_chain_ends(fids)
-- The heads of these users' chains, and each user's trading wallet and Base Account address.
-- Answered by primary keys, three lookups per user. The CTEs filter by user before the join, because Citus would
-- otherwise send all rows of the tables to the coordinator.
with head as (
    select
        fid,
        id,
        mac
    from wallet_audit_heads
    where fid = any(:fids::bigint[])
),

wallet as (
    select
        fid,
        address,
        key_id,
        created_at
    from wallets
    where
        fid = any(:fids::bigint[])
        and chain = 'ethereum'
),

base_account as (
    select
        fid,
        address,
        updated_at
    from wallets
    where
        fid = any(:fids::bigint[])
        and chain = 'base-account'
)

select
    wanted.fid,
    head.id,
    head.mac,
    wallet.address,
    wallet.key_id,
    wallet.created_at,
    base_account.address as base_account_address,
    base_account.updated_at as base_account_updated_at
from (select unnest(:fids::bigint[]) as fid) as wanted
left join head on wanted.fid = head.fid
left join wallet on wanted.fid = wallet.fid
left join base_account on wanted.fid = base_account.fid;

-- name: list_archived(fids)
-- What these users' entries record about archived entries.
-- Answered by idx_wallet_audit_log_by_user, which contains a hash of the action.
select
    fid,
    reason
from wallet_audit_log
where
    fid = any(:fids::bigint[])
    and hashtext(action) = hashtext('entries.archived')
    and action = 'entries.archived'
order by fid, id;

-- name: has_archived()$
-- Whether entries were archived. Answered by idx_wallet_audit_log_by_action.
select exists(
    select fid
    from wallet_audit_log
    where
        hashtext(action) = hashtext('entries.archived')
        and action = 'entries.archived'
) as has_archived;

-- name: list_heads_without_entries()
-- Users whose chain has a head and no entries. There must be none.
select
    head.fid,
    head.id
from wallet_audit_heads as head
where
    not exists (
        select entry.fid
        from wallet_audit_log as entry
        where entry.fid = head.fid
    )
order by head.fid
limit 100;

-- name: list_wallets_without_entries(since)
-- Users with wallets created since a time and without entries. There must be none.
select distinct wallet.fid
from wallets as wallet
where
    wallet.created_at >= :since::timestamptz
    and not exists (
        select entry.fid
        from wallet_audit_log as entry
        where entry.fid = wallet.fid
    )
order by wallet.fid
limit 100;

-- name: list_writers()
-- The open transactions that may have computed the time of an entry: INSERT takes this lock before it computes it, and
-- PostgreSQL releases it after the commit is visible. The list includes commits that wait for a standby, and
-- prepared transactions, which have no process. Every role sees all of pg_locks.
-- CREATE INDEX CONCURRENTLY waits for writers in the same way.
select
    table_lock.virtualtransaction as id,
    table_lock.pid is null as is_prepared
from pg_locks as table_lock
inner join pg_database as db
    on table_lock.database = db.oid
where
    db.datname = current_database()
    and table_lock.locktype = 'relation'
    and table_lock.relation = to_regclass('wallet_audit_log')
    and table_lock.mode = 'RowExclusiveLock'
    and table_lock.granted;

-- name: count_entries()$
-- The number of entries, for a progress bar.
select count(*) as entries
from wallet_audit_log;
