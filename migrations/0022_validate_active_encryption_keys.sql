-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Apart from the previous migration, because this reads every wallet, and blocks nobody meanwhile.
alter table wallets validate constraint wallets_key_id_is_active;

alter table encryption_keys validate constraint encryption_keys_audit_root_is_sealed;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
