-- name: insert_if_absent(id, name, token_hash, scopes, allowed_networks, expires_at)^
-- Register a client. No row: the name was used before, and nothing was written.
-- Safe under concurrency because the unique constraint on the name decides.
insert into api_clients as client (id, name, token_hash, scopes, allowed_networks, expires_at)
values (
    :id::text,
    :name::text,
    :token_hash::text,
    :scopes::text[],
    :allowed_networks::cidr[],
    :expires_at::timestamptz
)
on conflict (name) do nothing
returning client.id;

-- name: get(id)^
-- The client with this id, revoked and expired ones too. No row: there never was one.
-- Answered by the primary key, at every request of a client, so that a revocation holds at once.
select
    id,
    name,
    token_hash,
    scopes,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale
from api_clients
where id = :id::text;

-- name: list_clients()
-- Every client there ever was, in the order of their names: a handful of rows.
select
    id,
    name,
    token_hash,
    scopes,
    allowed_networks,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    coalesce(expires_at <= now(), false) as expired,
    coalesce(last_used_at < now() - interval '1 minute', true) as use_is_stale
from api_clients
order by name;

-- name: give_up_waiting()!
-- For the rest of this transaction, fail rather than wait longer than this for another one.
-- SET LOCAL, as in deposits.give_up_waiting().
set local lock_timeout = '100ms';

-- name: record_use(id)!
-- Note that a client is in use, at most once a minute: many requests at once write one row version.
-- Safe under concurrency because a request that waited looks at the new row again.
update api_clients
set last_used_at = now()
where
    id = :id::text
    and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- name: revoke(name)^
-- End a client's rights, now and for ever. No row: there is no client of this name.
-- Safe to repeat: the first revocation stays.
update api_clients
set revoked_at = coalesce(revoked_at, now())
where name = :name::text
returning revoked_at;
