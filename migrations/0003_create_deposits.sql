-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Transfers that we prepared for a user's own wallet to sign. Whether one was signed is on the chain.
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
    -- One deposit per user and Idempotency-Key; requests without a key do not meet here.
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
    constraint deposits_chain_id_is_positive check (chain_id > 0)
);

-- What was prepared stays as it was answered; only the status will move on.
create trigger deposits_never_change_what_was_prepared
before update on deposits for each row
when (
    (
        old.fid, old.id, old.asset, old.amount, old.from_address, old.to_address, old.chain_id,
        old.idempotency_key, old.request_hash, old.created_at
    )
    is distinct from (
        new.fid, new.id, new.asset, new.amount, new.from_address, new.to_address, new.chain_id,
        new.idempotency_key, new.request_hash, new.created_at
    )
)
execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy the record of deposits.
do $$ begin raise exception 'migrations are forward only'; end $$;
