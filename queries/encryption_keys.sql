-- name: list_ids()
-- The ids of all secrets that this database's keys were ever sealed under: a handful of rows.
select key_id
from encryption_keys
order by key_id;

-- name: insert_if_absent(key_id, succeeds)!
-- Register a secret, either as the database's first (succeeds is null) or as the successor of a known
-- one. Nothing happens when it is known, or when another one was first: read list_ids() afterwards.
-- Safe under concurrency because a unique index allows one first secret: a second one waits for it.
insert into encryption_keys (key_id, succeeds)
values (:key_id::text, :succeeds::text)
on conflict do nothing;
