-- migrate:up

set local statement_timeout = '60s';

-- Signatures, refusals to sign, and records of archived entries. Migration 0020 validates the
-- constraint.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    -- The next statement of this transaction adds it again.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_action_is_known;

    alter table wallet_audit_log add constraint wallet_audit_log_action_is_known check (
        action in (
            'wallet.created', 'wallet.imported', 'base_account.set',
            'key.read', 'key.refused', 'key.exported', 'key.resealed', 'entries.archived',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'signing.refused'
        )
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there may be entries with the new actions.
do $$ begin raise exception 'migrations are forward only'; end $$;
