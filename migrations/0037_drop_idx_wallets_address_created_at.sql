-- migrate:up transaction:false

-- In no transaction and without timeouts: it waits for older transactions to end, and blocks no
-- request.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

-- idx_wallets_by_address answers its queries too, those of the release before included: both kinds
-- of index have the same operator for equality.
-- `if exists`: an upgrade may have been interrupted between the drop and its record.
drop index concurrently if exists idx_wallets_address_created_at;

-- migrate:down

-- Forward only: the queries of this release do not need the index.
do $$ begin raise exception 'migrations are forward only'; end $$;
