-- name: lock_head(fid)^
-- Lock the head of a user's chain until the end of the transaction; return it, and the database's time after the wait.
-- Always one row; the id of an empty chain is null.
-- Every append of one entry takes this lock first, so that appends do not deadlock. An empty chain has nothing to lock:
-- if two appends read the same head, the primary key of the log rejects one, which is retried.
-- Answered by the primary key of wallet_audit_heads.
select
    max(head.id) as id,
    max(head.mac) as mac,
    clock_timestamp() as now
from
    (
        select
            locked.id,
            locked.mac
        from wallet_audit_heads as locked
        where locked.fid = :fid::bigint
        for update
    ) as head;

-- name: lock_head_if_free(fid)^
-- Do what lock_head() does, for one user of a batch. No row: another transaction holds the lock, or the chain is empty.
-- It does not wait, because the batch already holds the locks of other users, who would wait too.
-- Answered by the primary key of wallet_audit_heads.
select
    head.id,
    head.mac
from wallet_audit_heads as head
where head.fid = :fid::bigint
for update skip locked;

-- name: is_written(fid, id, mac)$
-- Whether the log has an entry with this MAC. It shows whether an append with an unconfirmed commit was committed.
-- Answered by the primary key.
select exists(
    select entry.fid
    from wallet_audit_log as entry
    where
        entry.fid = :fid::bigint
        and entry.id = :id::bigint
        and coalesce(encode(entry.mac_bytes, 'hex'), entry.mac) = :mac::text
) as is_written;

-- name: list_heads(fids)
-- The heads of many users' chains, without those that are empty.
-- Answered by the primary key of wallet_audit_heads, one lookup per user.
select
    head.fid,
    head.id,
    head.mac
from unnest(:fids::bigint[]) as wanted (fid)
inner join wallet_audit_heads as head
    on wanted.fid = head.fid;

-- name: get_trading_address(fid)$
-- The address with which a user's trading wallet was created or imported. No row: the log records no wallet.
-- Answered by idx_wallet_audit_log_by_user, which contains a hash of the action.
select address
from wallet_audit_log
where
    fid = :fid::bigint
    and chain = 'ethereum'
    and action in ('wallet.created', 'wallet.imported')
    and hashtext(action) in (hashtext('wallet.created'), hashtext('wallet.imported'))
order by id
limit 1;

-- name: get_base_account_address(fid)$
-- The Base Account address that a user stored last. No row: the log records none.
-- Answered by idx_wallet_audit_log_by_user, which contains a hash of the action. Sent where wallets are files.
select address
from wallet_audit_log
where
    fid = :fid::bigint
    and chain = 'base-account'
    and action in ('base_account.set', 'wallet.imported')
    and hashtext(action) in (hashtext('base_account.set'), hashtext('wallet.imported'))
order by id desc
limit 1;

-- name: get_signature(fid, actor, idempotency_key)^
-- The signature that an actor recorded with an Idempotency-Key. No row: the key is new, or its entry was archived.
-- The key is in the spelling of JSON. After lock_head() no other transaction can record one. The details are not read
-- here: the owner of the database can store any JSON.
-- Answered by idx_wallet_audit_log_by_idempotency_key, whose expression this repeats.
select
    action,
    details::text
from wallet_audit_log
where
    fid = :fid::bigint
    and substring(details::text, '^\{"idempotency_key":"((?:[^"\\]|\\.)*)"') = :idempotency_key::text
    and actor = :actor::text;

-- name: get_time()$
-- The database's time.
select clock_timestamp() as now;

-- name: append(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, details, key_id, mac, at)!
-- Append an entry to a user's chain. It must not be older than a minute (time_of_entry). What is 32 hex digits, 16 or
-- 64, is stored as bytes: it takes half the space. Every query gives it back as text. So is `details`, whose exact text
-- the MAC covers.
-- Safe under concurrency because the primary key rejects a second entry with the same id. Sent in the transaction of
-- the act that it records, before advance_head().
insert into wallet_audit_log (
    fid, id, chain, action, actor, request_id, request_uuid, ip, reason, recipient, address, details, key_id_bytes,
    mac_bytes, created_at
)
values (
    :fid::bigint,
    :id::bigint,
    :chain::text,
    :action::text,
    :actor::text,
    nullif(:request_id::text, substring(:request_id::text, '^[0-9a-f]{32}$')),
    substring(:request_id::text, '^[0-9a-f]{32}$')::uuid,
    :ip::inet,
    :reason::text,
    :recipient::text,
    :address::text,
    :details::json,
    decode(:key_id::text, 'hex'),
    decode(:mac::text, 'hex'),
    time_of_entry(:at::timestamptz)
);

-- name: append_creation(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)!
-- Append an entry that records the creation of a wallet, if the row exists with this address. Otherwise do nothing. It
-- has no details.
-- Safe under concurrency as append() is.
insert into wallet_audit_log as entry (
    fid, id, chain, action, actor, request_id, request_uuid, ip, reason, recipient, address, key_id_bytes, mac_bytes,
    created_at
)
select
    wallet.fid,
    :id::bigint as id,
    wallet.chain,
    :action::text as action,
    :actor::text as actor,
    nullif(:request_id::text, substring(:request_id::text, '^[0-9a-f]{32}$')) as request_id,
    substring(:request_id::text, '^[0-9a-f]{32}$')::uuid as request_uuid,
    :ip::inet as ip,
    :reason::text as reason,
    :recipient::text as recipient,
    wallet.address,
    decode(:key_id::text, 'hex') as key_id_bytes,
    decode(:mac::text, 'hex') as mac_bytes,
    time_of_entry(:at::timestamptz) as created_at
from wallets as wallet
where
    wallet.fid = :fid::bigint
    and wallet.chain = :chain::text
    and wallet.address = :address::text;

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
    and entry.mac_bytes = decode(:entry_mac::text, 'hex')
on conflict (fid) do update
    set
        id = excluded.id,
        mac = excluded.mac
returning head.id;

-- name: append_many(fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, at)
-- Append entries without details to the chains of many users, given as parallel lists. Returns a row for each entry.
-- Sent after lock_head_if_free(); safe under concurrency as append() is. Rows are inserted in the order of the primary
-- key, so that two batches of the same users cannot deadlock.
insert into wallet_audit_log as entry (
    fid, id, chain, action, actor, request_id, request_uuid, ip, reason, recipient, address, key_id_bytes, mac_bytes,
    created_at
)
select
    given_entry.fid,
    given_entry.id,
    given_entry.chain,
    given_entry.action,
    given_entry.actor,
    nullif(given_entry.request_id, substring(given_entry.request_id, '^[0-9a-f]{32}$')) as request_id,
    substring(given_entry.request_id, '^[0-9a-f]{32}$')::uuid as request_uuid,
    given_entry.ip,
    given_entry.reason,
    given_entry.recipient,
    given_entry.address,
    decode(given_entry.key_id, 'hex') as key_id_bytes,
    decode(given_entry.mac, 'hex') as mac_bytes,
    time_of_entry(given_entry.created_at) as created_at
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
        as given_entry (
            fid, id, chain, action, actor, request_id, ip, reason, recipient, address, key_id, mac, created_at
        )
order by given_entry.fid, given_entry.id
returning entry.fid;

-- name: advance_heads(fids, ids, macs)
-- Move the heads of many users' chains, given as parallel lists. Returns a row for each.
-- Sent after append_many(), as advance_head() is sent after append(): an empty chain has no head to lock, so that
-- concurrent transactions must insert into both tables in the same order.
-- A head that was moved as far in the meantime is rejected (wallet_audit_heads_only_move_on).
insert into wallet_audit_heads as head (fid, id, mac)
select
    given_head.fid,
    given_head.id,
    given_head.mac
from unnest(:fids::bigint[], :ids::bigint[], :macs::text[]) as given_head (fid, id, mac)
order by given_head.fid
on conflict (fid) do update
    set
        id = excluded.id,
        mac = excluded.mac
returning head.fid;

-- name: list_by_action(action, since, before, before_fid, before_id, size)
-- Entries of one action, newest first, after a position, and all entries of the same time as the last one, in any
-- order. `since` is inclusive, the position is exclusive. Start with ('infinity', 0, 0).
-- Answered by idx_wallet_audit_log_by_action, which contains a hash of the action: the action is compared too. Without
-- coalesce(), PostgreSQL would take the two for independent, expect too few rows, and read and sort all of them.
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
where
    hashtext(action) = hashtext(:action::text)
    and coalesce(action = :action::text, false)
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;

-- name: list_by_actor_and_action(actor, action, since, before, before_fid, before_id, size)
-- Entries of one actor and one action, in the manner of list_by_action().
-- Answered by idx_wallet_audit_log_by_actor_and_action.
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
where
    hashtext(actor || ' ' || action) = hashtext(:actor::text || ' ' || :action::text)
    and coalesce(actor = :actor::text and action = :action::text, false)
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;

-- name: list_by_user(fid, actions, since, before, before_fid, before_id, size)
-- Entries of one user, in the manner of list_by_action().
-- Answered by idx_wallet_audit_log_by_user.
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
where
    fid = :fid::bigint
    and hashtext(action) = any(array(select hashtext(wanted.action) from unnest(:actions::text[]) as wanted (action)))
    and action = any(:actions::text[])
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;

-- name: list_by_user_and_actor(fid, actor, actions, since, before, before_fid, before_id, size)
-- Entries of one user and one actor, in the manner of list_by_action().
-- Answered by idx_wallet_audit_log_by_user.
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
where
    fid = :fid::bigint
    and hashtext(actor) = hashtext(:actor::text)
    and hashtext(action) = any(array(select hashtext(wanted.action) from unnest(:actions::text[]) as wanted (action)))
    and coalesce(actor = :actor::text and action = any(:actions::text[]), false)
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;

-- name: list_by_request(request_id, actor, actions, since, before, before_fid, before_id, size)
-- Entries of one request, of one actor or (null) of any, in the manner of list_by_action().
-- Answered by idx_wallet_audit_log_by_action, which is read from `since` to the position for each action. No index has
-- request ids: docs/decisions/one-index-for-each-query.md.
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
where
    hashtext(action) = any(array(select hashtext(wanted.action) from unnest(:actions::text[]) as wanted (action)))
    and coalesce(action = any(:actions::text[]) and actor = coalesce(:actor::text, actor), false)
    and coalesce(replace(request_uuid::text, '-', ''), request_id) = :request_id::text
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;

-- name: list_by_user_and_request(fid, request_id, actor, actions, since, before, before_fid, before_id, size)
-- Entries of one user and one request, of one actor or (null) of any, in the manner of list_by_action().
-- Answered by idx_wallet_audit_log_by_user, which is read from `since` to the position.
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
where
    fid = :fid::bigint
    and coalesce(action = any(:actions::text[]) and actor = coalesce(:actor::text, actor), false)
    and coalesce(replace(request_uuid::text, '-', ''), request_id) = :request_id::text
    and created_at >= :since::timestamptz
    and (created_at, fid, id) < (:before::timestamptz, :before_fid::bigint, :before_id::bigint)
order by created_at desc
fetch first (:size::bigint) rows with ties;
