-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

-- The whole log is read as the entries of each action, merged (idx_wallet_audit_log_by_action).
drop index concurrently idx_wallet_audit_log_created_at;

-- migrate:down

-- Forward only: the queries of this release do not need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
