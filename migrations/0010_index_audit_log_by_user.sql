-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- audit.list_by_user and audit.list_by_user_and_actor: a user's entries, newest first. With the
-- hashes, a query for some actions or one actor reads from the table only their entries.
create index concurrently idx_wallet_audit_log_by_user
on wallet_audit_log (fid, created_at, hashtext(action), hashtext(actor));

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
