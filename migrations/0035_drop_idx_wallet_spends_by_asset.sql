-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

-- Windows are summed from idx_wallet_spends_by_asset_with_amounts.
drop index concurrently idx_wallet_spends_by_asset;

-- migrate:down

-- Forward only: the queries of this release do not need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
