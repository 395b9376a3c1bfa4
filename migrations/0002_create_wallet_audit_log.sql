-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create sequence wallet_audit_log_id_seq as bigint;

-- Who got at a private key, or was refused, and in which request. Written in the transaction of the
-- act itself: no row, no key.
create table wallet_audit_log (
    fid bigint not null,
    id bigint not null default nextval('wallet_audit_log_id_seq'),
    chain text not null,
    action text not null,
    actor text not null,
    request_id text not null,
    created_at timestamptz not null default now(),
    constraint wallet_audit_log_pkey primary key (fid, id),
    constraint wallet_audit_log_fid_is_positive check (fid > 0),
    constraint wallet_audit_log_chain_is_known check (chain in ('ethereum', 'base-account')),
    constraint wallet_audit_log_actor_is_short check (length(actor) between 1 and 200),
    constraint wallet_audit_log_request_id_is_short check (length(request_id) between 1 and 64),
    constraint wallet_audit_log_action_is_known check (action in ('key.read', 'key.refused'))
);

alter sequence wallet_audit_log_id_seq owned by wallet_audit_log.id;

create trigger wallet_audit_log_is_never_changed
before update or delete on wallet_audit_log for each row execute function refuse_change();

create trigger wallet_audit_log_is_never_truncated
before truncate on wallet_audit_log for each statement execute function refuse_change();

-- migrate:down

-- Forward only: undoing this migration would destroy the audit log.
do $$ begin raise exception 'migrations are forward only'; end $$;
