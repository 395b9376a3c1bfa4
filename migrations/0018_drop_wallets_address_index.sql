-- migrate:up transaction:false

-- One statement, in no transaction, and without time-outs, as index migrations are.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

-- idx_wallets_address_created_at does all that it did.
drop index concurrently if exists idx_wallets_address;

-- migrate:down

-- Forward only: the other index has taken its place.
do $$ begin raise exception 'migrations are forward only'; end $$;
