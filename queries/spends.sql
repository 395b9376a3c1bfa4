-- name: open_account(fid, chain_id)!
-- Create the row of a wallet on a chain that lock_account() locks, unless it exists. Sent before the first spend of the
-- wallet on the chain: when lock_account() returned no row.
-- Safe under concurrency because the primary key decides, and idempotent.
insert into signing_accounts (fid, chain_id)
values (:fid::bigint, :chain_id::bigint)
on conflict (fid, chain_id) do nothing;

-- name: lock_account(fid, chain_id)^
-- Lock a wallet on a chain until the end of the transaction. Return the database's time after the wait. No row: send
-- open_account(), then this again.
-- Requests of one wallet that can spend are decided one after another. Sent after the user's audit chain was locked,
-- so that two transactions never deadlock.
-- Answered by the primary key.
select clock_timestamp() as now
from
    (
        select locked.fid
        from signing_accounts as locked
        where
            locked.fid = :fid::bigint
            and locked.chain_id = :chain_id::bigint
        for update
    ) as locked_account;

-- name: sum_windows(fid, windows, now)
-- Sum what a wallet spent within each window. `windows` is a JSON array of objects with number, chain_id, asset,
-- seconds, kinds, and counterparties (null: any). A spend counts from its creation until `seconds` after the end of
-- its validity.
-- Answered by idx_wallet_spends_by_asset_with_amounts, one look-up per window. Exact if the account is locked.
select
    requested.number,
    total.spent
from (
    select
        :fid::bigint as fid,
        :windows::jsonb as windows,
        :now::timestamptz as now
) as arguments
cross join
    jsonb_to_recordset(arguments.windows)
        as requested (number bigint, chain_id bigint, asset text, seconds bigint, kinds text[], counterparties text[])
cross join
    lateral (
        select coalesce(sum(spend.amount), 0) as spent
        from wallet_spends as spend
        where
            spend.fid = arguments.fid
            and spend.chain_id = requested.chain_id
            and spend.asset = requested.asset
            and spend.valid_until > arguments.now - make_interval(secs => requested.seconds)
            and spend.kind = any(requested.kinds)
            and (requested.counterparties is null or spend.counterparty = any(requested.counterparties))
    ) as total;

-- name: insert(fid, id, chain_id, asset, kind, counterparty, amount, audit_id, created_at, valid_until)!
-- Record an amount that a signature allows to leave a wallet.
-- Sent in the transaction of its audit entry, which holds the lock of lock_account().
insert into wallet_spends (
    fid,
    id,
    chain_id,
    asset,
    kind,
    counterparty,
    amount,
    audit_id,
    created_at,
    valid_until
)
values (
    :fid::bigint,
    :id::uuid,
    :chain_id::bigint,
    :asset::text,
    :kind::text,
    :counterparty::text,
    :amount::numeric,
    :audit_id::bigint,
    :created_at::timestamptz,
    :valid_until::timestamptz
);
