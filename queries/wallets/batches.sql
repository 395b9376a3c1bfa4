-- name: create_staging()!
-- Create a temporary table for COPY, which itself cannot skip rows that exist.
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
-- Fill the temporary table with existing wallets.
copy staged_wallets (
    fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id, created_at, updated_at
) from stdin;

-- name: insert_staged()
-- Insert every staged wallet whose (fid, chain) is free, and return the inserted keys. Read the others with
-- list_by_keys(), in the same transaction.
-- Safe under concurrency because the primary key decides. Rows are inserted in its order, so that two imports of the
-- same wallets cannot deadlock. Idempotent.
insert into wallets as wallet (
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
returning wallet.fid, wallet.chain;

-- name: list_by_keys(fids, chains)
-- The wallets with these keys, given as parallel lists.
-- Answered by the primary key, one lookup per key.
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
-- The keys (fid, chain) of many users' wallets.
-- Answered by the primary key, one lookup per user. For a join with so many PostgreSQL would choose a scan.
select
    fid,
    chain
from wallets
where fid = any(:fids::bigint[]);

-- name: count_imported_base_accounts(fids)$
-- The number of these users whose Base Account was imported from a file, even if it has changed since.
-- Answered by idx_wallet_audit_log_by_user, which contains a hash of the action; meant for users with few entries.
select count(*) as imported_base_accounts
from wallet_audit_log
where
    fid = any(:fids::bigint[])
    and hashtext(action) = hashtext('wallet.imported')
    and action = 'wallet.imported'
    and chain = 'base-account';

-- name: list_owners(addresses)
-- The users whose trading wallets have these addresses (in lower case).
-- Answered by idx_wallets_by_address, one lookup per address, and then the rows in the order of the table.
select
    fid,
    lower(address) as address
from wallets
where
    lower(address) = any(:addresses::text[])
    and chain = 'ethereum';

-- name: list_page(after_fid, after_chain, size)
-- The next wallets after a (fid, chain), in the order of the primary key, which answers it. No rows: there are no more.
-- Start with (0, '').
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

-- name: list_shared_addresses()
-- Trading addresses of more than one user. Each key was generated for one user, so that the others are copies.
select
    address,
    array_agg(fid order by fid) as fids
from wallets
where wallet_type = 'trading'
group by address
having count(*) > 1
order by address;

-- name: list_page_to_reencrypt(after_fid, key_id, size)
-- The next trading wallets after a fid that are not encrypted with a secret, in the order of the primary key, which
-- answers it. No rows: there are no more. Start with 0. Needs a long transaction: where most wallets are encrypted with
-- that secret, it skips many rows.
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

-- name: count_to_reencrypt(key_id)$
-- The number of trading wallets that are not encrypted with a secret. Reads every wallet.
select count(*) as wallets
from wallets
where
    chain = 'ethereum'
    and key_id <> :key_id::text;

-- name: reencrypt(fids, old_ciphertexts, ciphertexts, ivs, key_ids)
-- Replace these ciphertexts by ones of the same keys, encrypted with another secret, given as parallel lists. Returns a
-- row for each; another process has replaced the others.
-- Safe under concurrency and idempotent, because it replaces only the ciphertext that was decrypted.
update wallets as wallet
set
    encrypted_private_key = replacement.ciphertext,
    iv = replacement.iv,
    key_id = replacement.key_id
from
    unnest(
        :fids::bigint[],
        :old_ciphertexts::text[],
        :ciphertexts::text[],
        :ivs::text[],
        :key_ids::text[]
    ) as replacement (fid, old_ciphertext, ciphertext, iv, key_id)
where
    wallet.fid = replacement.fid
    and wallet.chain = 'ethereum'
    and wallet.encrypted_private_key = replacement.old_ciphertext
returning wallet.fid;
