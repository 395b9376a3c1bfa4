-- name: list_keys()
-- All secrets that this database's keys were ever sealed under, in the order of their coming: a handful of rows.
select
    known.key_id,
    known.succeeds,
    known.sealed_audit_root,
    known.created_at,
    active.key_id is not null as active
from encryption_keys as known
left join active_encryption_keys as active
    on known.key_id = active.key_id
order by known.created_at, known.key_id;

-- name: may_register()$
-- Whether the current role may register a secret: the owner may, the role of queries/operations/roles.sql may not.
select
    has_table_privilege('encryption_keys', 'INSERT')
    and has_table_privilege('active_encryption_keys', 'INSERT') as may_register;

-- name: ask_in_turn()$
-- Have Citus ask the shards of a machine one after the other until the end of the transaction. Otherwise it asks them
-- side by side, and refuses every later write to a table of which each machine has a copy, as these here are.
-- PostgreSQL alone lets every role set this, and takes no notice.
select set_config('citus.multi_shard_modify_mode', 'sequential', true) as multi_shard_modify_mode;

-- name: insert_if_absent(key_id, succeeds, sealed_audit_root)!
-- Register a secret, either as the database's first (succeeds is null) or as the successor of a known
-- one. Nothing happens when it is known, or when another one was first: read list_keys() afterwards.
-- Safe under concurrency because a unique index allows one first secret: a second one waits for it.
insert into encryption_keys (key_id, succeeds, sealed_audit_root)
values (:key_id::text, :succeeds::text, :sealed_audit_root::text)
on conflict do nothing;

-- name: activate(key_id)!
-- Let wallets be sealed under a secret that was registered just now. Safe to repeat.
insert into active_encryption_keys (key_id)
values (:key_id::text)
on conflict (key_id) do nothing;

-- name: hold_active(key_id)^
-- Keep a secret from being retired until the end of the transaction. No row: it is not active.
-- Safe under concurrency because of the lock: of two secrets that let each other go, one sees that it was let go.
select active.key_id
from active_encryption_keys as active
where active.key_id = :key_id::text
for key share;

-- name: retire(key_id)^
-- Let no wallet be sealed under a secret any more. No row: it was not active.
-- Safe under concurrency because of the foreign key: it waits for wallets that are being sealed, and refuses while
-- there is one; a process that goes on with that secret is refused from then on.
delete from active_encryption_keys as active
where active.key_id = :key_id::text
returning active.key_id;

-- name: count_wallets()
-- How many keys are sealed under each secret. Looks at every wallet.
select
    key_id,
    count(*) as wallets
from wallets
where wallet_type = 'trading'
group by key_id
order by key_id;
