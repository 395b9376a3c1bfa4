-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- spends.sum_windows: what a wallet spent of an asset on a chain in the last seconds. It has what is
-- summed and what is compared, so that the rows of a wallet, which lie between those of others, are
-- not read.
create index concurrently idx_wallet_spends_by_asset_with_amounts
on wallet_spends (fid, chain_id, asset, valid_until) include (kind, counterparty, amount);

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
