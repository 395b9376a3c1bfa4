-- migrate:up

set local statement_timeout = '60s';

-- `wallet-api audit archive` moves old key uses into files. The entry entries.archived records which
-- ones. The owner of the tables may delete entries in a transaction that sets wallet_api.archiving,
-- but no creation, no address, no entry without a mac, and none of the last day, about which a
-- request may still ask whether it was written. wallet_api_runtime has no right to delete.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';
    set local citus.enable_unsafe_triggers = on;

    drop trigger wallet_audit_log_is_never_changed on wallet_audit_log;

    create trigger wallet_audit_log_is_never_changed
    before update on wallet_audit_log for each row execute function refuse_change();

    create trigger wallet_audit_log_loses_archived_key_uses_only
    before delete on wallet_audit_log for each row
    when (
        current_setting('wallet_api.archiving', true) is distinct from 'on'
        or old.action not in (
            'key.read', 'key.refused', 'key.exported',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'signing.refused'
        )
        or (old.mac is null and old.mac_bytes is null)
        or old.created_at > now() - interval '1 day'
    )
    execute function refuse_change();
end
$$;

-- migrate:down

-- Forward only: there may be entries that record an archive.
do $$ begin raise exception 'migrations are forward only'; end $$;
