-- migrate:up

-- Citus refuses triggers on distributed tables unless told that they are safe; ours only refuse.
-- Plain PostgreSQL takes the setting and ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Which secrets this database's keys were ever sealed under. The first one has no predecessor, and
-- there is only one first: two processes with different secrets cannot both begin a database.
-- A later secret names the known one that it succeeds.
create table encryption_keys (
    key_id text not null,
    succeeds text,
    created_at timestamptz not null default now(),
    constraint encryption_keys_pkey primary key (key_id),
    constraint encryption_keys_succeeds_a_known_key
    foreign key (succeeds) references encryption_keys (key_id),
    constraint encryption_keys_id_is_16_hex_digits check (key_id ~ '^[0-9a-f]{16}$')
);

create unique index encryption_keys_only_one_is_first
on encryption_keys ((succeeds is null)) where succeeds is null;

create sequence wallets_id_seq as bigint;

-- One wallet per user and chain, for ever. The id is for people and joins; it does not order by time.
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
    constraint wallets_key_id_is_16_hex_digits check (key_id ~ '^[0-9a-f]{16}$')
);

alter sequence wallets_id_seq owned by wallets.id;

-- Finds whose wallet an address is, however the caller wrote it.
create index idx_wallets_address on wallets (lower(address));

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on % is refused: it is append-only', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

-- These hold for whoever connects, the owner too.
create trigger wallets_are_never_deleted
before delete on wallets for each row execute function refuse_change();

create trigger wallets_are_never_truncated
before truncate on wallets for each statement execute function refuse_change();

create trigger wallets_trading_identity_never_changes
before update on wallets for each row
when (
    old.wallet_type = 'trading'
    and (old.fid, old.chain, old.wallet_type, old.address)
    is distinct from (new.fid, new.chain, new.wallet_type, new.address)
)
execute function refuse_change();

-- Rotation seals a key again under another secret. A ciphertext that changes under the same one is a
-- key overwritten.
create trigger wallets_ciphertext_changes_with_its_key_id_only
before update on wallets for each row
when (
    old.key_id = new.key_id
    and (old.encrypted_private_key, old.iv, old.scheme)
    is distinct from (new.encrypted_private_key, new.iv, new.scheme)
)
execute function refuse_change();

create trigger encryption_keys_are_never_changed
before update or delete on encryption_keys for each row execute function refuse_change();

create trigger encryption_keys_are_never_truncated
before truncate on encryption_keys for each statement execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy keys.
do $$ begin raise exception 'migrations are forward only'; end $$;
