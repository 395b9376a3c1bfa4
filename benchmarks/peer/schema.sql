-- What `prisma migrate` would create from schema.prisma, without its engine.
create table wallets (
    id bigserial primary key,
    fid integer not null,
    chain text not null,
    wallet_type text not null,
    address text not null,
    encrypted_private_key text,
    iv text,
    created_at timestamptz(3) not null default current_timestamp,
    updated_at timestamptz(3) not null default current_timestamp
);
create unique index wallets_fid_chain_key on wallets (fid, chain);
create index wallets_address_idx on wallets (address);

create table audit_entries (
    id bigserial primary key,
    fid integer not null,
    action text not null,
    actor text not null,
    request_id text not null,
    ip text not null,
    created_at timestamptz(3) not null default current_timestamp
);
create index audit_entries_fid_created_at_idx on audit_entries (fid, created_at);

create table deposits (
    id uuid primary key,
    fid integer not null,
    asset text not null,
    amount numeric(78, 0) not null,
    from_address text not null,
    to_address text not null,
    chain_id integer not null,
    created_at timestamptz(3) not null default current_timestamp
);
create index deposits_fid_idx on deposits (fid);
