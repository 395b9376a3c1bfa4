-- name: get_head(fid)^
-- Where a user's chain of entries ends, and what time the database has. One row always: a chain that has not begun
-- has no id. An append reads this first, because the place of an entry is its id: of two that read the same head, the
-- primary key of the log lets one append, and the other reads again. After hold_head() nobody else can append.
-- Answered by the primary key of wallet_audit_heads.
select
    max(head.id) as id,
    max(head.mac) as mac,
    clock_timestamp() as now
from wallet_audit_heads as head
where head.fid = :fid::bigint;

-- name: hold_head(fid)^
-- Wait for those who append to a user's chain, and keep others from it until the end of the transaction. No row: the
-- chain has not begun, and the primary key of the log decides who begins it.
-- Every append of one entry locks the head before anything else, so that such appends take turns and do not deadlock.
-- Answered by the primary key of wallet_audit_heads.
select head.fid
from wallet_audit_heads as head
where head.fid = :fid::bigint
for update;

-- name: hold_head_if_free(fid)^
-- Do what hold_head() does, for one user of a batch. No row: another transaction holds the head, or the chain has not
-- begun. It does not wait, because the batch holds other heads by then, whose users would wait as long.
-- Answered by the primary key of wallet_audit_heads.
select head.fid
from wallet_audit_heads as head
where head.fid = :fid::bigint
for update skip locked;

-- name: get_mac(fid, id)$
-- The mac of an entry. No row: there is none at that place. It tells whether an append whose commit nobody confirmed
-- was committed. Answered by the primary key.
select mac
from wallet_audit_log
where
    fid = :fid::bigint
    and id = :id::bigint;

-- name: list_heads(fids)
-- The same for many users; those whose chain has not begun are left out.
-- Answered by the primary key of wallet_audit_heads, one look-up for each.
select
    head.fid,
    head.id,
    head.mac
from unnest(:fids::bigint[]) as wanted (fid)
inner join wallet_audit_heads as head
    on wanted.fid = head.fid;

-- name: get_made_address(fid)$
-- With which address a user's trading wallet was made or imported, as the log tells. No row: it tells of none.
-- Answered by idx_wallet_audit_log_fid_created_at, which knows the action.
select address
from wallet_audit_log
where
    fid = :fid::bigint
    and chain = 'ethereum'
    and action in ('wallet.created', 'wallet.imported')
order by id
limit 1;

-- name: get_time()$
-- What time the database has.
select clock_timestamp() as now;

-- name: append(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)!
-- Append an entry to a user's chain. It must not be older than a minute (time_of_entry).
-- Safe under concurrency because the primary key refuses a second entry of the same id. Belongs in the transaction of
-- the act that it tells of, and before advance_head().
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
-- Append an entry that says that a wallet was made, if it was: nothing happens where somebody else's wallet is there.
-- Otherwise as append().
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
-- Move the end of a user's chain to an entry that was appended in this transaction. No row: it was not.
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
-- Append entries to the chains of many users, each written at the same place of every list. A row for each that was
-- written. Otherwise as append(), and after the heads are held; in the order of the primary key, so that two batches of
-- the same users wait for each other and cannot deadlock.
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
-- Move the ends of many users' chains, each written at the same place of every list. A row for each that was moved.
-- Belongs after append_many(), as advance_head() belongs after append(): where a chain begins there is no head to hold,
-- and those who begin it must insert in the same order.
-- A head that somebody moved as far in the meantime is refused (wallet_audit_heads_only_move_on).
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
-- The whole log, newest first, behind a position. `since` is within, the position is not; begin behind
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
-- One kind of act, newest first, behind a position.
-- Answered by idx_wallet_audit_log_action_created_at: rows are compared as a whole and put in order by all of it,
-- because with action = … PostgreSQL may take an index that only has the order, and read past all other acts.
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
-- What one actor did, newest first, behind a position.
-- Answered by idx_wallet_audit_log_actor_created_at, for which rows are compared as a whole, as in list_by_action().
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
-- One kind of act of one actor, newest first, behind a position.
-- Answered by idx_wallet_audit_log_actor_action_created_at, for which rows are compared as a whole, as in
-- list_by_action().
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
-- What happened to one user's wallets, newest first, behind a position.
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
-- What one actor did to one user's wallets, newest first, behind a position.
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
