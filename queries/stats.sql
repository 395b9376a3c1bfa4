-- name: count_wallets()
-- The number of wallets, by type and chain. Reads the whole index of each chain, which is a tenth of the table. A
-- constraint derives the type from the chain.
select
    'base-account' as wallet_type,
    'base-account' as chain,
    count(*) as wallets
from wallets
where chain = 'base-account'
union all
select
    'trading' as wallet_type,
    'ethereum' as chain,
    count(*) as wallets
from wallets
where chain = 'ethereum';

-- name: count_users()$
-- The number of users with a wallet. Reads the primary key in order, which needs no memory for distinct.
select count(*) as user_count
from (select distinct fid from wallets) as wallet_users;

-- name: count_new_wallets(since, before)
-- New wallets by day (UTC), type and chain: `since` is inclusive, `before` exclusive. Days without any have no row.
-- Answered by the index of each chain on created_at.
select
    day,
    wallet_type,
    chain,
    count(*) as wallets
from (
    select
        'trading' as wallet_type,
        'ethereum' as chain,
        (created_at at time zone 'UTC')::date as day
    from wallets
    where
        chain = 'ethereum'
        and created_at >= :since::timestamptz
        and created_at < :before::timestamptz
    union all
    select
        'base-account' as wallet_type,
        'base-account' as chain,
        (created_at at time zone 'UTC')::date as day
    from wallets
    where
        chain = 'base-account'
        and created_at >= :since::timestamptz
        and created_at < :before::timestamptz
) as new_wallets
group by day, wallet_type, chain
order by day, wallet_type, chain;

-- name: sum_deposits(since, before)
-- Prepared deposits by day (UTC), network and asset, with the exact sum in the asset's smallest unit: `since` is
-- inclusive, `before` exclusive. Days without any have no row. Answered by idx_deposits_created_at.
select
    chain_id,
    asset,
    (created_at at time zone 'UTC')::date as day,
    count(*) as deposits,
    sum(amount) as units
from deposits
where
    created_at >= :since::timestamptz
    and created_at < :before::timestamptz
group by day, chain_id, asset
order by day, chain_id, asset;

-- name: count_imported()$
-- The number of wallets that were imported from files: each has an entry in the audit log.
-- Answered by idx_wallet_audit_log_by_action, which contains a hash of the action.
select count(*) as imported_wallets
from wallet_audit_log
where
    hashtext(action) = hashtext('wallet.imported')
    and action = 'wallet.imported';
