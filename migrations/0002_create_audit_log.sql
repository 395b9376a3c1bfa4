-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create sequence wallet_audit_log_id_seq as bigint;

-- Who created, read or was refused a private key, and in which request. An entry is written in the
-- transaction of its act. The entries of a user are a chain: an entry's id is its place in it, and
-- its mac (keyed under the secret of key_id) covers its content and everything before it. Entries
-- from before the chains have no mac.
create table wallet_audit_log (
    fid bigint not null,
    id bigint not null default nextval('wallet_audit_log_id_seq'),
    chain text not null,
    action text not null,
    actor text not null,
    request_id text not null,
    created_at timestamptz not null default now(),
    ip inet,
    reason text,
    -- The X25519 public key (base64url) that the key was encrypted to when it left.
    recipient text,
    -- Which wallet was created, or which Base Account was stored.
    address text,
    key_id text,
    mac text,
    constraint wallet_audit_log_pkey primary key (fid, id),
    constraint wallet_audit_log_fid_is_positive check (fid > 0),
    constraint wallet_audit_log_chain_is_known check (chain in ('ethereum', 'base-account')),
    constraint wallet_audit_log_actor_is_short check (length(actor) between 1 and 200),
    constraint wallet_audit_log_request_id_is_short check (length(request_id) between 1 and 64),
    constraint wallet_audit_log_action_is_known check (
        action in (
            'wallet.created', 'wallet.imported', 'base_account.set',
            'key.read', 'key.refused', 'key.exported', 'key.resealed'
        )
    ),
    constraint wallet_audit_log_reason_is_short check (length(reason) between 1 and 500),
    constraint wallet_audit_log_recipient_is_32_bytes check (
        recipient ~ '^[A-Za-z0-9_-]{43}$'
    ),
    constraint wallet_audit_log_address_is_an_ethereum_address check (
        address ~ '^0x[0-9a-fA-F]{40}$'
    ),
    constraint wallet_audit_log_mac_is_hmac_sha256 check (mac ~ '^[0-9a-f]{64}$'),
    constraint wallet_audit_log_mac_names_its_key check (num_nulls(mac, key_id) in (0, 2)),
    constraint wallet_audit_log_key_id_is_16_hex_digits check (key_id ~ '^[0-9a-f]{16}$'),
    constraint wallet_audit_log_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

alter sequence wallet_audit_log_id_seq owned by wallet_audit_log.id;

-- Where each user's chain ends, with a mac of its own: without it nobody would notice that the last
-- entries are missing.
create table wallet_audit_heads (
    fid bigint not null,
    id bigint not null,
    mac text not null,
    constraint wallet_audit_heads_pkey primary key (fid),
    constraint wallet_audit_heads_fid_is_positive check (fid > 0),
    constraint wallet_audit_heads_mac_is_hmac_sha256 check (mac ~ '^[0-9a-f]{64}$')
);

-- audit.list_all: the whole log, newest first.
create index idx_wallet_audit_log_created_at
on wallet_audit_log (created_at, fid, id);

-- audit.list_by_user and audit.list_by_user_and_actor: a user's entries, newest first. Ids do not
-- order by time everywhere. Action and actor are in it, so that a query for some of them reads only
-- leaves of the index.
create index idx_wallet_audit_log_fid_created_at
on wallet_audit_log (fid, created_at, id, action, actor);

-- audit.list_by_actor: what one actor did, newest first.
create index idx_wallet_audit_log_actor_created_at
on wallet_audit_log (actor, created_at, fid, id);

-- audit.list_by_action: one kind of act, newest first.
create index idx_wallet_audit_log_action_created_at
on wallet_audit_log (action, created_at, fid, id);

-- audit.list_by_actor_and_action: one kind of act of one actor, newest first. Both are in one text:
-- with two columns PostgreSQL chooses the index of one of them and reads past what the other one
-- excludes. Actions contain no spaces.
create index idx_wallet_audit_log_actor_action_created_at
on wallet_audit_log ((actor || ' ' || action), created_at, fid, id);

create trigger wallet_audit_log_is_never_changed
before update or delete on wallet_audit_log for each row execute function refuse_change();

create trigger wallet_audit_log_is_never_truncated
before truncate on wallet_audit_log for each statement execute function refuse_change();

create trigger wallet_audit_heads_are_never_deleted
before delete on wallet_audit_heads for each row execute function refuse_change();

create trigger wallet_audit_heads_are_never_truncated
before truncate on wallet_audit_heads for each statement execute function refuse_change();

create trigger wallet_audit_heads_only_move_on
before update on wallet_audit_heads for each row
when (new.fid <> old.fid or new.id <= old.id)
execute function refuse_change();

-- Return the time of an entry that is about to be written. If it is older than a minute, the
-- transaction is rolled back and its sender reads again: a checkpoint of the log relies on it.
create function time_of_entry(made_at timestamptz) returns timestamptz language plpgsql as $$
begin
    if made_at < clock_timestamp() - interval '1 minute' then
        raise exception 'an audit entry of over a minute ago is refused'
            using errcode = 'serialization_failure';
    end if;
    return made_at;
end
$$;

-- migrate:down

-- Forward only: undoing this migration would destroy the audit log.
do $$ begin raise exception 'migrations are forward only'; end $$;
