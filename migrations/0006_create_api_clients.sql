-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Other services that may call /v1, and what each may do there. The token is not kept: it is 256 random
-- bits, so that its SHA-256 is as good as it for us, and of no use to whoever reads this table.
create table api_clients (
    id text not null,
    name text not null,
    token_hash text not null,
    scopes text[] not null,
    allowed_networks cidr[],
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_clients_pkey primary key (id),
    -- The audit log names clients by it, so that it means one client for ever.
    constraint api_clients_name_is_used_once unique (name),
    constraint api_clients_name_is_a_short_word check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    constraint api_clients_id_is_16_hex_digits check (id ~ '^[0-9a-f]{16}$'),
    constraint api_clients_token_hash_is_sha256 check (token_hash ~ '^[0-9a-f]{64}$'),
    constraint api_clients_scopes_are_known check (
        cardinality(scopes) > 0
        and scopes <@ array[
            'wallets:read', 'wallets:write', 'keys:read', 'stats:read', 'audit:read'
        ]
    ),
    constraint api_clients_allowed_networks_are_some check (cardinality(allowed_networks) > 0),
    constraint api_clients_expire_after_they_began check (expires_at > created_at),
    -- Later times are not times everywhere.
    constraint api_clients_expire_before_the_year_9000 check (
        expires_at < timestamptz '9000-01-01 00:00:00+00'
    )
);

create trigger api_clients_are_never_deleted
before delete on api_clients for each row execute function refuse_change();

create trigger api_clients_are_never_truncated
before truncate on api_clients for each statement execute function refuse_change();

-- A client may be revoked, once, and used. Whoever needs other rights gets a new one.
create trigger api_clients_change_by_use_and_revocation_only
before update on api_clients for each row
when (
    (old.id, old.name, old.token_hash, old.scopes, old.allowed_networks, old.created_at, old.expires_at)
    is distinct from (
        new.id, new.name, new.token_hash, new.scopes, new.allowed_networks, new.created_at, new.expires_at
    )
    or (old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at)
)
execute function refuse_change();

-- migrate:down

-- Forward only: the audit log names these clients.
do $$ begin raise exception 'migrations are forward only'; end $$;
