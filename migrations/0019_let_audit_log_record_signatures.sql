-- migrate:up

set local statement_timeout = '60s';

-- Signatures, and refusals to sign. `details` says what was signed: method, chain id, digest and
-- effects. Its type is json, which keeps the text exactly, because a mac covers it; jsonb does not.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';
    set local citus.enable_unsafe_triggers = on;

    alter table wallet_audit_log add column details json;

    alter table wallet_audit_log add constraint wallet_audit_log_details_are_short check (
        length(details::text) between 2 and 16384
    ) not valid;

    -- Replaced by the next statement, which allows more.
    -- squawk-ignore ban-drop-constraint
    alter table wallet_audit_log drop constraint wallet_audit_log_action_is_known;

    alter table wallet_audit_log add constraint wallet_audit_log_action_is_known check (
        action in (
            'wallet.created', 'wallet.imported', 'base_account.set',
            'key.read', 'key.refused', 'key.exported', 'key.resealed', 'entries.archived',
            'message.signed', 'typed_data.signed', 'transaction.signed', 'signing.refused'
        )
    ) not valid;

    -- Signatures are uses of a key, and may be archived like the others.
    drop trigger if exists wallet_audit_log_loses_archived_key_uses_only on wallet_audit_log;

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

-- Forward only: there may be entries that record signatures.
do $$ begin raise exception 'migrations are forward only'; end $$;
