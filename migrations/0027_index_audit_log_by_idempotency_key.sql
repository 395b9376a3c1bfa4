-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request. An interrupted run leaves an invalid index: drop it, and upgrade again.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout, prefer-robust-stmts

-- audit.get_signature: the entry of an earlier request with the same Idempotency-Key. It has only
-- the entries with a key, which is the first member of their details, in the spelling of JSON. The
-- operator ->> would reject details that have an escaped surrogate anywhere, and so prevent entries.
create index concurrently idx_wallet_audit_log_by_idempotency_key
on wallet_audit_log (
    fid, substring(details::text, '^\{"idempotency_key":"((?:[^"\\]|\\.)*)"')
)
where substring(details::text, '^\{"idempotency_key":"((?:[^"\\]|\\.)*)"') is not null;

-- migrate:down

-- Forward only: the queries of this release need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
