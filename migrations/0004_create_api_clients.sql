-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Services that may call /v1, and what each may do there. The token is not stored. It is 256 random
-- bits, so that its SHA-256 identifies it and is useless to a reader of this table.
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
    -- The audit log names clients, so a name is never used for another client.
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
    -- Not every program can read later times.
    constraint api_clients_expire_before_the_year_9000 check (
        expires_at < timestamptz '9000-01-01 00:00:00+00'
    ),
    constraint api_clients_times_are_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
        and last_used_at >= '0001-01-01 00:00:00+00'
        and last_used_at <= '9999-12-31 23:59:59.999999+00'
        and revoked_at >= '0001-01-01 00:00:00+00'
        and revoked_at <= '9999-12-31 23:59:59.999999+00'
    )
);

create trigger api_clients_are_never_deleted
before delete on api_clients for each row execute function refuse_change();

create trigger api_clients_are_never_truncated
before truncate on api_clients for each statement execute function refuse_change();

-- A client can be used, and revoked once. For other rights, create another client.
create trigger api_clients_change_by_use_and_revocation_only
before update on api_clients for each row
when (
    old.id is distinct from new.id
    or old.name is distinct from new.name
    or old.token_hash is distinct from new.token_hash
    or old.scopes is distinct from new.scopes
    or old.allowed_networks is distinct from new.allowed_networks
    or old.created_at is distinct from new.created_at
    or old.expires_at is distinct from new.expires_at
    or (old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at)
)
execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy names that the audit log refers to.
do $$ begin raise exception 'migrations are forward only'; end $$;
