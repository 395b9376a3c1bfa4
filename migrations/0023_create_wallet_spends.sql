-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A wallet on a chain. A signature that can spend locks its row, so that the requests of one wallet
-- are decided one after the other.
create table signing_accounts (
    fid bigint not null,
    chain_id bigint not null,
    created_at timestamptz not null default now(),
    constraint signing_accounts_pkey primary key (fid, chain_id),
    constraint signing_accounts_fid_is_positive check (fid > 0),
    constraint signing_accounts_chain_id_is_positive check (chain_id > 0),
    constraint signing_accounts_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- What a signature allowed to leave a wallet, inserted in the transaction of its audit entry, for the
-- limits of policies. `amount` is in the smallest unit. `valid_until` is the last moment at which the
-- asset can leave because of this signature: the deadline of signed typed data, otherwise the time of
-- the signature. The end of the year 9999 means that there is no deadline.
create table wallet_spends (
    fid bigint not null,
    id uuid not null,
    chain_id bigint not null,
    -- 'native', or the address of a token.
    asset text not null,
    kind text not null,
    -- The recipient or the spender. Null for fees, and for the creation of a contract.
    counterparty text,
    amount numeric(78, 0) not null,
    -- The id of the audit entry of the signature.
    audit_id bigint not null,
    created_at timestamptz not null,
    valid_until timestamptz not null,
    constraint wallet_spends_pkey primary key (fid, id),
    constraint wallet_spends_fid_is_positive check (fid > 0),
    constraint wallet_spends_chain_id_is_positive check (chain_id > 0),
    constraint wallet_spends_kind_is_known check (
        kind in ('native_transfer', 'token_transfer', 'allowance', 'network_fee')
    ),
    constraint wallet_spends_asset_is_native_or_an_address check (
        asset ~ '^(native|0x[0-9a-f]{40})$'
    ),
    constraint wallet_spends_asset_follows_from_kind check (
        (asset = 'native') = (kind in ('native_transfer', 'network_fee'))
    ),
    constraint wallet_spends_counterparty_is_an_ethereum_address check (
        counterparty ~ '^0x[0-9a-f]{40}$'
    ),
    constraint wallet_spends_counterparty_follows_from_kind check (
        (counterparty is null or kind <> 'network_fee')
        and (counterparty is not null or asset = 'native')
    ),
    constraint wallet_spends_amount_is_a_positive_uint256 check (
        amount > 0
        and amount <= 115792089237316195423570985008687907853269984665640564039457584007913129639935
    ),
    constraint wallet_spends_audit_id_is_positive check (audit_id > 0),
    constraint wallet_spends_times_are_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
        and valid_until >= '0001-01-01 00:00:00+00'
        and valid_until <= '9999-12-31 23:59:59.999999+00'
    ),
    constraint wallet_spends_are_valid_when_they_are_made check (valid_until >= created_at)
);

-- spends.sum_windows: what a wallet spent of an asset on a chain in the last seconds.
create index idx_wallet_spends_by_asset on wallet_spends (fid, chain_id, asset, valid_until);

create trigger signing_accounts_are_never_changed
before update or delete on signing_accounts for each row execute function refuse_change();

create trigger signing_accounts_are_never_truncated
before truncate on signing_accounts for each statement execute function refuse_change();

create trigger wallet_spends_are_never_changed
before update or delete on wallet_spends for each row execute function refuse_change();

create trigger wallet_spends_are_never_truncated
before truncate on wallet_spends for each statement execute function refuse_change();

do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';

    if to_regclass('pg_dist_partition') is not null then
        if exists (select from pg_dist_partition where logicalrelid = 'wallets'::regclass) then
            perform create_distributed_table('signing_accounts', 'fid', colocate_with => 'wallets');
            perform create_distributed_table('wallet_spends', 'fid', colocate_with => 'wallets');
        end if;
    end if;
end
$$;

-- migrate:down

-- Forward only: undoing this migration would forget what wallets have spent.
do $$ begin raise exception 'migrations are forward only'; end $$;
