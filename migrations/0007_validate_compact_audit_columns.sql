-- migrate:up

-- Reads the whole log once for each constraint, beside reads and appends.
set local statement_timeout = '1h';

do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallet_audit_log validate constraint wallet_audit_log_request_id_has_one_form;
    alter table wallet_audit_log validate constraint wallet_audit_log_mac_has_one_form;
    alter table wallet_audit_log validate constraint wallet_audit_log_mac_bytes_name_their_key;
    alter table wallet_audit_log validate constraint wallet_audit_log_mac_is_32_bytes;
    alter table wallet_audit_log validate constraint wallet_audit_log_key_id_is_8_bytes;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
