-- name: get_head(fid)^
-- The head of a user's chain, and the database's time. Always one row; the id of an empty chain is null.
-- An append reads this first to choose the next id. If two appends read the same head, the primary key of the log
-- rejects one, which is retried. After lock_head() no other transaction can append.
-- Answered by the primary key of wallet_audit_heads.
select
    max(head.id) as id,
    max(head.mac) as mac,
    clock_timestamp() as now
from wallet_audit_heads as head
where head.fid = :fid::bigint;

-- name: lock_head(fid)^
-- Lock the head of a user's chain until the end of the transaction. No row: the chain is empty, and the primary key
-- of the log decides which append is first.
-- Every append of one entry takes this lock first, so that appends do not deadlock.
-- Answered by the primary key of wallet_audit_heads.
select head.fid
from wallet_audit_heads as head
where head.fid = :fid::bigint
for update;

-- name: lock_head_if_free(fid)^
-- Do what lock_head() does, for one user of a batch. No row: another transaction holds the lock, or the chain is empty.
-- It does not wait, because the batch already holds the locks of other users, who would wait too.
-- Answered by the primary key of wallet_audit_heads.
select head.fid
from wallet_audit_heads as head
where head.fid = :fid::bigint
for update skip locked;

-- name: get_mac(fid, id)$
-- The mac of an entry. No row: there is no such entry. It shows whether an append with an unconfirmed commit was
-- committed. Answered by the primary key.
select mac
from wallet_audit_log
where
    fid = :fid::bigint
    and id = :id::bigint;

-- name: list_heads(fids)
-- The heads of many users' chains, without those that are empty.
-- Answered by the primary key of wallet_audit_heads, one look-up per user.
select
    head.fid,
    head.id,
    head.mac
from unnest(:fids::bigint[]) as wanted (fid)
inner join wallet_audit_heads as head
    on wanted.fid = head.fid;

-- name: get_trading_address(fid)$
-- The address with which a user's trading wallet was created or imported. No row: the log records no wallet.
-- Answered by idx_wallet_audit_log_fid_created_at, which contains the action.
select address
from wallet_audit_log
where
    fid = :fid::bigint
    and chain = 'ethereum'
    and action in ('wallet.created', 'wallet.imported')
order by id
limit 1;

-- name: get_time()$
-- The database's time.
select clock_timestamp() as now;

-- name: append(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)!
-- Append an entry to a user's chain. It must not be older than a minute (time_of_entry).
-- Safe under concurrency because the primary key rejects a second entry with the same id. Sent in the transaction of
-- the act that it records, before advance_head().
insert into wallet_audit_log (
    fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, created_at
)
values (
    :fid::bigint,
    :id::bigint,
    :chain::text,
    :action::text,
    :actor::text,
    :request_id::text,
    :ip::inet,
    :reason::text,
    :recipient::text,
    :address::text,
    :key_id::text,
    :mac::text,
    time_of_entry(:at::timestamptz)
);

-- name: append_creation(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)!
-- Append an entry that records the creation of a wallet, if the row exists with this address. Otherwise do nothing.
-- Safe under concurrency as append() is.
insert into wallet_audit_log as entry (
    fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, created_at
)
select
    made.fid,
    :id::bigint as id,
    made.chain,
    :action::text as action,
    :actor::text as actor,
    :request_id::text as request_id,
    :ip::inet as ip,
    :reason::text as reason,
    :recipient::text as recipient,
    made.address,
    :key_id::text as key_id,
    :mac::text as mac,
    time_of_entry(:at::timestamptz) as created_at
from wallets as made
where
    made.fid = :fid::bigint
    and made.chain = :chain::text
    and made.address = :address::text;

-- name: advance_head(fid, id, entry_mac, mac)^
-- Move the head of a user's chain to an entry that was appended in this transaction. No row: it was not.
-- Safe under concurrency because only one transaction can have appended that entry.
insert into wallet_audit_heads as head (fid, id, mac)
select
    entry.fid,
    entry.id,
    :mac::text as mac
from wallet_audit_log as entry
where
    entry.fid = :fid::bigint
    and entry.id = :id::bigint
    and entry.mac = :entry_mac::text
on conflict (fid) do update
    set
        id = excluded.id,
        mac = excluded.mac
returning head.id;

-- name: append_many(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)
-- Append entries to the chains of many users, given as parallel lists. Returns a row for each entry. Sent after
-- lock_head_if_free(); safe under concurrency as append() is. Rows are inserted in the order of the primary key, so
-- that two batches of the same users cannot deadlock.
insert into wallet_audit_log as entry (
    fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, created_at
)
select
    made.fid,
    made.id,
    made.chain,
    made.action,
    made.actor,
    made.request_id,
    made.ip,
    made.reason,
    made.recipient,
    made.address,
    made.key_id,
    made.mac,
    time_of_entry(made.created_at) as created_at
from
    unnest(
        :fid::bigint[],
        :id::bigint[],
        :chain::text[],
        :action::text[],
        :actor::text[],
        :request_id::text[],
        :ip::inet[],
        :reason::text[],
        :recipient::text[],
        :address::text[],
        :key_id::text[],
        :mac::text[],
        :at::timestamptz[]
    )
        as made (
            fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, created_at
        )
order by made.fid, made.id
returning entry.fid;

-- name: advance_heads(fids, ids, macs)
-- Move the heads of many users' chains, given as parallel lists. Returns a row for each.
-- Sent after append_many(), as advance_head() is sent after append(): an empty chain has no head to lock, so that
-- concurrent transactions must insert into both tables in the same order.
-- A head that was moved as far in the meantime is rejected (wallet_audit_heads_only_move_on).
insert into wallet_audit_heads as head (fid, id, mac)
select
    ending.fid,
    ending.id,
    ending.mac
from unnest(:fids::bigint[], :ids::bigint[], :macs::text[]) as ending (fid, id, mac)
order by ending.fid
on conflict (fid) do update
    set
        id = excluded.id,
        mac = excluded.mac
returning head.fid;

-- name: list_all(since, before, before_fid, before_id, size)
-- The whole log, newest first, after a position. `since` is inclusive, the position is exclusive. Start with
-- ('infinity', 0, 0). Answered by idx_wallet_audit_log_created_at.
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
where
    created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc, fid desc, id desc
limit :size::bigint;

-- name: list_by_action(action, since, before, before_fid, before_id, size)
-- Entries of one action, newest first, after a position.
-- Answered by idx_wallet_audit_log_action_created_at. The row comparison and the full order are needed: with
-- action = …, PostgreSQL may choose an index that only provides the order, and filter out all other actions.
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
where
    (action, created_at) >= (:action::text, :since::timestamptz)
    and (action, created_at, fid, id)
    < (:action::text, :before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by action desc, created_at desc, fid desc, id desc
limit :size::bigint;

-- name: list_by_actor(actor, since, before, before_fid, before_id, size)
-- Entries of one actor, newest first, after a position.
-- Answered by idx_wallet_audit_log_actor_created_at, with a row comparison as in list_by_action().
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
where
    (actor, created_at) >= (:actor::text, :since::timestamptz)
    and (actor, created_at, fid, id)
    < (:actor::text, :before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by actor desc, created_at desc, fid desc, id desc
limit :size::bigint;

-- name: list_by_actor_and_action(actor, action, since, before, before_fid, before_id, size)
-- Entries of one actor and one action, newest first, after a position.
-- Answered by idx_wallet_audit_log_actor_action_created_at, with a row comparison as in list_by_action().
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
where
    (actor || ' ' || action, created_at) >= (:actor::text || ' ' || :action::text, :since::timestamptz)
    and (actor || ' ' || action, created_at, fid, id)
    < (:actor::text || ' ' || :action::text, :before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by actor || ' ' || action desc, created_at desc, fid desc, id desc
limit :size::bigint;

-- name: list_by_user(fid, actions, since, before, before_fid, before_id, size)
-- Entries of one user, newest first, after a position.
-- Answered by idx_wallet_audit_log_fid_created_at.
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
where
    fid = :fid::bigint
    and action = any(:actions::text[])
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc, fid desc, id desc
limit :size::bigint;

-- name: list_by_user_and_actor(fid, actor, actions, since, before, before_fid, before_id, size)
-- Entries of one user and one actor, newest first, after a position.
-- Answered by idx_wallet_audit_log_fid_created_at.
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
where
    fid = :fid::bigint
    and actor = :actor::text
    and action = any(:actions::text[])
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc, fid desc, id desc
limit :size::bigint;
