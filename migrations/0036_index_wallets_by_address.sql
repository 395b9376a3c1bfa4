-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- wallets.list_by_address: the wallets of an address in any spelling, newest first.
-- wallets.list_by_prefix: the wallets of the addresses that begin with some digits. text_pattern_ops
-- compares bytes. In the collation of the database, such addresses may not be next to each other.
create index concurrently idx_wallets_by_address
on wallets (lower(address) text_pattern_ops, created_at, fid, chain);

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
