-- migrate:up

set local statement_timeout = '60s';

-- Changes of policies. Those of one user are in that user's chain. Those that concern every user, such
-- as a new version of a policy, are in the chain of the service itself, whose fid is 0. Migration 0026
-- validates the constraints.
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
            'message.signed', 'typed_data.signed', 'transaction.signed', 'signing.refused',
            'policy.changed'
        )
    ) not valid;

    -- Replaced by constraints that allow 0.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_fid_is_positive;

    alter table wallet_audit_log
    add constraint wallet_audit_log_only_policies_are_without_a_user check (
        fid > 0 or (fid = 0 and action = 'policy.changed')
    ) not valid;

    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_heads drop constraint wallet_audit_heads_fid_is_positive;

    alter table wallet_audit_heads add constraint wallet_audit_heads_fid_is_not_negative check (
        fid >= 0
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there may be entries that record changes of policies.
do $$ begin raise exception 'migrations are forward only'; end $$;
