-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs: it waits for older transactions to end, blocks
-- nobody meanwhile, and leaves an invalid index behind when it is broken off (drop it and go on).
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- One kind of act, newest first: audit.list_by_action.
create index concurrently idx_wallet_audit_log_action_created_at
on wallet_audit_log (action, created_at, fid, id);

-- migrate:down

-- Forward only: an index costs nothing to keep.
do $$ begin raise exception 'migrations are forward only'; end $$;
