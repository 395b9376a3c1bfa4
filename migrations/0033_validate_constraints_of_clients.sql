-- migrate:up

-- Reads the whole log once for each constraint, beside reads and appends.
set local statement_timeout = '1h';

do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallet_audit_log validate constraint wallet_audit_log_action_is_known;
    alter table wallet_audit_log validate constraint wallet_audit_log_only_changes_are_without_a_user;
    alter table api_clients validate constraint api_clients_scopes_are_known;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
