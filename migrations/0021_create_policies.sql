-- migrate:up

-- Citus refuses triggers on distributed tables unless this is set; plain PostgreSQL ignores it.
set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What wallets may sign. A row is one version of a policy and never changes: another list of rules is
-- another version. Versions count from 1 without gaps, and the newest one applies wherever the policy
-- is assigned.
create table policies (
    id uuid not null,
    version bigint not null,
    name text not null,
    rules jsonb not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    -- Of two new versions at the same time, one is refused.
    constraint policies_pkey primary key (id, version),
    constraint policies_version_is_positive check (version > 0),
    constraint policies_name_is_short check (length(name) between 1 and 100),
    constraint policies_rules_are_a_list check (jsonb_typeof(rules) = 'array'),
    constraint policies_rules_are_short check (length(rules::text) <= 65536),
    constraint policies_created_by_is_short check (length(created_by) between 1 and 200),
    constraint policies_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- The service's own policy, which limits every client and every wallet. The newest row applies; its
-- policy_id is null if there is none any more. No foreign key, because the newest version counts, and
-- no policy is ever deleted.
create table service_policies (
    version bigint not null,
    policy_id uuid,
    created_at timestamptz not null default now(),
    created_by text not null,
    constraint service_policies_pkey primary key (version),
    constraint service_policies_version_is_positive check (version > 0),
    constraint service_policies_created_by_is_short check (length(created_by) between 1 and 200),
    constraint service_policies_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- policies.list_policies: all policies, newest first.
create index idx_policies_created_at on policies (created_at, id) where version = 1;

create trigger policies_are_never_changed
before update or delete on policies for each row execute function refuse_change();

create trigger policies_are_never_truncated
before truncate on policies for each statement execute function refuse_change();

create trigger service_policies_are_never_changed
before update or delete on service_policies for each row execute function refuse_change();

create trigger service_policies_are_never_truncated
before truncate on service_policies for each statement execute function refuse_change();

-- On a Citus cluster, a copy on each machine: a signature reads them with the rows of its user.
do $$
begin
    set local citus.multi_shard_modify_mode = 'sequential';

    if to_regclass('pg_dist_partition') is not null then
        if exists (select from pg_dist_partition where logicalrelid = 'wallets'::regclass) then
            perform create_reference_table('policies');
            perform create_reference_table('service_policies');
        end if;
    end if;
end
$$;

-- migrate:down

-- Forward only: undoing this migration would destroy the record of what wallets were allowed to sign.
do $$ begin raise exception 'migrations are forward only'; end $$;
