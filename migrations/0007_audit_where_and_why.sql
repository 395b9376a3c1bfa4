-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- From where somebody asked for a key, why, and for whose eyes (an X25519 public key, base64url: the key
-- left sealed to it). Null in rows that are older than these columns, and where there is nothing to say.
alter table wallet_audit_log
add column ip inet,
add column reason text,
add column recipient text,
add constraint wallet_audit_log_reason_is_short check (length(reason) between 1 and 500) not valid,
add constraint wallet_audit_log_recipient_is_32_bytes check (
    recipient ~ '^[A-Za-z0-9_-]{43}$'
) not valid;

-- migrate:down

-- Forward only: undoing this migration would destroy parts of the audit log.
do $$ begin raise exception 'migrations are forward only'; end $$;
