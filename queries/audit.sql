-- name: record_key_read(fid, chain, actor, request_id)^
-- Say that a wallet's private key is about to leave the service. No row: there is no such wallet, and
-- nothing was written. Belongs in the same transaction as the read of the key, behind it (a wallet that
-- the read saw is still there, because none is ever deleted): no row, no key.
insert into wallet_audit_log as entry (fid, chain, action, actor, request_id)
select
    wallet.fid,
    wallet.chain,
    'key.read' as action,
    :actor::text as actor,
    :request_id::text as request_id
from wallets as wallet
where
    wallet.fid = :fid::bigint
    and wallet.chain = :chain::text
    and wallet.wallet_type = 'trading'
returning entry.id;

-- name: record_key_read_from_file(fid, chain, actor, request_id)^
-- Say that the private key of a wallet that is kept in a file is about to leave the service. There is no
-- row to ask: whoever calls has read the file. No row: nothing was written, so no key.
insert into wallet_audit_log (fid, chain, action, actor, request_id)
values (:fid::bigint, :chain::text, 'key.read', :actor::text, :request_id::text)
returning id;

-- name: record_key_exports(fids, actor, request_id)
-- Say that the private keys of many users are about to leave, sealed, into files. A row for each that was
-- written: no row, no key.
insert into wallet_audit_log as entry (fid, chain, action, actor, request_id)
select
    leaving.fid,
    'ethereum' as chain,
    'key.exported' as action,
    :actor::text as actor,
    :request_id::text as request_id
from unnest(:fids::bigint[]) as leaving (fid)
returning entry.fid;

-- name: record_key_refused(fid, chain, actor, request_id)!
-- Say that somebody asked for a private key and was refused.
insert into wallet_audit_log (fid, chain, action, actor, request_id)
values (:fid::bigint, :chain::text, 'key.refused', :actor::text, :request_id::text);
