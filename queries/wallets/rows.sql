-- name: get(fid, chain)^
-- The wallet of a user on a chain, with its encrypted key, and the id of the transaction that wrote it, which shows
-- whether it is replicated (wallet_api/database/replication.py). No row: there is none.
-- Answered by the primary key.
select
    fid,
    chain,
    wallet_type,
    address,
    encrypted_private_key,
    iv,
    scheme,
    key_id,
    created_at,
    updated_at,
    xmin::text::bigint as transaction_id
from wallets
where
    fid = :fid::bigint
    and chain = :chain::text;

-- name: get_with_head(fid, chain)^
-- The same wallet, the head of the user's audit chain, and the database's time. Always one row; the fid of a missing
-- wallet and the head_id of an empty chain are null.
-- Sent before a wallet is created. For the head, see lock_head() in audit/entries.sql.
-- Answered by the primary keys of both tables.
select
    wallet.fid,
    wallet.chain,
    wallet.wallet_type,
    wallet.address,
    wallet.encrypted_private_key,
    wallet.iv,
    wallet.scheme,
    wallet.key_id,
    wallet.created_at,
    wallet.updated_at,
    wallet.xmin::text::bigint as transaction_id,
    head.id as head_id,
    head.mac as head_mac,
    clock_timestamp() as now
from
    (
        select
            :fid::bigint as fid,
            :chain::text as chain
    ) as wanted
left join wallets as wallet
    on wanted.fid = wallet.fid and wanted.chain = wallet.chain
left join wallet_audit_heads as head
    on wanted.fid = head.fid;

-- name: lock_with_head(fid, chain)^
-- Do what get_with_head() does, and lock the head until the end of the transaction, as lock_head() in
-- audit/entries.sql does.
-- Sent before a key is used. The head and the time are those after the wait for the lock. The wallet is as it was
-- before the wait, which is enough: neither its address nor its key changes. A caller that depends on another
-- column locks the row first and then reads it.
-- Answered by the primary keys of both tables.
with head as (
    select
        locked.fid,
        locked.id,
        locked.mac
    from wallet_audit_heads as locked
    where locked.fid = :fid::bigint
    for update
)

select
    wallet.fid,
    wallet.chain,
    wallet.wallet_type,
    wallet.address,
    wallet.encrypted_private_key,
    wallet.iv,
    wallet.scheme,
    wallet.key_id,
    wallet.created_at,
    wallet.updated_at,
    wallet.xmin::text::bigint as transaction_id,
    head.id as head_id,
    head.mac as head_mac,
    clock_timestamp() as now
from
    (
        select
            :fid::bigint as fid,
            :chain::text as chain
    ) as wanted
left join wallets as wallet
    on wanted.fid = wallet.fid and wanted.chain = wallet.chain
left join head
    on wanted.fid = head.fid;

-- name: list_for_user(fid)
-- All wallets of a user, the Base Account address first: at most one per chain.
-- Answered by the first column of the primary key.
select
    fid,
    chain,
    wallet_type,
    address,
    encrypted_private_key,
    iv,
    scheme,
    key_id,
    created_at,
    updated_at,
    xmin::text::bigint as transaction_id
from wallets
where fid = :fid::bigint
order by chain;

-- name: list_with_head(fid)
-- All wallets of a user, as list_for_user() returns them, each with the head of the user's audit chain and the
-- database's time. At least one row, in which the fid is null if the user has no wallet.
-- Sent before a deposit, which may create a wallet.
-- Answered by the primary keys of both tables.
select
    wallet.fid,
    wallet.chain,
    wallet.wallet_type,
    wallet.address,
    wallet.encrypted_private_key,
    wallet.iv,
    wallet.scheme,
    wallet.key_id,
    wallet.created_at,
    wallet.updated_at,
    wallet.xmin::text::bigint as transaction_id,
    head.id as head_id,
    head.mac as head_mac,
    clock_timestamp() as now
from
    (
        select :fid::bigint as fid
    ) as wanted
left join wallets as wallet
    on wanted.fid = wallet.fid
left join wallet_audit_heads as head
    on wanted.fid = head.fid
order by wallet.chain;

-- name: insert_if_absent(fid, chain, address, encrypted_private_key, iv, scheme, key_id)^
-- Insert a new trading wallet and return its row. No row: (fid, chain) is taken; read the winner with get().
-- Safe under concurrency because the primary key decides, not an earlier read: a second insert waits for the first to
-- commit, and a following get() sees it.
insert into wallets (
    fid,
    chain,
    wallet_type,
    address,
    encrypted_private_key,
    iv,
    scheme,
    key_id
)
values (
    :fid::bigint,
    :chain::text,
    'trading',
    :address::text,
    :encrypted_private_key::text,
    :iv::text,
    :scheme::text,
    :key_id::text
)
on conflict (fid, chain) do nothing
returning
    fid,
    chain,
    wallet_type,
    address,
    encrypted_private_key,
    iv,
    scheme,
    key_id,
    created_at,
    updated_at;

-- name: add_copy(fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id, created_at, updated_at)!
-- Insert an existing wallet with its dates. Nothing happens if (fid, chain) is taken: read the winner with get().
-- Safe under concurrency, as insert_if_absent() is, and idempotent.
insert into wallets (
    fid,
    chain,
    wallet_type,
    address,
    encrypted_private_key,
    iv,
    scheme,
    key_id,
    created_at,
    updated_at
)
values (
    :fid::bigint,
    :chain::text,
    :wallet_type::text,
    :address::text,
    :encrypted_private_key::text,
    :iv::text,
    :scheme::text,
    :key_id::text,
    :created_at::timestamptz,
    :updated_at::timestamptz
)
on conflict (fid, chain) do nothing;

-- name: put_base_account(fid, address)!
-- Store the address of a user's own Base Account, replacing an older one.
-- Safe under concurrency and idempotent: one row per user, the last writer wins, and an unchanged address is not
-- written again.
insert into wallets as wallet (fid, chain, wallet_type, address)
values (:fid::bigint, 'base-account', 'base-account', :address::text)
on conflict (fid, chain) do update
    set
        address = excluded.address,
        updated_at = excluded.updated_at
    where wallet.address <> excluded.address;

-- name: any_encrypted_key()$
-- Whether this database contains a private key. Sent once per process, before its first write.
-- Stops at the first row.
select exists(
    select wallet.fid
    from wallets as wallet
    where wallet.wallet_type = 'trading'
) as any_encrypted_key;
