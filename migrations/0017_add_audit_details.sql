-- migrate:up

set local statement_timeout = '60s';

-- What was signed: method, chain id, digest and effects. The type is json, which keeps the text
-- exactly, because a mac covers it; jsonb does not. Migration 0020 validates the constraint.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallet_audit_log add column details json;

    alter table wallet_audit_log add constraint wallet_audit_log_details_are_short check (
        length(details::text) between 2 and 16384
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there may be entries with details.
do $$ begin raise exception 'migrations are forward only'; end $$;
