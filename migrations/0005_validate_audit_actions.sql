-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Every row obeyed the narrower constraint before: this only has the database say so.
alter table wallet_audit_log validate constraint wallet_audit_log_action_is_known;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
