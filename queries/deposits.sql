-- name: get_by_idempotency_key(fid, idempotency_key)^
-- The deposit that a user prepared under an Idempotency-Key. No row: the key is new.
-- Answered by the unique constraint on (fid, idempotency_key).
select
    fid,
    id,
    asset,
    amount,
    from_address,
    to_address,
    chain_id,
    idempotency_key,
    request_hash
from deposits
where
    fid = :fid::bigint
    and idempotency_key = :idempotency_key::text;

-- name: insert_if_absent(fid, id, asset, amount, from_address, to_address, chain_id, idempotency_key, request_hash)^
-- Insert a prepared deposit. No row: nothing was written, because the id exists (a retry after a lost connection) or
-- the user's Idempotency-Key is taken: read the winner by the key.
-- Safe under concurrency because unique keys decide; a second request waits for the first, as long as
-- set_lock_timeout() allows.
insert into deposits (
    fid,
    id,
    asset,
    amount,
    from_address,
    to_address,
    chain_id,
    idempotency_key,
    request_hash
)
values (
    :fid::bigint,
    :id::uuid,
    :asset::text,
    :amount::numeric,
    :from_address::text,
    :to_address::text,
    :chain_id::bigint,
    :idempotency_key::text,
    :request_hash::text
)
on conflict do nothing
returning id;

-- name: set_lock_timeout()!
-- Set a short lock timeout for the rest of this transaction.
-- Citus propagates SET LOCAL to its machines (with citus.propagate_set_commands), but not set_config().
set local lock_timeout = '1s';
