-- name: insert_if_absent(id, name, token_hash, scopes, unrestricted, policy_id, allowed_networks, expires_at)^
-- Insert a client. No row: the name is taken, and nothing was written.
-- Safe under concurrency because the unique constraint on the name decides.
insert into api_clients as client (
    id, name, token_hash, scopes, unrestricted, policy_id, allowed_networks, expires_at
)
values (
    :id::text,
    :name::text,
    :token_hash::text,
    :scopes::text[],
    :unrestricted::boolean,
    :policy_id::uuid,
    :allowed_networks::cidr[],
    :expires_at::timestamptz
)
on conflict (name) do nothing
returning
    client.id,
    client.name,
    client.token_hash,
    client.scopes,
    client.unrestricted,
    client.policy_id,
    client.allowed_networks,
    client.created_at,
    client.expires_at,
    client.revoked_at,
    client.last_used_at,
    coalesce(client.expires_at <= now(), false) as expired,
    coalesce(client.last_used_at < now() - interval '1 minute', true) as use_is_stale;

-- name: get(id)^
-- The client with this id, also a revoked or expired one. No row: the id is unknown.
-- Answered by the primary key. Sent for every request of a client, so that a revocation takes effect at once.
select
    id,
    name,
    token_hash,
    scopes,
    unrestricted,
    policy_id,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale
from api_clients
where id = :id::text;

-- name: get_active(id)^
-- A client that may act now, with the newest version of its policy. No row: it was revoked, has expired, or is unknown.
-- If `version` is null, it has no policy, or the policy is missing.
-- Sent before a key is used, after the user's audit chain was locked: what changed during the wait applies.
-- Answered by the primary keys of both tables.
select
    client.policy_id,
    newest.version,
    newest.rules
from
    (
        select active.policy_id
        from api_clients as active
        where
            active.id = :id::text
            and active.revoked_at is null
            and coalesce(active.expires_at > clock_timestamp(), true)
    ) as client
left join
    lateral (
        select
            policy_version.version,
            policy_version.rules::text
        from policies as policy_version
        where policy_version.id = client.policy_id
        order by policy_version.version desc
        limit 1
    ) as newest
    on true;

-- name: list_page(after, size)
-- Clients by name, including revoked and expired ones, after a name. Start with an empty name.
-- Answered by the unique constraint on the name.
select
    id,
    name,
    token_hash,
    scopes,
    unrestricted,
    policy_id,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale
from api_clients
where name > :after::text
order by name
limit :size::bigint;

-- name: set_lock_timeout()!
-- Set a short lock timeout for the rest of this transaction.
-- SET LOCAL, as in deposits.set_lock_timeout().
set local lock_timeout = '100ms';

-- name: record_use(id)!
-- Record that a client is in use, at most once a minute: concurrent requests write one row version.
-- Safe under concurrency because an update that waited evaluates its condition again.
update api_clients
set last_used_at = now()
where
    id = :id::text
    and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- name: revoke(name)^
-- Revoke a client permanently. No row: there is no client of this name, or it was revoked before.
-- Safe under concurrency because an update that waited evaluates its condition again: the time of the first
-- revocation stays.
update api_clients
set revoked_at = now()
where
    name = :name::text
    and revoked_at is null
returning
    id,
    name,
    token_hash,
    scopes,
    unrestricted,
    policy_id,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale;

-- name: set_policy(name, policy_id)!
-- Assign a policy to a client, or none.
-- Sent while the audit chain of the service is locked, after get_by_name().
update api_clients
set policy_id = :policy_id::uuid
where name = :name::text;

-- name: get_by_name(name)^
-- The client of this name, also a revoked or expired one. No row: there is none.
-- Answered by the unique constraint on the name.
select
    id,
    name,
    token_hash,
    scopes,
    unrestricted,
    policy_id,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale
from api_clients
where name = :name::text;
