-- name: list_keys()
-- All registered secrets, in the order of registration. A small table.
select
    secret.key_id,
    secret.succeeds,
    secret.sealed_audit_root,
    secret.created_at,
    active.key_id is not null as active
from encryption_keys as secret
left join active_encryption_keys as active
    on secret.key_id = active.key_id
order by secret.created_at, secret.key_id;

-- name: may_register()$
-- Whether the current role may register a secret. The owner may, the role of queries/operations/roles.sql may not.
select
    has_table_privilege('encryption_keys', 'INSERT')
    and has_table_privilege('active_encryption_keys', 'INSERT') as may_register;

-- name: query_shards_sequentially()$
-- Make Citus query the shards of a machine sequentially until the end of the transaction. After parallel queries it
-- rejects writes to reference tables, such as these.
-- PostgreSQL without Citus lets every role set this, and ignores it.
select set_config('citus.multi_shard_modify_mode', 'sequential', true) as multi_shard_modify_mode;

-- name: insert_if_absent(key_id, succeeds, sealed_audit_root)!
-- Register a secret, either as the database's first (succeeds is null) or as the successor of a registered one.
-- Nothing happens if it is registered, or if another one was first: read list_keys() afterwards.
-- Safe under concurrency because a unique index allows one first secret: a second insert waits for it.
insert into encryption_keys (key_id, succeeds, sealed_audit_root)
values (:key_id::text, :succeeds::text, :sealed_audit_root::text)
on conflict do nothing;

-- name: activate(key_id)!
-- Allow wallets to be encrypted with a registered secret. Idempotent.
insert into active_encryption_keys (key_id)
values (:key_id::text)
on conflict (key_id) do nothing;

-- name: lock_active(key_id)^
-- Prevent the retirement of a secret until the end of the transaction. No row: it is not active.
-- Safe under concurrency because of the lock: if two secrets retire each other, one sees that it was retired.
select active.key_id
from active_encryption_keys as active
where active.key_id = :key_id::text
for key share;

-- name: retire(key_id)^
-- Retire a secret, so that no wallet can be encrypted with it. No row: it was not active.
-- Safe under concurrency because of the foreign key: it waits for concurrent inserts, rejects the delete while a wallet
-- uses the secret, and rejects new wallets with it afterwards.
delete from active_encryption_keys as active
where active.key_id = :key_id::text
returning active.key_id;

-- name: count_wallets()
-- The number of keys that are encrypted with each secret. Reads every wallet.
select
    key_id,
    count(*) as wallets
from wallets
where wallet_type = 'trading'
group by key_id
order by key_id;
