-- name: insert_version(id, version, name, rules, created_by)^
-- Insert a version of a policy, the one after get_newest(). No row: it exists, and nothing was written.
-- Safe under concurrency because the primary key decides: of two new versions with the same number, one is inserted.
insert into policies as made (id, version, name, rules, created_by)
values (:id::uuid, :version::bigint, :name::text, :rules::jsonb, :created_by::text)
on conflict (id, version) do nothing
returning made.created_at;

-- name: get_newest(id)^
-- The newest version of a policy. No row: there is no such policy.
-- Answered by the primary key.
select
    id,
    version,
    name,
    rules::text,
    created_at,
    created_by
from policies
where id = :id::uuid
order by version desc
limit 1;

-- name: list_versions(id, before, size)
-- Versions of a policy, newest first, before a version. Start with 9223372036854775807.
-- Answered by the primary key.
select
    id,
    version,
    name,
    rules::text,
    created_at,
    created_by
from policies
where
    id = :id::uuid
    and version < :before::bigint
order by version desc
limit :size::bigint;

-- name: list_policies(before, before_id, size)
-- The newest version of each policy, the policies newest first, after a position: the time of the first version, and
-- the id. Start with ('infinity', any id).
-- Answered by idx_policies_created_at and the primary key.
select
    newest.id,
    newest.version,
    newest.name,
    newest.rules,
    newest.created_at,
    newest.created_by,
    origin.created_at as began_at
from (
    select
        initial.id,
        initial.created_at
    from policies as initial
    where
        initial.version = 1
        and (initial.created_at, initial.id) < (:before::timestamptz, :before_id::uuid)
    order by initial.created_at desc, initial.id desc
    limit :size::bigint
) as origin
cross join
    lateral (
        select
            policy_version.id,
            policy_version.version,
            policy_version.name,
            policy_version.rules::text,
            policy_version.created_at,
            policy_version.created_by
        from policies as policy_version
        where policy_version.id = origin.id
        order by policy_version.version desc
        limit 1
    ) as newest
order by origin.created_at desc, origin.id desc;

-- name: list_layers(fid)
-- The layers that apply to a signature of a user's wallet, without the policy of the client: the newest versions of the
-- policies of the service and of the wallet, and the user's own rules. Without a row, there is no such layer. If
-- `version` is null, a policy is assigned and missing.
-- Answered by the primary keys. Sent after the user's audit chain was locked, so that a change applies to the next
-- signature.
select
    assigned.layer,
    assigned.policy_id,
    newest.version,
    newest.rules
from (
    (
        select
            'service' as layer,
            service.policy_id
        from service_policies as service
        order by service.version desc
        limit 1
    )
    union all
    (
        select
            'wallet' as layer,
            wallet.policy_id
        from wallet_policies as wallet
        where wallet.fid = :fid::bigint
        order by wallet.version desc
        limit 1
    )
) as assigned
left join
    lateral (
        select
            policy_version.version,
            policy_version.rules::text
        from policies as policy_version
        where policy_version.id = assigned.policy_id
        order by policy_version.version desc
        limit 1
    ) as newest
    on true
where assigned.policy_id is not null
union all
select
    'user' as layer,
    null::uuid as policy_id,
    latest.version,
    latest.rules
from (
    select
        own.version,
        own.rules::text
    from user_policies as own
    where own.fid = :fid::bigint
    order by own.version desc
    limit 1
) as latest
where latest.rules is not null;
