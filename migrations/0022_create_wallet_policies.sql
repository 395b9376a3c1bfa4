-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Which policy a user's wallet is under. The newest row applies; its policy_id is null if there is
-- none any more.
create table wallet_policies (
    fid bigint not null,
    version bigint not null,
    policy_id uuid,
    created_at timestamptz not null default now(),
    created_by text not null,
    -- Of two assignments at the same time, one is refused.
    constraint wallet_policies_pkey primary key (fid, version),
    constraint wallet_policies_fid_is_positive check (fid > 0),
    constraint wallet_policies_version_is_positive check (version > 0),
    constraint wallet_policies_created_by_is_short check (length(created_by) between 1 and 200),
    constraint wallet_policies_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- How users narrow what their own wallets may sign. The newest row applies; its rules are null if
-- there are none any more.
create table user_policies (
    fid bigint not null,
    version bigint not null,
    rules jsonb,
    created_at timestamptz not null default now(),
    constraint user_policies_pkey primary key (fid, version),
    constraint user_policies_fid_is_positive check (fid > 0),
    constraint user_policies_version_is_positive check (version > 0),
    constraint user_policies_rules_are_a_list check (jsonb_typeof(rules) = 'array'),
    constraint user_policies_rules_are_short check (length(rules::text) <= 65536),
    constraint user_policies_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

create trigger wallet_policies_are_never_changed
before update or delete on wallet_policies for each row execute function refuse_change();

create trigger wallet_policies_are_never_truncated
before truncate on wallet_policies for each statement execute function refuse_change();

create trigger user_policies_are_never_changed
before update or delete on user_policies for each row execute function refuse_change();

create trigger user_policies_are_never_truncated
before truncate on user_policies for each statement execute function refuse_change();

do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';

    if to_regclass('pg_dist_partition') is not null then
        if exists (select from pg_dist_partition where logicalrelid = 'wallets'::regclass) then
            perform create_distributed_table('wallet_policies', 'fid', colocate_with => 'wallets');
            perform create_distributed_table('user_policies', 'fid', colocate_with => 'wallets');
        end if;
    end if;
end
$$;

-- migrate:down

-- Forward only: undoing this migration would destroy the record of what wallets were allowed to sign.
do $$ begin raise exception 'migrations are forward only'; end $$;
