-- name: get(fid, chain)^
-- The wallet of a user on a chain, with its sealed key, and the transaction that wrote it, which tells whether it is
-- replicated (wallet_api/database/replication.py). No row: there is none (yet).
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
-- The same wallet, where its user's chain of audit entries ends, and what time the database has: one row always. A
-- wallet that is not there has no fid in it, and a chain of entries that has not begun no head_id.
-- Asked before a wallet is made or a key is handed out. About the head, see get_head() in audit.sql.
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

-- name: list_for_user(fid)
-- Every wallet of a user, the Base Account address first: at most one for each chain.
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

-- name: insert_if_absent(fid, chain, address, encrypted_private_key, iv, scheme, key_id)^
-- Claim (fid, chain) for a new trading wallet, and return its row. No row: it is taken; read the winner's with get().
-- Safe under concurrency because the primary key decides, not a read that came before: a second
-- insert waits for the first to commit, and a get() that follows sees it.
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
-- Claim (fid, chain) for a wallet that was kept elsewhere, with its dates; nothing happens when it is
-- taken. Read the winner with get(). Safe under concurrency and safe to repeat, as insert_if_absent() is.
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
-- Remember the address of a user's own Base Account, in place of an older one.
-- Safe under concurrency and safe to repeat: one row per user, the last writer wins, and an address
-- that is already there is not written again.
insert into wallets as remembered (fid, chain, wallet_type, address)
values (:fid::bigint, 'base-account', 'base-account', :address::text)
on conflict (fid, chain) do update
    set
        address = excluded.address,
        updated_at = excluded.updated_at
    where remembered.address <> excluded.address;

-- name: any_sealed()$
-- Does this database hold any private key at all? Asked once per process, before its first write.
-- Stops at the first row it finds.
select exists(
    select sealed.fid
    from wallets as sealed
    where sealed.wallet_type = 'trading'
) as any_sealed;
