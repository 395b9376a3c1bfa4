-- name: propagate_settings()!
-- Make Citus propagate the next SET LOCAL to its machines, where the triggers fire. PostgreSQL alone ignores it.
set local "citus.propagate_set_commands" = 'local';

-- name: allow_deletion()!
-- Let this transaction delete key uses (the trigger wallet_audit_log_loses_archived_key_uses_only).
set local "wallet_api.archiving" = 'on';

-- name: delete_range(fid, first_id, last_id)
-- Delete consecutive entries of a user, and return them. No rows: they are not in the log.
-- Sent after lock_heads() and allow_deletion(), in the transaction that appends the entry about it. Only the owner of
-- the tables has the privilege. Answered by the primary key.
delete from wallet_audit_log
where
    fid = :fid::bigint
    and id >= :first_id::bigint
    and id <= :last_id::bigint
returning
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
    coalesce(encode(mac_bytes, 'hex'), mac) as mac;
