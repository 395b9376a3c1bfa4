-- name: record_key_read(fid, chain, actor, request_id, ip, reason, recipient)^
-- Say that a wallet's private key is about to leave the service. No row: there is no such wallet, and
-- nothing was written. Belongs in the same transaction as the read of the key, behind it (a wallet that
-- the read saw is still there, because none is ever deleted): no row, no key.
insert into wallet_audit_log as entry (fid, chain, action, actor, request_id, ip, reason, recipient)
select
    wallet.fid,
    wallet.chain,
    'key.read' as action,
    :actor::text as actor,
    :request_id::text as request_id,
    :ip::inet as ip,
    :reason::text as reason,
    :recipient::text as recipient
from wallets as wallet
where
    wallet.fid = :fid::bigint
    and wallet.chain = :chain::text
    and wallet.wallet_type = 'trading'
returning entry.id;

-- name: record_key_read_from_file(fid, chain, actor, request_id, ip, reason, recipient)^
-- Say that the private key of a wallet that is kept in a file is about to leave the service. There is no
-- row to ask: whoever calls has read the file. No row: nothing was written, so no key.
insert into wallet_audit_log (fid, chain, action, actor, request_id, ip, reason, recipient)
values (
    :fid::bigint,
    :chain::text,
    'key.read',
    :actor::text,
    :request_id::text,
    :ip::inet,
    :reason::text,
    :recipient::text
)
returning id;

-- name: record_key_exports(fids, actor, request_id, ip, reason, recipient)
-- Say that the private keys of many users are about to leave, sealed, into files. A row for each that was
-- written: no row, no key.
insert into wallet_audit_log as entry (fid, chain, action, actor, request_id, ip, reason, recipient)
select
    leaving.fid,
    'ethereum' as chain,
    'key.exported' as action,
    :actor::text as actor,
    :request_id::text as request_id,
    :ip::inet as ip,
    :reason::text as reason,
    :recipient::text as recipient
from unnest(:fids::bigint[]) as leaving (fid)
returning entry.fid;

-- name: record_key_refused(fid, chain, actor, request_id, ip, reason, recipient)!
-- Say that somebody asked for a private key and was refused.
insert into wallet_audit_log (fid, chain, action, actor, request_id, ip, reason, recipient)
values (
    :fid::bigint,
    :chain::text,
    'key.refused',
    :actor::text,
    :request_id::text,
    :ip::inet,
    :reason::text,
    :recipient::text
);

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
