-- migrate:up

set local statement_timeout = '60s';

-- Authorizations (EIP-7702) that a wallet signs. They are no transactions: anybody may send one.
-- The next migration validates the constraint. The trigger lets archives take these entries, too.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';
    set local citus.enable_unsafe_triggers = on;

    -- The next statement of this transaction adds it again.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_action_is_known;

    alter table wallet_audit_log add constraint wallet_audit_log_action_is_known check (
        action in (
            'wallet.created', 'wallet.imported', 'base_account.set',
            'key.read', 'key.refused', 'key.exported', 'key.resealed', 'entries.archived',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'authorization.signed',
            'signing.refused', 'policy.changed'
        )
    ) not valid;

    drop trigger wallet_audit_log_loses_archived_key_uses_only on wallet_audit_log;

    create trigger wallet_audit_log_loses_archived_key_uses_only
    before delete on wallet_audit_log for each row
    when (
        current_setting('wallet_api.archiving', true) is distinct from 'on'
        or old.action not in (
            'key.read', 'key.refused', 'key.exported',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'authorization.signed',
            'signing.refused'
        )
        or (old.mac is null and old.mac_bytes is null)
        or old.created_at > now() - interval '1 day'
    )
    execute function refuse_change();
end
$$;

-- migrate:down

-- Forward only: there may be entries with the new action.
do $$ begin raise exception 'migrations are forward only'; end $$;
