-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on % is refused: it is append-only', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

-- The secrets that keys of this database were ever sealed under. Only one has no predecessor: two
-- processes with different secrets cannot both begin a database. Each later secret names the known
-- one that it succeeds.
create table encryption_keys (
    key_id text not null,
    succeeds text,
    created_at timestamptz not null default now(),
    -- The root of the audit macs of the secret that this one succeeds, sealed under this one, so
    -- that its processes can verify older entries. Null for a first secret.
    sealed_audit_root text,
    constraint encryption_keys_pkey primary key (key_id),
    constraint encryption_keys_succeeds_a_known_key
    foreign key (succeeds) references encryption_keys (key_id),
    constraint encryption_keys_id_is_16_hex_digits check (key_id ~ '^[0-9a-f]{16}$'),
    constraint encryption_keys_audit_root_is_sealed check (
        sealed_audit_root ~ '^[0-9a-f]{120}$'
    )
);

create unique index encryption_keys_only_one_is_first
on encryption_keys ((succeeds is null)) where succeeds is null;

-- The secrets that wallets may be sealed under. A secret is retired by deleting it here, which the
-- foreign key of wallets refuses while a wallet needs it. encryption_keys still remembers it.
create table active_encryption_keys (
    key_id text not null,
    constraint active_encryption_keys_pkey primary key (key_id),
    constraint active_encryption_keys_are_registered
    foreign key (key_id) references encryption_keys (key_id)
);

create sequence wallets_id_seq as bigint;

-- One wallet per user and chain. The id is for people and joins; it does not order by time.
create table wallets (
    id bigint not null default nextval('wallets_id_seq'),
    fid bigint not null,
    chain text not null,
    wallet_type text not null,
    address text not null,
    encrypted_private_key text,
    iv text,
    scheme text,
    key_id text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint wallets_pkey primary key (fid, chain),
    constraint wallets_key_id_is_active
    foreign key (key_id) references active_encryption_keys (key_id),
    constraint wallets_fid_is_positive check (fid > 0),
    constraint wallets_chain_is_known check (chain in ('ethereum', 'base-account')),
    constraint wallets_type_follows_from_chain check (
        wallet_type = case chain when 'ethereum' then 'trading' else 'base-account' end
    ),
    constraint wallets_address_is_an_ethereum_address check (address ~ '^0x[0-9a-fA-F]{40}$'),
    constraint wallets_trading_wallet_has_a_key check (
        wallet_type <> 'trading' or encrypted_private_key is not null
    ),
    constraint wallets_base_account_has_no_key check (
        wallet_type <> 'base-account' or encrypted_private_key is null
    ),
    constraint wallets_key_is_sealed_completely check (
        num_nulls(encrypted_private_key, iv, scheme, key_id) in (0, 4)
    ),
    constraint wallets_scheme_is_known check (scheme = 'aes-256-gcm'),
    constraint wallets_ciphertext_is_whole check (encrypted_private_key ~ '^[0-9a-f]{96}$'),
    constraint wallets_iv_is_12_bytes check (iv ~ '^[0-9a-f]{24}$'),
    constraint wallets_key_id_is_16_hex_digits check (key_id ~ '^[0-9a-f]{16}$'),
    -- PostgreSQL stores times that Python cannot read, such as infinity. One such row would stop
    -- every command that reads many rows.
    constraint wallets_times_are_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
        and updated_at >= '0001-01-01 00:00:00+00'
        and updated_at <= '9999-12-31 23:59:59.999999+00'
    )
);

alter sequence wallets_id_seq owned by wallets.id;

-- wallet_search.list_by_address: the owners of an address in any spelling, newest first. It orders
-- them too, because any number of users may name one Base Account.
create index idx_wallets_address_created_at
on wallets (lower(address), created_at, fid, chain);

-- wallet_search.list_trading and stats.count_new_wallets: trading wallets, newest first. Each query
-- names its chain, so that each row is in one small index only.
create index idx_wallets_trading_created_at
on wallets (created_at, fid) where chain = 'ethereum';

-- wallet_search.list_base_accounts and stats: Base Account addresses, newest first.
create index idx_wallets_base_account_created_at
on wallets (created_at, fid) where chain = 'base-account';

-- The triggers apply to every role, the owner included. Their conditions compare column by column:
-- PostgreSQL stores a comparison of whole rows in another form than a restored dump has.
create trigger encryption_keys_are_never_changed
before update or delete on encryption_keys for each row execute function refuse_change();

create trigger encryption_keys_are_never_truncated
before truncate on encryption_keys for each statement execute function refuse_change();

create trigger active_encryption_keys_are_never_changed
before update on active_encryption_keys for each row execute function refuse_change();

create trigger wallets_are_never_deleted
before delete on wallets for each row execute function refuse_change();

create trigger wallets_are_never_truncated
before truncate on wallets for each statement execute function refuse_change();

create trigger wallets_trading_identity_never_changes
before update on wallets for each row
when (
    old.wallet_type = 'trading'
    and (
        old.fid is distinct from new.fid
        or old.chain is distinct from new.chain
        or old.wallet_type is distinct from new.wallet_type
        or old.address is distinct from new.address
    )
)
execute function refuse_change();

-- Rotation seals a key under another secret. A ciphertext that changes under the same secret is an
-- overwritten key.
create trigger wallets_ciphertext_changes_with_its_key_id_only
before update on wallets for each row
when (
    old.key_id = new.key_id
    and (
        old.encrypted_private_key is distinct from new.encrypted_private_key
        or old.iv is distinct from new.iv
        or old.scheme is distinct from new.scheme
    )
)
execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy keys.
do $$ begin raise exception 'migrations are forward only'; end $$;
