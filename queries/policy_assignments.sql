-- name: get_of_service()^
-- The newest row about the service's own policy. Its policy_id is null if the policy was removed. No row: there never
-- was a policy.
-- Answered by the primary key.
select
    version,
    policy_id
from service_policies
order by version desc
limit 1;

-- name: insert_of_service(version, policy_id, created_by)^
-- Assign a policy to the service, or none. No row: the version exists, and nothing was written.
-- Safe under concurrency because the primary key decides.
insert into service_policies as made (version, policy_id, created_by)
values (:version::bigint, :policy_id::uuid, :created_by::text)
on conflict (version) do nothing
returning made.version;

-- name: get_of_wallet(fid)^
-- The newest row about the policy of a user's wallet. Its policy_id is null if the policy was removed. No row: there
-- never was a policy.
-- Answered by the primary key.
select
    version,
    policy_id
from wallet_policies
where fid = :fid::bigint
order by version desc
limit 1;

-- name: insert_of_wallet(fid, version, policy_id, created_by)^
-- Assign a policy to a user's wallet, or none. No row: the version exists, and nothing was written.
-- Safe under concurrency because the primary key decides.
insert into wallet_policies as made (fid, version, policy_id, created_by)
values (:fid::bigint, :version::bigint, :policy_id::uuid, :created_by::text)
on conflict (fid, version) do nothing
returning made.version;

-- name: get_of_user(fid)^
-- The newest rules that a user set for their own wallet. They are null if the user removed them. No row: the user never
-- set any.
-- Answered by the primary key.
select
    version,
    rules::text,
    created_at
from user_policies
where fid = :fid::bigint
order by version desc
limit 1;

-- name: insert_of_user(fid, version, rules)^
-- Store the rules that a user sets for their own wallet, or null for none. No row: the version exists, and nothing was
-- written.
-- Safe under concurrency because the primary key decides.
insert into user_policies as made (fid, version, rules)
values (:fid::bigint, :version::bigint, :rules::jsonb)
on conflict (fid, version) do nothing
returning made.version;
