-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs: it waits for older transactions to end, blocks
-- nobody meanwhile, and leaves an invalid index behind when it is broken off (drop it and go on).
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- Trading wallets in the order in which they were made: wallet_search.list_trading, stats.count_new_wallets.
-- One small index for each chain, because every query names its chain and each row is in one of them only.
create index concurrently idx_wallets_trading_created_at
on wallets (created_at, fid) where chain = 'ethereum';

-- migrate:down

-- Forward only: an index costs nothing to keep.
do $$ begin raise exception 'migrations are forward only'; end $$;
