-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- PostgreSQL keeps times that no program of ours can read: infinity, before our era, beyond the year 9999. One such row
-- would stop whatever reads many, the rotation of keys and the verification of the log among them.
do $$
begin
    -- On Citus, one shard after the other, and no longer a wait for a shard than for the table.
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallets
    add constraint wallets_times_are_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
        and updated_at >= '0001-01-01 00:00:00+00'
        and updated_at <= '9999-12-31 23:59:59.999999+00'
    ) not valid;

    alter table wallet_audit_log
    add constraint wallet_audit_log_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    ) not valid;

    alter table deposits
    add constraint deposits_created_at_is_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
    ) not valid;

    alter table api_clients
    add constraint api_clients_times_are_of_our_era check (
        created_at >= '0001-01-01 00:00:00+00'
        and created_at <= '9999-12-31 23:59:59.999999+00'
        and last_used_at >= '0001-01-01 00:00:00+00'
        and last_used_at <= '9999-12-31 23:59:59.999999+00'
        and revoked_at >= '0001-01-01 00:00:00+00'
        and revoked_at <= '9999-12-31 23:59:59.999999+00'
    ) not valid;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
