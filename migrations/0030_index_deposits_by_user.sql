-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- deposits.list_by_user: the deposits of one user, newest first. Every amount is positive. The
-- condition keeps the index from deposits.get_by_idempotency_key: while a user has one deposit on
-- average, PostgreSQL takes fid for unique, and could read all deposits of a user who has many.
create index concurrently idx_deposits_by_user on deposits (fid, created_at)
where amount > 0;

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
