-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs: it waits for older transactions to end, blocks
-- nobody meanwhile, and leaves an invalid index behind when it is broken off (drop it and go on).
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- Finds whose wallet an address is, however the caller wrote it, newest first: wallet_search.list_by_address. In that order,
-- because any number of users may name one Base Account, and a page of them must not cost more for that.
create index concurrently idx_wallets_address_created_at
on wallets (lower(address), created_at, fid, chain);

-- migrate:down

-- Forward only: an index costs nothing to keep.
do $$ begin raise exception 'migrations are forward only'; end $$;
