-- name: create_staging()!
-- A table of this transaction alone, for COPY to fill: COPY itself cannot step over rows that exist.
create temporary table staged_wallets (
    fid bigint not null,
    chain text not null,
    wallet_type text not null,
    address text not null,
    encrypted_private_key text,
    iv text,
    scheme text,
    key_id text,
    created_at timestamptz not null,
    updated_at timestamptz not null
) on commit drop;

-- name: copy_staged()!
-- Fill the table with wallets that were kept elsewhere.
copy staged_wallets (
    fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id, created_at, updated_at
) from stdin;

-- name: insert_staged()
-- Claim every staged (fid, chain) that is free, and give those that were. The others are taken: read them
-- with list_by_keys(), in the same transaction.
-- Safe under concurrency because the primary key decides; in its order, so that two imports of the same
-- wallets wait for each other and cannot deadlock. Safe to repeat.
insert into wallets as kept (
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
select
    staged.fid,
    staged.chain,
    staged.wallet_type,
    staged.address,
    staged.encrypted_private_key,
    staged.iv,
    staged.scheme,
    staged.key_id,
    staged.created_at,
    staged.updated_at
from staged_wallets as staged
order by staged.fid, staged.chain
on conflict (fid, chain) do nothing
returning kept.fid, kept.chain;

-- name: list_by_keys(fids, chains)
-- The wallets of many users, each named by its fid and its chain at the same place of both lists.
-- Answered by the primary key, one look-up for each.
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
    wallet.updated_at
from unnest(:fids::bigint[], :chains::text[]) as wanted (fid, chain)
inner join wallets as wallet
    on wanted.fid = wallet.fid and wanted.chain = wallet.chain;

-- name: list_keys_of(fids)
-- Which wallets many users have, by fid and chain alone.
-- Answered by the primary key, one look-up for each: of a join with so many PostgreSQL would make a scan.
select
    fid,
    chain
from wallets
where fid = any(:fids::bigint[]);

-- name: count_imported_base_accounts(fids)$
-- Of how many of these users the Base Account came from a file, whatever it is by now: it came once at most.
-- Answered by idx_wallet_audit_log_fid_created_at, which knows the action; ask of users who have few entries.
select count(*) as imported_base_accounts
from wallet_audit_log
where
    fid = any(:fids::bigint[])
    and action = 'wallet.imported'
    and chain = 'base-account';

-- name: list_owners(addresses)
-- Whose trading wallets have these addresses, given in lower case.
-- Answered by idx_wallets_address_created_at, one look-up for each.
select
    fid,
    lower(address) as address
from wallets
where
    lower(address) = any(:addresses::text[])
    and chain = 'ethereum';

-- name: list_page(after_fid, after_chain, size)
-- The next wallets behind a (fid, chain), in the order of the primary key, which answers it. No rows: that
-- was the last page. Begin behind (0, '').
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
    updated_at
from wallets
where (fid, chain) > (:after_fid::bigint, :after_chain::text)
order by fid, chain
limit :size::bigint;

-- name: count_all()$
-- How many wallets there are: for a progress bar, and for a summary.
select count(*) as wallets
from wallets;

-- name: list_shared_addresses()
-- Trading addresses that more than one user has: each key was made for one, so that a second one was copied.
select
    address,
    array_agg(fid order by fid) as fids
from wallets
where wallet_type = 'trading'
group by address
having count(*) > 1
order by address;

-- name: list_page_to_reseal(after_fid, key_id, size)
-- The next trading wallets behind a fid that are not sealed under a secret, in the order of the primary key, which
-- answers it. No rows: that was the last page. Begin behind 0. Belongs in a transaction that may take its time: where
-- most are sealed under that secret, it steps over many.
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
    updated_at
from wallets
where
    fid > :after_fid::bigint
    and chain = 'ethereum'
    and key_id <> :key_id::text
order by fid, chain
limit :size::bigint;

-- name: count_to_reseal(key_id)$
-- How many trading wallets are not sealed under a secret. Looks at every wallet.
select count(*) as wallets
from wallets
where
    chain = 'ethereum'
    and key_id <> :key_id::text;

-- name: reseal(fids, old_ciphertexts, ciphertexts, ivs, key_ids)
-- Put the same keys, sealed under another secret, in the place of these ciphertexts, each written at the same place of
-- every list. A row for each that was replaced; the others were sealed again by somebody else.
-- Safe under concurrency and safe to repeat, because it replaces the ciphertext that was opened, and no other.
update wallets as kept
set
    encrypted_private_key = again.ciphertext,
    iv = again.iv,
    key_id = again.key_id
from
    unnest(
        :fids::bigint[],
        :old_ciphertexts::text[],
        :ciphertexts::text[],
        :ivs::text[],
        :key_ids::text[]
    ) as again (fid, old_ciphertext, ciphertext, iv, key_id)
where
    kept.fid = again.fid
    and kept.chain = 'ethereum'
    and kept.encrypted_private_key = again.old_ciphertext
returning kept.fid;
