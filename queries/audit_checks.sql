-- name: list_page(after_fid, after_id, size)
-- The next entries of the log behind one, each user's in the order of their chain: the order of the primary key, which
-- answers it. No rows: that was the last page. Begin behind (0, 0).
select
    fid,
    id,
    chain,
    action,
    actor,
    request_id,
    ip,
    reason,
    recipient,
    address,
    key_id,
    mac,
    created_at
from wallet_audit_log
where (fid, id) > (:after_fid::bigint, :after_id::bigint)
order by fid, id
limit :size::bigint;

-- name: list_chain_ends(fids)
-- What the chains of these users should end with, and each user's trading wallet and Base Account address.
-- Answered by primary keys, three look-ups for each. The tables are narrowed down to these users before they are
-- joined, because Citus brings to a list what is joined to it: that would be everybody's rows.
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

-- name: list_heads_without_entries()
-- Users whose chain has an end and no entries at all. There must be none.
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
-- Users with wallets that were made since a time, of which the log says nothing at all. There must be none.
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
-- The transactions that may have computed the time of an entry and have not ended: INSERT takes this lock before it
-- computes anything, and PostgreSQL releases it after the commit is visible. So a commit that waits for a standby and a
-- prepared transaction, which has no process, are in the list. Every role sees all of pg_locks.
-- CREATE INDEX CONCURRENTLY waits for writers in the same way.
select
    held.virtualtransaction as id,
    held.pid is null as is_prepared
from pg_locks as held
inner join pg_database as mine
    on held.database = mine.oid
where
    mine.datname = current_database()
    and held.locktype = 'relation'
    and held.relation = to_regclass('wallet_audit_log')
    and held.mode = 'RowExclusiveLock'
    and held.granted;

-- name: is_standby()$
-- Is this a standby? It may lack what the primary has committed, and does not know the primary's transactions.
select pg_is_in_recovery() as is_standby;

-- name: count_entries()$
-- How many entries there are: for a progress bar.
select count(*) as entries
from wallet_audit_log;
