-- The rights that the service needs while it serves, and none more. Run it as the owner of the tables, after every
-- `wallet-api db upgrade`; it may be run as often as you like:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/roles.sql
--
-- Then give the rights to the role that the service connects as, which must own nothing:
--
--     create role wallet_api_web login password '…' in role wallet_api_runtime;
--
-- Migrations and commands go on as the owner. Where roles cannot be made (Heroku's smaller plans), the triggers remain,
-- which hold for the owner too.
do $$
declare
    tables_owner name := (
        select tableowner
        from pg_tables
        where schemaname = current_schema() and tablename = 'wallets'
    );
    other regrole;
begin
    if not exists (select from pg_roles where rolname = 'wallet_api_runtime') then
        create role wallet_api_runtime nologin;
    end if;
    -- Wherever search_path has the tables. Whatever an older version of this script gave is taken back first.
    execute format('revoke all on all tables in schema %I from wallet_api_runtime', current_schema());
    execute format('revoke all on all sequences in schema %I from wallet_api_runtime', current_schema());
    execute format('grant usage on schema %I to wallet_api_runtime', current_schema());
    -- A temporary table, or one in another's schema, could stand before ours. Imports, as the owner, do need one.
    execute format('revoke create on schema %I from public', current_schema());
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to %I', current_database(), tables_owner);
    -- What others create in these two could stand before what our statements name.
    execute format('revoke create on database %I from public', current_database());
    for other in
        select item.grantee
        from pg_namespace as home
        cross join aclexplode(home.nspacl) as item
        where
            home.nspname = current_schema()
            and item.privilege_type = 'CREATE'
            and item.grantee not in (0, home.nspowner)
            and not pg_has_role(tables_owner, item.grantee, 'USAGE')
    loop
        execute format('revoke create on schema %I from %s cascade', current_schema(), other);
    end loop;
    for other in
        select item.grantee
        from pg_database as around
        cross join aclexplode(around.datacl) as item
        where
            around.datname = current_database()
            and item.privilege_type = 'CREATE'
            and item.grantee not in (0, around.datdba)
            and not pg_has_role(tables_owner, item.grantee, 'USAGE')
    loop
        execute format('revoke create on database %I from %s cascade', current_database(), other);
    end loop;
end
$$;

-- Default privileges may have granted rights on our tables to others, also when a dump was restored or a table was
-- spread over partitions. Roles that can only read keep that; docs/decisions/rights-of-other-roles.md says why.
select
    found.role_name as revoked_from,
    found.relation_name as right_on
from revoke_other_rights(
    '{
        active_encryption_keys, api_clients, deposits, encryption_keys, schema_migrations,
        wallet_audit_heads, wallet_audit_log, wallets
    }'::regclass[]
) as found;

grant usage on sequence wallets_id_seq, wallet_audit_log_id_seq to wallet_api_runtime;
grant select on schema_migrations to wallet_api_runtime;

-- Everybody may, unless somebody revoked that.
grant execute on function time_of_entry(timestamptz) to wallet_api_runtime;

-- Nobody deletes, nobody truncates. What may change: a Base Account address. A sealed key may not: rotation is a
-- command, and commands go on as the owner.
grant select, insert on wallets to wallet_api_runtime;
grant update (address, updated_at) on wallets to wallet_api_runtime;

grant select, insert on wallet_audit_log, wallet_audit_heads to wallet_api_runtime;
grant update (id, mac) on wallet_audit_heads to wallet_api_runtime;
grant select, insert on deposits to wallet_api_runtime;
-- Whether another secret may seal keys is for operators to say: `wallet-api keys register`.
grant select on encryption_keys, active_encryption_keys to wallet_api_runtime;

-- Clients are made and revoked by operators.
grant select on api_clients to wallet_api_runtime;
grant update (last_used_at) on api_clients to wallet_api_runtime;
