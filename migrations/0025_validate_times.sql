-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '10min';

-- Apart from the previous migration, because this reads every row, and blocks nobody meanwhile.
do $$
begin
    -- On Citus, one shard after the other, and no longer a wait for a shard than for the table.
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallets validate constraint wallets_times_are_of_our_era;

    alter table wallet_audit_log validate constraint wallet_audit_log_created_at_is_of_our_era;

    alter table deposits validate constraint deposits_created_at_is_of_our_era;

    alter table api_clients validate constraint api_clients_times_are_of_our_era;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
