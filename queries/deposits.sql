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

-- name: insert_with_wallet(fid, id, asset, amount, from_address, to_address, chain_id, idempotency_key, request_hash)^
-- Insert the first deposit of a user in the transaction that creates the wallet. No row: nothing was written, because
-- the wallet does not exist with this address (another request created it first).
-- Safe under concurrency because the primary key of wallets decides. A deposit with the same Idempotency-Key can only
-- be prepared after the wallet was committed.
insert into deposits as deposit (
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
select
    wallet.fid,
    :id::uuid as id,
    :asset::text as asset,
    :amount::numeric as amount,
    :from_address::text as from_address,
    wallet.address as to_address,
    :chain_id::bigint as chain_id,
    :idempotency_key::text as idempotency_key,
    :request_hash::text as request_hash
from wallets as wallet
where
    wallet.fid = :fid::bigint
    and wallet.chain = 'ethereum'
    and wallet.address = :to_address::text
on conflict do nothing
returning deposit.id;

-- name: set_lock_timeout()!
-- Set a short lock timeout for the rest of this transaction.
-- Citus propagates SET LOCAL to its machines (with citus.propagate_set_commands), but not set_config().
set local lock_timeout = '1s';
