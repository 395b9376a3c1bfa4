-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs: it waits for older transactions to end, blocks
-- nobody meanwhile, and leaves an invalid index behind when it is broken off (drop it and go on).
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- A user's part of the log, newest first: audit.list_by_user, audit.list_by_user_and_actor. Ids do not order by
-- time everywhere. Action and actor are in it, so that those who ask for some of them read leaves of it only.
create index concurrently idx_wallet_audit_log_fid_created_at
on wallet_audit_log (fid, created_at, id, action, actor);

-- migrate:down

-- Forward only: an index costs nothing to keep.
do $$ begin raise exception 'migrations are forward only'; end $$;
