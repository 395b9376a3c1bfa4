-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Transfers that were prepared for the user's own wallet to sign. The blockchain tells which were
-- signed.
create table deposits (
    fid bigint not null,
    id uuid not null,
    status text not null default 'prepared',
    asset text not null,
    amount numeric(78, 0) not null,
    from_address text not null,
    to_address text not null,
    chain_id bigint not null,
    idempotency_key text,
    request_hash text,
    created_at timestamptz not null default now(),
    constraint deposits_pkey primary key (fid, id),
    -- One deposit per user and Idempotency-Key. Deposits without a key do not conflict.
    constraint deposits_idempotency_key_is_used_once unique (fid, idempotency_key),
    constraint deposits_fid_is_positive check (fid > 0),
    constraint deposits_status_is_known check (status = 'prepared'),
    constraint deposits_asset_is_known check (asset in ('USDC', 'ETH')),
    constraint deposits_amount_is_a_positive_uint256 check (
        amount > 0
        and amount <= 115792089237316195423570985008687907853269984665640564039457584007913129639935
    ),
    constraint deposits_from_address_is_an_ethereum_address check (
        from_address ~ '^0x[0-9a-f]{40}$'
    ),
    constraint deposits_to_address_is_an_ethereum_address check (
        to_address ~ '^0x[0-9a-fA-F]{40}$'
    ),
    constraint deposits_idempotency_key_has_a_request_hash check (
        num_nulls(idempotency_key, request_hash) in (0, 2)
    ),
    constraint deposits_idempotency_key_is_short check (length(idempotency_key) between 1 and 255),
    constraint deposits_request_hash_is_sha256 check (request_hash ~ '^[0-9a-f]{64}$'),
    constraint deposits_chain_id_is_positive check (chain_id > 0),
    constraint deposits_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- stats.sum_deposits: the deposits of a range of days.
create index idx_deposits_created_at on deposits (created_at);

-- Only the status may change.
create trigger deposits_never_change_what_was_prepared
before update on deposits for each row
when (
    old.fid is distinct from new.fid
    or old.id is distinct from new.id
    or old.asset is distinct from new.asset
    or old.amount is distinct from new.amount
    or old.from_address is distinct from new.from_address
    or old.to_address is distinct from new.to_address
    or old.chain_id is distinct from new.chain_id
    or old.idempotency_key is distinct from new.idempotency_key
    or old.request_hash is distinct from new.request_hash
    or old.created_at is distinct from new.created_at
)
execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy the record of deposits.
do $$ begin raise exception 'migrations are forward only'; end $$;
