-- migrate:up

set local statement_timeout = '60s';

-- What an entry stores as text in hex takes twice its bytes. New entries store the mac, the key id
-- and a request id of 32 hex digits (the form that the service generates) as bytes. Entries of 1.0.0
-- keep their text, and 1.0.0 can continue to append text while it runs beside newer code: an entry
-- has either form. The content that a mac covers is the same in both.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallet_audit_log
    add column mac_bytes bytea,
    add column key_id_bytes bytea,
    add column request_uuid uuid;

    -- 1.0.0 shows null for the request ids of newer entries.
    -- squawk-ignore ban-drop-not-null
    alter table wallet_audit_log alter column request_id drop not null;

    alter table wallet_audit_log add constraint wallet_audit_log_request_id_has_one_form check (
        num_nonnulls(request_id, request_uuid) = 1
    ) not valid;

    alter table wallet_audit_log add constraint wallet_audit_log_mac_has_one_form check (
        mac is null or mac_bytes is null
    ) not valid;

    alter table wallet_audit_log add constraint wallet_audit_log_mac_bytes_name_their_key check (
        num_nulls(mac_bytes, key_id_bytes) in (0, 2)
    ) not valid;

    alter table wallet_audit_log add constraint wallet_audit_log_mac_is_32_bytes check (
        octet_length(mac_bytes) = 32
    ) not valid;

    alter table wallet_audit_log add constraint wallet_audit_log_key_id_is_8_bytes check (
        octet_length(key_id_bytes) = 8
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: undoing this migration would destroy the macs of new entries.
do $$ begin raise exception 'migrations are forward only'; end $$;
