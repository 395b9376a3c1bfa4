-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- audit.list_by_actor_and_action: one kind of act of one actor, newest first. Both are in one hash:
-- PostgreSQL has statistics about it, and would take two columns for independent.
create index concurrently idx_wallet_audit_log_by_actor_and_action
on wallet_audit_log (hashtext(actor || ' ' || action), created_at);

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
