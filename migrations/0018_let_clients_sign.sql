-- migrate:up

set local statement_timeout = '60s';

-- The scope wallets:sign, and clients whose wallets sign everything, whatever policies say. 1.0.0
-- inserts clients without the new column.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';
    set local citus.enable_unsafe_triggers = on;

    alter table api_clients add column unrestricted boolean not null default false;

    -- Replaced by the next statement, which allows more.
    -- squawk-ignore ban-drop-constraint
    alter table api_clients drop constraint api_clients_scopes_are_known;

    alter table api_clients add constraint api_clients_scopes_are_known check (
        cardinality(scopes) > 0
        and scopes <@ array[
            'wallets:read', 'wallets:write', 'wallets:sign', 'keys:read', 'stats:read', 'audit:read'
        ]
    ) not valid;

    alter table api_clients add constraint api_clients_unrestricted_ones_sign check (
        not unrestricted or 'wallets:sign' = any(scopes)
    ) not valid;

    drop trigger api_clients_change_by_use_and_revocation_only on api_clients;

    create trigger api_clients_change_by_use_and_revocation_only
    before update on api_clients for each row
    when (
        old.id is distinct from new.id
        or old.name is distinct from new.name
        or old.token_hash is distinct from new.token_hash
        or old.scopes is distinct from new.scopes
        or old.unrestricted is distinct from new.unrestricted
        or old.allowed_networks is distinct from new.allowed_networks
        or old.created_at is distinct from new.created_at
        or old.expires_at is distinct from new.expires_at
        or (old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at)
    )
    execute function refuse_change();
end
$$;

-- migrate:down

-- Forward only: there may be clients with the new scope.
do $$ begin raise exception 'migrations are forward only'; end $$;
