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
-- Answered by idx_wallets_by_address, in its order.
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

-- name: list_by_prefix(prefix, below, chains, since, before, size)
-- Wallets whose address (in lower case) is in a range, from the last address to the first, and the wallets of an
-- address newest first. A prefix is the range from itself to itself with a g, which sorts after every hex digit.
-- Answered by idx_wallets_by_address, in its order. The operators compare bytes: in the collation of the database, a
-- prefix may not be a range (in Danish, aa sorts after z). sqlfluff would put spaces into them.
-- noqa: disable=LT01
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
    lower(address) operator(pg_catalog.~>=~) :prefix::text
    and lower(address) operator(pg_catalog.~<~) :below::text
    and chain = any(:chains::text[])
    and created_at >= :since::timestamptz
    and created_at < :before::timestamptz
order by lower(address) using operator(pg_catalog.~>~), created_at desc, fid desc, chain desc
limit :size::bigint;
