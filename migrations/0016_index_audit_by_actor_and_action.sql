-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs: it waits for older transactions to end, blocks
-- nobody meanwhile, and leaves an invalid index behind when it is broken off (drop it and go on).
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- One kind of act of one actor, newest first: audit.list_by_actor_and_action. Both in one text, because as two columns
-- PostgreSQL takes the index of one of them and reads past what the other one excludes. Actions have no spaces.
create index concurrently idx_wallet_audit_log_actor_action_created_at
on wallet_audit_log ((actor || ' ' || action), created_at, fid, id);

-- migrate:down

-- Forward only: an index costs nothing to keep.
do $$ begin raise exception 'migrations are forward only'; end $$;
