-- migrate:up

set local statement_timeout = '60s';

-- The policy of a client, which an operator may change, and the scopes for routes of policies. No
-- foreign key: the newest version of the policy applies, and no policy is ever deleted. Migration 0026
-- validates the constraints.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table api_clients add column policy_id uuid;

    -- Replaced by the next statement, which allows more.
    -- squawk-ignore ban-drop-constraint
    alter table api_clients drop constraint api_clients_scopes_are_known;

    alter table api_clients add constraint api_clients_scopes_are_known check (
        cardinality(scopes) > 0
        and scopes <@ array[
            'wallets:read', 'wallets:write', 'wallets:sign', 'keys:read', 'stats:read', 'audit:read',
            'policies:read', 'policies:write'
        ]
    ) not valid;

    alter table api_clients add constraint api_clients_with_a_policy_sign check (
        policy_id is null or 'wallets:sign' = any(scopes)
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there may be clients with the new scopes.
do $$ begin raise exception 'migrations are forward only'; end $$;
