-- name: list_trading(since, before, before_fid, before_chain, size)
-- Trading wallets, newest first, after a position: `since` is inclusive, the position is exclusive.
-- Start with ('infinity', 0, '').
-- Answered by idx_wallets_trading_created_at, in its order.
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
    chain = 'ethereum'
    and created_at >= :since::timestamptz
    and (created_at, fid, chain) < (:before::timestamptz, :before_fid::bigint, :before_chain::text)
order by created_at desc, fid desc
limit :size::bigint;

-- name: list_base_accounts(since, before, before_fid, before_chain, size)
-- Base Account addresses, newest first, after a position: `since` is inclusive, the position is exclusive.
-- Start with ('infinity', 0, '').
-- Answered by idx_wallets_base_account_created_at, in its order.
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
    chain = 'base-account'
    and created_at >= :since::timestamptz
    and (created_at, fid, chain) < (:before::timestamptz, :before_fid::bigint, :before_chain::text)
order by created_at desc, fid desc
limit :size::bigint;

-- name: list_all(since, before, before_fid, before_chain, size)
-- Wallets of both chains, newest first, after a position. Start with ('infinity', 0, '').
-- Each half is answered by the index of its chain, and returns at most one page.
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
    transaction_id
from (
    (
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
            chain = 'ethereum'
            and created_at >= :since::timestamptz
            and (created_at, fid, chain) < (:before::timestamptz, :before_fid::bigint, :before_chain::text)
        order by created_at desc, fid desc
        limit :size::bigint
    )
    union all
    (
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
            chain = 'base-account'
            and created_at >= :since::timestamptz
            and (created_at, fid, chain) < (:before::timestamptz, :before_fid::bigint, :before_chain::text)
        order by created_at desc, fid desc
        limit :size::bigint
    )
) as found
order by created_at desc, fid desc, chain desc
limit :size::bigint;

-- name: list_by_address(address, chains, since, before, before_fid, before_chain, size)
-- Wallets with an address (in lower case), newest first, after a position: at most one trading wallet, and any number
-- of Base Accounts.
-- Answered by idx_wallets_address_created_at, in its order.
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
    lower(address) = :address::text
    and chain = any(:chains::text[])
    and created_at >= :since::timestamptz
    and (created_at, fid, chain) < (:before::timestamptz, :before_fid::bigint, :before_chain::text)
order by created_at desc, fid desc, chain desc
limit :size::bigint;
