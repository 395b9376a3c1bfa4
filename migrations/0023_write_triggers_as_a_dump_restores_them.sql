-- migrate:up

set local citus.enable_unsafe_triggers = on;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The same rules as before, word by word: PostgreSQL keeps a comparison of whole rows in another shape than it gets back
-- from a dump of it, so that `db doctor` could not tell a restored trigger from an altered one.
do $$
begin
    -- On Citus, one shard after the other, and no longer a wait for a shard than for the table.
    set local citus.multi_shard_modify_mode = 'sequential';
    set local citus.propagate_set_commands = 'local';
    set local lock_timeout = '5s';

    create or replace trigger wallets_trading_identity_never_changes
    before update on wallets for each row
    when (
        old.wallet_type = 'trading'
        and (
            old.fid is distinct from new.fid
            or old.chain is distinct from new.chain
            or old.wallet_type is distinct from new.wallet_type
            or old.address is distinct from new.address
        )
    )
    execute function refuse_change();

    create or replace trigger wallets_ciphertext_changes_with_its_key_id_only
    before update on wallets for each row
    when (
        old.key_id = new.key_id
        and (
            old.encrypted_private_key is distinct from new.encrypted_private_key
            or old.iv is distinct from new.iv
            or old.scheme is distinct from new.scheme
        )
    )
    execute function refuse_change();

    create or replace trigger deposits_never_change_what_was_prepared
    before update on deposits for each row
    when (
        old.fid is distinct from new.fid
        or old.id is distinct from new.id
        or old.asset is distinct from new.asset
        or old.amount is distinct from new.amount
        or old.from_address is distinct from new.from_address
        or old.to_address is distinct from new.to_address
        or old.chain_id is distinct from new.chain_id
        or old.idempotency_key is distinct from new.idempotency_key
        or old.request_hash is distinct from new.request_hash
        or old.created_at is distinct from new.created_at
    )
    execute function refuse_change();

    create or replace trigger api_clients_change_by_use_and_revocation_only
    before update on api_clients for each row
    when (
        old.id is distinct from new.id
        or old.name is distinct from new.name
        or old.token_hash is distinct from new.token_hash
        or old.scopes is distinct from new.scopes
        or old.allowed_networks is distinct from new.allowed_networks
        or old.created_at is distinct from new.created_at
        or old.expires_at is distinct from new.expires_at
        or (old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at)
    )
    execute function refuse_change();
end
$$;

-- migrate:down

-- Forward only: there is nothing to undo.
do $$ begin raise exception 'migrations are forward only'; end $$;
