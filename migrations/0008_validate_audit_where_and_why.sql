-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Apart from the previous migration, because this reads the whole log, and blocks nobody meanwhile.
alter table wallet_audit_log
validate constraint wallet_audit_log_reason_is_short,
validate constraint wallet_audit_log_recipient_is_32_bytes;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
