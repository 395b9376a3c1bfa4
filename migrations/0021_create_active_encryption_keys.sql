-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The secrets that wallets may be sealed under. One is retired by deleting it here, which the foreign key below
-- refuses while a wallet needs it; encryption_keys remembers it for ever.
create table active_encryption_keys (
    key_id text not null,
    constraint active_encryption_keys_pkey primary key (key_id),
    constraint active_encryption_keys_are_registered
    foreign key (key_id) references encryption_keys (key_id)
);

create trigger active_encryption_keys_are_never_changed
before update on active_encryption_keys for each row execute function refuse_change();

insert into active_encryption_keys (key_id)
select key_id
from encryption_keys;

-- Not validated here, because that reads every wallet under the lock: the next migration does.
alter table wallets
add constraint wallets_key_id_is_active
foreign key (key_id) references active_encryption_keys (key_id) not valid;

-- What a later secret's processes need to verify audit entries of the secret that it succeeds: the root of that
-- secret's macs, sealed under the later one. Null for a first secret, and for those that are older than this.
alter table encryption_keys
add column sealed_audit_root text,
add constraint encryption_keys_audit_root_is_sealed check (
    sealed_audit_root ~ '^[0-9a-f]{120}$'
) not valid;

-- migrate:down

-- Forward only: undoing this migration would let a secret be retired that wallets need.
do $$ begin raise exception 'migrations are forward only'; end $$;
