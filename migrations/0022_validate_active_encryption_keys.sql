-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Apart from the previous migration, because this reads every wallet, and blocks nobody meanwhile.
do $$
begin
    -- On Citus, one shard after the other, and no longer a wait for a shard than for the table.
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    alter table wallets validate constraint wallets_key_id_is_active;

    alter table encryption_keys validate constraint encryption_keys_audit_root_is_sealed;
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
