-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Apart from the previous migration, because this reads the whole log, and blocks nobody meanwhile.
alter table wallet_audit_log
validate constraint wallet_audit_log_action_is_known,
validate constraint wallet_audit_log_address_is_an_ethereum_address,
validate constraint wallet_audit_log_mac_is_hmac_sha256,
validate constraint wallet_audit_log_mac_names_its_key,
validate constraint wallet_audit_log_key_id_is_16_hex_digits;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
