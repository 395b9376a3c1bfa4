-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Each user's entries are a chain: an entry's id is its place in it, and its mac is keyed (under key_id's secret)
-- over its content and over what stood before it. Null in entries that are older than these columns.
-- The address says which wallet was made, or which Base Account was remembered.
-- Nothing is validated here, because that reads the whole log under the lock: the next migration does.
alter table wallet_audit_log
add column address text,
add column key_id text,
add column mac text,
-- squawk-ignore ban-drop-constraint
drop constraint wallet_audit_log_action_is_known,
add constraint wallet_audit_log_action_is_known check (
    action in (
        'wallet.created', 'wallet.imported', 'base_account.set',
        'key.read', 'key.refused', 'key.exported', 'key.resealed'
    )
) not valid,
add constraint wallet_audit_log_address_is_an_ethereum_address check (
    address ~ '^0x[0-9a-fA-F]{40}$'
) not valid,
add constraint wallet_audit_log_mac_is_hmac_sha256 check (mac ~ '^[0-9a-f]{64}$') not valid,
add constraint wallet_audit_log_mac_names_its_key check (
    num_nulls(mac, key_id) in (0, 2)
) not valid,
add constraint wallet_audit_log_key_id_is_16_hex_digits check (
    key_id ~ '^[0-9a-f]{16}$'
) not valid;

-- Where each user's chain ends, under a mac of its own: without it the last entries could go unnoticed.
create table wallet_audit_heads (
    fid bigint not null,
    id bigint not null,
    mac text not null,
    constraint wallet_audit_heads_pkey primary key (fid),
    constraint wallet_audit_heads_fid_is_positive check (fid > 0),
    constraint wallet_audit_heads_mac_is_hmac_sha256 check (mac ~ '^[0-9a-f]{64}$')
);

create trigger wallet_audit_heads_are_never_deleted
before delete on wallet_audit_heads for each row execute function refuse_change();

create trigger wallet_audit_heads_are_never_truncated
before truncate on wallet_audit_heads for each statement execute function refuse_change();

create trigger wallet_audit_heads_only_move_on
before update on wallet_audit_heads for each row
when (new.fid <> old.fid or new.id <= old.id)
execute function refuse_change();

-- The time of an entry that is about to be written, unless it is over a minute ago: then the transaction is undone, and
-- whoever sent it looks again. A checkpoint of the log holds for good what was made before it.
create function time_of_entry(made_at timestamptz) returns timestamptz language plpgsql as $$
begin
    if made_at < clock_timestamp() - interval '1 minute' then
        raise exception 'an audit entry of over a minute ago is refused'
            using errcode = 'serialization_failure';
    end if;
    return made_at;
end
$$;

-- Users with older entries go on behind them.
insert into wallet_audit_heads (fid, id, mac)
select
    fid,
    max(id) as id,
    repeat('0', 64) as mac
from wallet_audit_log
group by fid;

-- migrate:down

-- Forward only: undoing this migration would destroy the proof that the log is whole.
do $$ begin raise exception 'migrations are forward only'; end $$;
