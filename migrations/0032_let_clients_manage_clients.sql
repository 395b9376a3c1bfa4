-- migrate:up

set local statement_timeout = '60s';

-- The scopes for routes of API clients, and audit entries of their creation and revocation, which are
-- in the chain of the service itself. Migration 0033 validates the constraints.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    -- Replaced by the next statement, which allows more.
    -- squawk-ignore ban-drop-constraint
    alter table api_clients drop constraint api_clients_scopes_are_known;

    alter table api_clients add constraint api_clients_scopes_are_known check (
        cardinality(scopes) > 0
        and scopes <@ array[
            'wallets:read', 'wallets:write', 'wallets:sign', 'keys:read', 'stats:read', 'audit:read',
            'policies:read', 'policies:write', 'clients:read', 'clients:write'
        ]
    ) not valid;

    -- The next statement of this transaction adds it again.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_action_is_known;

    alter table wallet_audit_log add constraint wallet_audit_log_action_is_known check (
        action in (
            'wallet.created', 'wallet.imported', 'base_account.set',
            'key.read', 'key.refused', 'key.exported', 'key.resealed', 'entries.archived',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'authorization.signed',
            'signing.refused', 'policy.changed', 'client.created', 'client.revoked'
        )
    ) not valid;

    -- Replaced by the next statement, which allows more.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_only_policies_are_without_a_user;

    alter table wallet_audit_log
    add constraint wallet_audit_log_only_changes_are_without_a_user check (
        fid > 0 or (fid = 0 and action in ('policy.changed', 'client.created', 'client.revoked'))
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there may be clients with the new scopes, and entries with the new actions.
do $$ begin raise exception 'migrations are forward only'; end $$;
