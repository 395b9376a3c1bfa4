-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- deposits.list_by_user: the deposits of one user, newest first.
create index concurrently idx_deposits_by_user on deposits (fid, created_at);

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
